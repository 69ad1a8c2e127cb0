/**
 * What a rule finds on one of two objects alone, and why: `rule reason: kind judged, then kind that comes last`. Where the
 * webhook is never asked about the one that comes last (Nodes, Namespaces, …), or does not hold the other (Pods, …), no
 * rule has a say, and nothing is listed.
 */
export const onlyFrom: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'The workload is what has to change, and the autoscaler is sound: the next write of the workload says it': [
      'compute-hard-anti-affinity capacity-ceiling: Deployment, then HorizontalPodAutoscaler',
      'compute-node-pinning single-zone: Deployment, then HorizontalPodAutoscaler',
      'compute-pdb-missing missing: Deployment, then HorizontalPodAutoscaler',
      'compute-single-replica single: Deployment, then HorizontalPodAutoscaler',
      'storage-rwo-shared-rollout multi-replica: Deployment, then HorizontalPodAutoscaler',
    ],
    'An autoscaler that comes later takes the replicas over and moves them into its range: nothing is wrong with it': [
      'compute-hpa-replicas-conflict fight: Deployment, then HorizontalPodAutoscaler',
      'compute-hpa-replicas-conflict out-of-range: Deployment, then HorizontalPodAutoscaler',
    ],
    'What sends to the workload is sound, and comes before it or is no reason to hold it up: a fault of the workload': [
      'compute-pdb-missing missing: Deployment, then Service',
      'compute-pdb-missing missing: Rollout, then Service',
      'compute-single-replica single: Deployment, then Service',
      'compute-single-replica single: Rollout, then Service',
      'compute-single-replica single: StatefulSet, then Service',
      'network-readiness-probe-missing missing-exposed: Deployment, then Ingress',
      'network-rollout-drain-gap grace-lt-deregistration: Deployment, then Ingress',
      'network-rollout-drain-gap grace-lt-deregistration: Deployment, then Service',
      'network-rollout-drain-gap no-prestop: Deployment, then Service',
    ],
    'The pods are those of the Rollout: the Deployment whose template they have is sound, or is told of in its place': [
      'compute-pdb-missing missing: Rollout, then Deployment',
      'compute-pdb-overlap overlap: Rollout, then Deployment',
      'compute-pdb-overlap overlap: Rollout, then PodDisruptionBudget',
      'compute-single-replica single: Rollout, then Deployment',
    ],
    'The workload is sound, and what is written on the other object is the fault: its next write says it': [
      'compute-pdb-unhealthy-policy desired-zero: PodDisruptionBudget, then Deployment',
      'network-nodeport-local-blackhole few-endpoints: Service, then Deployment',
      'network-nodeport-local-blackhole internal-local: Service, then Deployment',
      'network-policy-blocks-lb blocked: Ingress, then Deployment',
      'network-policy-blocks-lb blocked: NetworkPolicy, then Deployment',
      'network-policy-blocks-lb blocked: Service, then Deployment',
      'network-service-port-unresolvable headless-port: Service, then Deployment',
    ],
    'Something in the Ingress is the fault: with the Service nothing is wrong': [
      'network-ingress-backend-missing port: Ingress, then Service',
      'network-lb-health-check-mismatch agic-path: Ingress, then Service',
      'network-lb-health-check-mismatch timing: Ingress, then Service',
    ],
    'A LimitRange that comes later is a default of the namespace, not a mistake of it: the workload has to say more': [
      'compute-overcommit-ratio memory: Deployment, then LimitRange',
    ],
    'What is left of a quota is that of one moment, and a new quota has used nothing': [
      'compute-quota-unspecified exhausted: Deployment, then ResourceQuota',
    ],
    'The other object is a witness and has what this one lacks': [
      'identity-pull-secret-missing private-registry: Deployment, then DaemonSet',
      'identity-pull-secret-redundant redundant: ServiceAccount, then Deployment',
      'network-ingress-backend-missing mirror-missing: HTTPRoute, then Service',
      'network-ingress-backend-missing not-granted: GRPCRoute, then Service',
      'network-ingress-backend-missing not-granted: HTTPRoute, then Service',
      'network-service-port-unresolvable named-port-partial: Deployment, then Deployment',
      'network-service-port-unresolvable named-port-partial: Service, then Deployment',
    ],
    'The account is sound: the workload has to drop its keys, or needs a token of the cloud': [
      'identity-role-mapping-missing unmapped: Deployment, then ServiceAccount',
      'identity-static-credential-ref shadows-role: Deployment, then ServiceAccount',
    ],
    'The last match is taken away by an update: a Service that comes after it has no match, which is found as such': [
      'network-service-selector-no-match last-match: Deployment, then Service',
    ],
    'The claim itself has the fault and is refused for it': [
      'storage-pvc-immediate-class existing-claim: Deployment, then PersistentVolumeClaim',
      'storage-pvc-immediate-class several-claims: Deployment, then PersistentVolumeClaim',
    ],
    'The class was let in for volumes that every node reaches; its claims say it once one of a node stands beside them':
      ['storage-immediate-binding node-local: StorageClass, then PersistentVolume'],
    'An Immediate class is itself judged when it comes: one cause gets one finding': [
      'storage-pvc-immediate-class existing-claim: Deployment, then StorageClass',
      'storage-pvc-immediate-class immediate: Deployment, then StorageClass',
      'storage-pvc-immediate-class immediate: PersistentVolumeClaim, then StorageClass',
      'storage-pvc-immediate-class immediate: StatefulSet, then StorageClass',
      'storage-pvc-immediate-class one-node: PersistentVolumeClaim, then StorageClass',
      'storage-pvc-immediate-class one-zone: PersistentVolumeClaim, then StorageClass',
      'storage-pvc-immediate-class several-claims: Deployment, then StorageClass',
      'storage-pvc-immediate-class single-zone-class: PersistentVolumeClaim, then StorageClass',
      'storage-pvc-immediate-class unknown: PersistentVolumeClaim, then StorageClass',
    ],
    'Classes and volumes are there before what uses them, and sound by themselves: the next write of the user says it':
      [
        'compute-quota-unspecified claims: StatefulSet, then StorageClass',
        'storage-class-missing no-volume: PersistentVolumeClaim, then StorageClass',
        'storage-rwo-shared-rollout multi-replica-apart: Deployment, then StorageClass',
        'storage-rwo-shared-rollout multi-replica: Deployment, then StorageClass',
        'storage-rwo-shared-rollout multi-replica: PersistentVolumeClaim, then StorageClass',
        'storage-rwo-shared-rollout multi-replica: Rollout, then StorageClass',
        'storage-rwo-shared-rollout surge: Deployment, then PersistentVolume',
        'storage-rwo-shared-rollout surge: Deployment, then StorageClass',
        'storage-scheduler-bypass waits: Deployment, then PersistentVolumeClaim',
        'storage-scheduler-bypass waits: Deployment, then StorageClass',
        'storage-scheduler-bypass waits: StatefulSet, then StorageClass',
        'storage-zone-conflict class-vs-pod: Deployment, then StorageClass',
        'storage-zone-conflict class-vs-pod: StatefulSet, then StorageClass',
      ],
    'Two LimitRanges that disagree are told of, whatever is in the namespace: that needs no workload': [
      'compute-limitrange-conflict ambiguous-limitrange: Deployment, then LimitRange',
    ],
    'An update of the budget that leaves it as bad as it was has a reason of its own: nothing was worse before a workload came':
      [
        'compute-pdb-deadlock still-blocked: PodDisruptionBudget, then Deployment',
        'compute-pdb-unscalable-owner still-blocked: PodDisruptionBudget, then DaemonSet',
      ],
    'The claim was bound before its volume went: nobody creates it in that state': [
      'storage-claim-missing volume-gone: Deployment, then PersistentVolumeClaim',
      'storage-claim-missing volume-gone: StatefulSet, then PersistentVolumeClaim',
    ],
  }).flatMap(([why, pairs]) => pairs.map((pair) => [pair, why])),
)

