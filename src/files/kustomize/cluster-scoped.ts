/**
 * Kinds that kustomize gives no namespace: those that its Kubernetes schema (1.21) knows to have none. Any other kind
 * that has none in a cluster, it gives one all the same.
 */
export function isClusterScoped(apiVersion: string, kind: string): boolean {
  return scopes.get(kind)?.includes(apiVersion) ?? false
}

const versions = (group: string, ...names: readonly string[]) => names.map((name) => `${group}/${name}`)
const admission = versions('admissionregistration.k8s.io', 'v1', 'v1beta1')
const rbac = versions('rbac.authorization.k8s.io', 'v1', 'v1beta1')
const storage = versions('storage.k8s.io', 'v1', 'v1beta1')
const flowControl = versions('flowcontrol.apiserver.k8s.io', 'v1beta1')

const scopes: ReadonlyMap<string, readonly string[]> = new Map([
  ['APIService', versions('apiregistration.k8s.io', 'v1', 'v1beta1')],
  ['CertificateSigningRequest', versions('certificates.k8s.io', 'v1', 'v1beta1')],
  ['ClusterRole', rbac],
  ['ClusterRoleBinding', rbac],
  ['ComponentStatus', ['v1']],
  ['CSIDriver', storage],
  ['CSINode', storage],
  ['CustomResourceDefinition', versions('apiextensions.k8s.io', 'v1', 'v1beta1')],
  ['FlowSchema', flowControl],
  ['IngressClass', versions('networking.k8s.io', 'v1', 'v1beta1')],
  ['MutatingWebhookConfiguration', admission],
  ['Namespace', ['v1']],
  ['Node', ['v1']],
  ['PersistentVolume', ['v1']],
  ['PodSecurityPolicy', ['policy/v1beta1']],
  ['PriorityClass', versions('scheduling.k8s.io', 'v1', 'v1beta1')],
  ['PriorityLevelConfiguration', flowControl],
  ['RuntimeClass', versions('node.k8s.io', 'v1', 'v1beta1')],
  ['StorageClass', storage],
  ['ValidatingWebhookConfiguration', admission],
  ['VolumeAttachment', storage],
])
