import type { KindName } from './objects.ts'

/** Where the API server serves a kind, and how the rules speak of it. */
export interface KindInfo {
  readonly kind: KindName
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespaced: boolean
  /** The word under which a severity table addresses the kind. */
  readonly subject: SubjectWord
  /** The kind serves a `scale` subresource. */
  readonly scalable: boolean
}

/** What a severity table may distinguish. A workload of any kind is a `template`; `scale` is a request on its scale subresource. */
export type SubjectWord =
  | 'template'
  | 'pod'
  | 'scale'
  | 'autoscaler'
  | 'budget'
  | 'claim'
  | 'class'
  | 'configmap'
  | 'ingress'
  | 'limitrange'
  | 'namespace'
  | 'networkpolicy'
  | 'node'
  | 'quota'
  | 'secret'
  | 'service'
  | 'serviceaccount'
  | 'volume'
  | 'other'

type Row = readonly [group: string, version: string, resource: string, namespaced: boolean, subject: SubjectWord]

const rows: { readonly [K in KindName]: Row } = {
  BackendConfig: ['cloud.google.com', 'v1', 'backendconfigs', true, 'other'],
  ConfigMap: ['', 'v1', 'configmaps', true, 'configmap'],
  CronJob: ['batch', 'v1', 'cronjobs', true, 'template'],
  DaemonSet: ['apps', 'v1', 'daemonsets', true, 'template'],
  Deployment: ['apps', 'v1', 'deployments', true, 'template'],
  EC2NodeClass: ['karpenter.k8s.aws', 'v1', 'ec2nodeclasses', false, 'other'],
  FelixConfiguration: ['crd.projectcalico.org', 'v1', 'felixconfigurations', false, 'other'],
  GRPCRoute: ['gateway.networking.k8s.io', 'v1', 'grpcroutes', true, 'other'],
  HTTPRoute: ['gateway.networking.k8s.io', 'v1', 'httproutes', true, 'other'],
  HorizontalPodAutoscaler: ['autoscaling', 'v2', 'horizontalpodautoscalers', true, 'autoscaler'],
  IPPool: ['crd.projectcalico.org', 'v1', 'ippools', false, 'other'],
  Ingress: ['networking.k8s.io', 'v1', 'ingresses', true, 'ingress'],
  IngressClass: ['networking.k8s.io', 'v1', 'ingressclasses', false, 'other'],
  IngressClassParams: ['elbv2.k8s.aws', 'v1beta1', 'ingressclassparams', false, 'other'],
  Installation: ['operator.tigera.io', 'v1', 'installations', false, 'other'],
  Job: ['batch', 'v1', 'jobs', true, 'template'],
  LimitRange: ['', 'v1', 'limitranges', true, 'limitrange'],
  MutatingWebhookConfiguration: ['admissionregistration.k8s.io', 'v1', 'mutatingwebhookconfigurations', false, 'other'],
  Namespace: ['', 'v1', 'namespaces', false, 'namespace'],
  Network: ['operator.openshift.io', 'v1', 'networks', false, 'other'],
  NetworkPolicy: ['networking.k8s.io', 'v1', 'networkpolicies', true, 'networkpolicy'],
  Node: ['', 'v1', 'nodes', false, 'node'],
  PersistentVolume: ['', 'v1', 'persistentvolumes', false, 'volume'],
  PersistentVolumeClaim: ['', 'v1', 'persistentvolumeclaims', true, 'claim'],
  Pod: ['', 'v1', 'pods', true, 'pod'],
  PodDisruptionBudget: ['policy', 'v1', 'poddisruptionbudgets', true, 'budget'],
  PodTemplate: ['', 'v1', 'podtemplates', true, 'template'],
  PriorityClass: ['scheduling.k8s.io', 'v1', 'priorityclasses', false, 'other'],
  ReferenceGrant: ['gateway.networking.k8s.io', 'v1beta1', 'referencegrants', true, 'other'],
  ReplicaSet: ['apps', 'v1', 'replicasets', true, 'template'],
  ReplicationController: ['', 'v1', 'replicationcontrollers', true, 'template'],
  ResourceQuota: ['', 'v1', 'resourcequotas', true, 'quota'],
  Rollout: ['argoproj.io', 'v1alpha1', 'rollouts', true, 'template'],
  RuntimeClass: ['node.k8s.io', 'v1', 'runtimeclasses', false, 'other'],
  Secret: ['', 'v1', 'secrets', true, 'secret'],
  Service: ['', 'v1', 'services', true, 'service'],
  ServiceAccount: ['', 'v1', 'serviceaccounts', true, 'serviceaccount'],
  StatefulSet: ['apps', 'v1', 'statefulsets', true, 'template'],
  StorageClass: ['storage.k8s.io', 'v1', 'storageclasses', false, 'class'],
  VerticalPodAutoscaler: ['autoscaling.k8s.io', 'v1', 'verticalpodautoscalers', true, 'other'],
}