/** The rules of which no pair of objects can show the other side, and why. */
export const oneSidedRules: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Nodes decide, and nobody is asked before a Node comes': [
      'compute-hard-topology-spread',
      'compute-quantity-suspicious',
      'compute-request-exceeds-node',
      'observability-zone-source',
      'storage-allowed-topologies-unsatisfiable',
      'storage-pv-missing-node-affinity',
    ],
    'Something is missing, and what comes last mends it': [
      'compute-hpa-target-missing',
      'compute-pdb-selector',
      'compute-reference-missing',
      'identity-service-account-missing',
    ],
    'The object is at fault by itself, and what comes beside it can only excuse it or make it worse': [
      'compute-cpu-limit',
      'compute-do-not-evict',
      'compute-memory-limit-required',
      'compute-requests-required',
      'identity-automount-default-sa',
      'identity-imds-dependency',
      'observability-context-env',
    ],
    'It asks for Secrets, of which a webhook holds none': ['identity-legacy-sa-token'],
    'It judges Pods, of which a webhook holds none': ['identity-injection-missing'],
  }).flatMap(([why, rules]) => rules.map((rule) => [rule, why])),
)

/** Why the other object is never told by a rule, or undefined where nothing is listed. */
export function whyOneSided(rule: string): string | undefined {
  const [pair] = [...onlyFrom].find(([pair]) => pair.startsWith(`${rule} `)) ?? []
  return oneSidedRules.get(rule) ?? (pair === undefined ? undefined : onlyFrom.get(pair))
}
