import type { KindSelector } from './resource.ts'

/** A field that a kustomization changes in all objects of a kind. */
export interface FieldSpec extends KindSelector {
  /** Keys that lead to it; lists on the way are entered, each element. */
  readonly path: readonly string[]
  /** Made where it is missing. */
  readonly create: boolean
}

/** A path as kustomize writes it: keys between slashes, a slash in a key behind a backslash. */
export function pathOf(path: string): string[] {
  const parts = path.replace(/^\//, '').match(/(?:\\\/|[^/])+/g) ?? []
  return parts.map((part) => part.replaceAll('\\/', '/'))
}

const spec = (path: string, selector: KindSelector = {}, create = true): FieldSpec => ({
  ...selector,
  path: pathOf(path),
  create,
})

/** Where labels and annotations of an object and of what it makes are (kustomize's builtinpluginconsts). */
function metadataOf(field: 'labels' | 'annotations'): readonly FieldSpec[] {
  const isLabels = field === 'labels'
  const template = `spec/template/metadata/${field}`
  return [
    spec(`metadata/${field}`),
    spec(template, { kind: 'ReplicationController', version: 'v1' }),
    ...['Deployment', 'ReplicaSet', 'DaemonSet'].map((kind) => spec(template, { kind })),
    spec(template, isLabels ? { kind: 'StatefulSet', group: 'apps' } : { kind: 'StatefulSet' }),
    ...(isLabels ? [spec('spec/volumeClaimTemplates[]/metadata/labels', { kind: 'StatefulSet', group: 'apps' })] : []),
    spec(template, { kind: 'Job', group: 'batch' }),
    spec(`spec/jobTemplate/metadata/${field}`, { kind: 'CronJob', group: 'batch' }),
    spec(`spec/jobTemplate/${template}`, { kind: 'CronJob', group: 'batch' }),
  ]
}

export const ownLabels: readonly FieldSpec[] = [spec('metadata/labels')]
export const templateLabels = metadataOf('labels')
export const annotations = metadataOf('annotations')

const affinity = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
  `spec/template/spec/affinity/${kind}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels`,
  `spec/template/spec/affinity/${kind}/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels`,
])
const selecting = [...affinity, 'spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels']
const network = { kind: 'NetworkPolicy', group: 'networking.k8s.io' }

/** Labels with everything that selects by them. */
export const selectorLabels: readonly FieldSpec[] = [
  spec('spec/selector', { kind: 'Service', version: 'v1' }),
  spec('spec/selector', { kind: 'ReplicationController', version: 'v1' }),
  ...['Deployment', 'ReplicaSet', 'DaemonSet'].map((kind) => spec('spec/selector/matchLabels', { kind })),
  spec('spec/selector/matchLabels', { kind: 'StatefulSet', group: 'apps' }),
  ...['Deployment', 'StatefulSet'].flatMap((kind) =>
    selecting.map((path) => spec(path, { kind, group: 'apps' }, false)),
  ),
  spec('spec/selector/matchLabels', { kind: 'Job', group: 'batch' }, false),
  spec('spec/jobTemplate/spec/selector/matchLabels', { kind: 'CronJob', group: 'batch' }, false),
  spec('spec/selector/matchLabels', { kind: 'PodDisruptionBudget', group: 'policy' }, false),
  ...['podSelector', 'ingress/from/podSelector', 'egress/to/podSelector'].map((path) =>
    spec(`spec/${path}/matchLabels`, network, false),
  ),
  ...templateLabels,
]

export const replicas: readonly FieldSpec[] = ['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'].map(
  (kind) => spec('spec/replicas', { kind }),
)
