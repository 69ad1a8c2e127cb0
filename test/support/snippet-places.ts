import { podKinds } from '../../src/sdk/kinds.ts'

const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const budgets = ['PodDisruptionBudget']
const templates = podKinds.filter((kind) => kind !== 'Pod')

/** What goes when the snippet of a rule is typed: its comments say so. */
export const inPlaceOf: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['compute-hard-anti-affinity', [`affinity/podAntiAffinity/${required}`]],
  ['compute-node-pinning', ['nodeName', 'nodeSelector', `affinity/nodeAffinity/${required}`]],
  ['compute-pdb-blocks-all', ['spec/minAvailable']],
  ['compute-pdb-deadlock', ['spec/minAvailable']],
  ['compute-pdb-selector', ['spec/selector']],
  ['compute-pdb-overlap', ['spec/selector']],
  ['compute-pdb-unscalable-owner', ['spec/selector']],
  ['network-service-selector-no-match', ['spec/selector']],
  ['network-ingress-backend-missing', ['backend/service/port']],
  ['storage-scheduler-bypass', ['nodeName']],
])

/** The kinds of which the snippet of a rule is a part, where the rule judges others as well. */
export const ofKinds: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['compute-hpa-metric-without-requests', podKinds],
  ['compute-limitrange-conflict', podKinds],
  ['compute-pdb-deadlock', budgets],
  ['compute-pdb-overlap', budgets],
  ['compute-pdb-unscalable-owner', budgets],
  ['compute-quantity-suspicious', podKinds],
  ['compute-quota-unspecified', podKinds],
  ['compute-rollout-deadlock', ['Deployment']],
  ['identity-pull-secret-redundant', ['ServiceAccount']],
  ['identity-workload-binding-incomplete', templates],
  ['identity-workload-binding-incomplete client-id-missing', ['ServiceAccount']],
  ['network-ingress-backend-missing', ['Ingress']],
  ['network-service-selector-no-match', ['Service']],
  ['network-service-port-unresolvable', ['Service']],
  ['network-policy-blocks-lb', ['NetworkPolicy']],
  ['network-readiness-probe-missing', podKinds],
  ['storage-default-class-ambiguous', ['StorageClass']],
  ['storage-pvc-immediate-class', ['PersistentVolumeClaim']],
])

/** Snippets that are no part of the object under review, or cannot mend it alone: by rule, reason or example, and why. */
export const elsewhere: ReadonlyMap<string, string> = new Map([
  ['compute-do-not-evict', 'a budget, and the annotation goes'],
  ['identity-configmap-cloud-credentials', 'the credential goes; another object has the role'],
  ['identity-env-cloud-credentials', 'the credential goes; another object has the role'],
  ['identity-secret-cloud-credentials', 'the credential goes; another object has the role'],
  ['identity-static-credential-ref', 'the variable goes; another object has the role'],
  ['identity-legacy-sa-token', 'the Secret goes'],
  ['identity-static-pull-secret', 'configuration of nodes'],
  ['identity-role-annotation-malformed misplaced', 'the annotation moves to another object'],
  ['identity-credential-endpoint-blocked', 'one more policy or rule; which address, its cloud says'],
  ['identity-imds-dependency host-network', 'another object, and the pod is to name it'],
  ['identity-role-mapping-missing', 'another object; which annotation, its cloud says'],
  ['network-ingress-backend-missing external-name', 'the Service changes'],
  ['network-ingress-backend-missing: a name that no port has', 'the default backend has another key'],
  ['network-ingress-backend-missing: an action that nobody wrote', 'the Service is to be made'],
  ['network-lb-health-check-mismatch gce-probe-not-inferable', 'another object, and the Service is to name it'],
  ['network-lb-health-check-mismatch: the traffic port under Local', 'it says which port besides'],
  ['network-instance-target-needs-nodeport gce', 'an annotation of the Service'],
  [
    'network-instance-target-needs-nodeport: the parameters of the class say so, whatever the annotation says',
    'the class wins over the annotation: the Service gets another type',
  ],
  ['network-instance-target-needs-nodeport: the same, by the default of its class', 'the rest of what the class says'],
  ['network-policy-blocks-lb: the load balancer of a cloud is no pod of any namespace', 'the other way, in a comment'],
  ['network-policy-blocks-lb: nobody is let in to the pods of a load balancer', 'the other way, in a comment'],
  ['network-rollout-drain-gap grace-lt-deregistration', 'an annotation of what sends to the pods'],
  [
    'network-service-port-unresolvable: only an init container has it, which has ended by then',
    'the workload changes: no port of the Service is right',
  ],
  ['network-service-port-unresolvable named-port-partial', 'the workload changes: the port is right for others'],
  ['network-service-selector-no-match: the workload is to come, or the label is wrong', 'no workload is alike'],
  ['network-service-selector-no-match: a change elsewhere in the Service', 'no workload is alike'],
  ['network-service-selector-no-match: files that hold all there is', 'no workload is alike'],
  ['observability-otel-attributes-order otel', 'the order counts, and the attribute is one of several'],
  ['storage-pv-missing-node-affinity: label and affinity name two zones', 'which of both is right, the disk says'],
  ['storage-pvc-immediate-class: a claim that names its class by the annotation of old', 'the annotation goes'],
  ['storage-reclaim-delete-stateful reclaim', 'a class of its own, for the next volumes'],
  ['storage-reclaim-delete-stateful: seen from the class, where scaling down deletes claims', 'it is the StatefulSet'],
  ['compute-pdb-overlap: the budget of an app beside one for the whole namespace', 'it is the other budget'],
  ['compute-priority-missing: an empty name is none', 'a CronJob has its template one level deeper'],
  ['compute-quantity-suspicious pods-refused', 'the sum of the containers decides'],
  ['compute-request-exceeds-node: more devices than a node has', 'it is about cpu and memory'],
  ['compute-request-exceeds-node: huge pages that no node has', 'it is about cpu and memory'],
  ['compute-requests-required: a platform that wants ephemeral storage requested', 'it is about cpu and memory'],
  ['compute-single-replica: an autoscaler may leave one', 'the autoscaler changes'],
])