/** Kinds with a `scale` subresource that the disruption controller and the HPA can read. */
export const scalableKinds = ['Deployment', 'ReplicaSet', 'ReplicationController', 'Rollout', 'StatefulSet'] as const

/** Requests on a `scale` subresource, as targets of a policy. */
export const scaleTargets = [
  { kind: 'Deployment', subresource: 'scale', operations: ['UPDATE'] },
  { kind: 'ReplicaSet', subresource: 'scale', operations: ['UPDATE'] },
  { kind: 'ReplicationController', subresource: 'scale', operations: ['UPDATE'] },
  { kind: 'Rollout', subresource: 'scale', operations: ['UPDATE'] },
  { kind: 'StatefulSet', subresource: 'scale', operations: ['UPDATE'] },
] as const

/** Kinds that go on making pods from their template: a Job ends, and a PodTemplate makes none. */
export const lastingKinds = [
  'CronJob',
  'DaemonSet',
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'Rollout',
  'StatefulSet',
] as const

/** True for a kind whose pods end, and then make room for the next. */
export function makesEndingPods(kind: KindName): boolean {
  return kind === 'Job' || kind === 'CronJob'
}

/** Every kind whose spec holds a pod template. */
export const templateKinds = [
  'CronJob',
  'DaemonSet',
  'Deployment',
  'Job',
  'PodTemplate',
  'ReplicaSet',
  'ReplicationController',
  'Rollout',
  'StatefulSet',
] as const

/** Every kind that holds a pod spec. */
export const podKinds = [...templateKinds, 'Pod'] as const

const scalable: ReadonlySet<string> = new Set(scalableKinds)

export const kinds: ReadonlyMap<KindName, KindInfo> = new Map(
  // Object.keys types its result as string[]; the keys of `rows` are exactly the kind names.
  (Object.keys(rows) as KindName[]).map((kind) => {
    const [group, version, resource, namespaced, subject] = rows[kind]
    return [kind, { kind, group, version, resource, namespaced, subject, scalable: scalable.has(kind) }]
  }),
)

/** The kind of a group and a kind name, whatever the version; undefined where no rule knows it. */
export function findKind(group: string, kind: string): KindInfo | undefined {
  return byGroupKind.get(`${group}/${kind}`)
}

/** The kind of a group and a resource (plural); undefined where no rule knows it. */
export function findResource(group: string, resource: string): KindInfo | undefined {
  return byGroupResource.get(`${group}/${resource}`)
}

/** Group of an apiVersion: 'apps/v1' → 'apps', 'v1' → ''. */
export function groupOf(apiVersion: unknown): string {
  if (typeof apiVersion !== 'string') return ''
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

// Groups that served a kind before its present one; such objects are read by group and kind (design: old versions).
const formerGroups: readonly (readonly [string, KindName])[] = [
  ['extensions', 'DaemonSet'],
  ['extensions', 'Deployment'],
  ['extensions', 'ReplicaSet'],
  ['extensions', 'Ingress'],
  // The API server of Calico stores what it serves under this group as the custom resources of the other.
  ['projectcalico.org', 'FelixConfiguration'],
  ['projectcalico.org', 'IPPool'],
]

const byGroupKind: ReadonlyMap<string, KindInfo> = new Map([
  ...[...kinds.values()].map((info) => [`${info.group}/${info.kind}`, info] as const),
  ...formerGroups.flatMap(([group, kind]) => {
    const info = kinds.get(kind)
    return info ? [[`${group}/${kind}`, info] as const] : []
  }),
])

const byGroupResource: ReadonlyMap<string, KindInfo> = new Map(
  [...kinds.values()].map((info) => [`${info.group}/${info.resource}`, info]),
)
