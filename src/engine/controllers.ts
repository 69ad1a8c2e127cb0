/**
 * True for the users as which kube-controller-manager and the addon manager write. They only carry out what somebody
 * was allowed to ask for, so refusing them is the outage: the claim of a StatefulSet that was scaled up, the claim of a
 * Pod that a drain moved. By name, because other things run in kube-system too, and write what is to be judged
 * (kubernetes/cmd/kube-controller-manager/names/controller_names.go).
 */
export function isController(username: string): boolean {
  if (username === 'system:kube-controller-manager' || username === 'system:addon-manager') return true
  return username.startsWith(account) && controllers.has(username.slice(account.length))
}

const account = 'system:serviceaccount:kube-system:'

const controllers: ReadonlySet<string> = new Set([
  'cronjob-controller',
  'daemon-set-controller',
  'deployment-controller',
  'disruption-controller',
  'ephemeral-volume-controller',
  'generic-garbage-collector',
  'horizontal-pod-autoscaler',
  'job-controller',
  'namespace-controller',
  'persistent-volume-binder',
  'pv-protection-controller',
  'pvc-protection-controller',
  'replicaset-controller',
  'replication-controller',
  'resourcequota-controller',
  'root-ca-cert-publisher',
  'statefulset-controller',
  'token-cleaner',
  'tokens-controller',
  'ttl-after-finished-controller',
])
