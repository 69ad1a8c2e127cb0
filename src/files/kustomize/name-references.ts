import { stringOf } from '../../sdk/shape.ts'
import { type FieldSpec, pathOf } from './field-specs.ts'
import { isSelected, type KindSelector, type Resource } from './resource.ts'
import { changeField } from './set-field.ts'
import { child, elements, listFrom, type Traced, withChild } from './traced.ts'

/**
 * Renames what objects call each other after the objects themselves have new names, in the fields that kustomize knows
 * (its builtinpluginconsts) and that are of kinds which a rule knows. Anything else that names an object, it leaves.
 */
export function renameReferences(resources: readonly Resource[]): void {
  const known = new Map<string, Resource[]>()
  for (const resource of resources)
    for (const name of new Set(resource.previous.map((before) => before.name)))
      known.set(name, [...(known.get(name) ?? []), resource])
  if (known.size === 0) return
  for (const referrer of resources) {
    const [first = referrer.identity] = referrer.previous
    for (const { target, field } of references) {
      if (!isSelected(first, field)) continue
      const meant = (name: string, namespace?: string) => {
        const candidates = (known.get(name) ?? []).filter((resource) => mayBeMeant(resource, referrer, target))
        return meantBy(referrer, namespace === undefined ? candidates : inNamespace(namespace, candidates))
      }
      changeField(referrer, field, referrer.object.origin, (node) => renamed(node, meant))
    }
  }
}

interface Reference {
  readonly target: KindSelector
  readonly field: FieldSpec
}

type Meant = (name: string, namespace?: string) => Resource | undefined

function mayBeMeant({ previous, identity }: Resource, referrer: Resource, target: KindSelector): boolean {
  const { namespace } = referrer.identity
  if (!previous.some((before) => isSelected(before, target))) return false
  return identity.namespace === undefined || namespace === undefined || identity.namespace === namespace
}

function renamed(node: Traced, meant: Meant): Traced {
  if (Array.isArray(node.value))
    return listFrom(
      elements(node).map((element) => renamed(element, meant)),
      node.origin,
    )
  if (typeof node.value === 'string') return { ...node, value: meant(node.value)?.name ?? node.value }
  // A reference with a namespace of its own, such as that of a webhook to its Service.
  const [name, namespace] = [child(node, 'name'), child(node, 'namespace')]
  if (typeof name.value !== 'string') return node
  const resource = meant(name.value, stringOf(namespace.value))
  if (!resource) return node
  const result = withChild(node, 'name', { ...name, value: resource.name })
  return resource.namespace === ''
    ? result
    : withChild(result, 'namespace', { ...namespace, value: resource.namespace })
}

function inNamespace(namespace: string, candidates: readonly Resource[]): readonly Resource[] {
  const began = candidates.filter(({ previous: [first] }) => first?.namespace === namespace)
  return began.length > 0 ? began : candidates.filter(({ identity }) => identity.namespace === namespace)
}

// Of several that once had the name, the one that went through the same kustomizations (nameref selectReferral).
function meantBy(referrer: Resource, named: readonly Resource[]): Resource | undefined {
  if (named.length <= 1) return named[0]
  const near = named.filter((resource) => sharesAffixes(resource, referrer, true))
  const nearest = near.length > 1 ? near.filter((resource) => sharesAffixes(resource, referrer, false)) : near
  const [first, ...others] = nearest
  if (first && others.every((other) => other.name === first.name && other.namespace === first.namespace)) return first
  if (nearest.length > 0) referrer.unsure = true
  return undefined
}

function sharesAffixes(one: Resource, other: Resource, orNone: boolean): boolean {
  return (['prefixes', 'suffixes'] as const).every((field) => {
    const [a, b] = [one[field], other[field]]
    return (orNone && (a.length === 0 || b.length === 0)) || sharesEnd(a, b)
  })
}

function sharesEnd(one: readonly string[], other: readonly string[]): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  if (short.length === 0) return long.length === 0
  return short.every((text, index) => text === long[index + long.length - short.length])
}

const podSpecs: readonly (readonly [path: string, selector: KindSelector])[] = [
  ['spec', { kind: 'Pod' }],
  ['template/spec', { kind: 'PodTemplate' }],
  ...['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'Job', 'ReplicationController'].map(
    (kind) => ['spec/template/spec', { kind }] as const,
  ),
  ['spec/jobTemplate/spec/template/spec', { kind: 'CronJob' }],
]

const containers = ['containers', 'initContainers']
const inPods: readonly (readonly [target: KindSelector, without: readonly string[], paths: readonly string[]])[] = [
  [
    { kind: 'ConfigMap', version: 'v1' },
    ['ReplicationController'],
    [
      'volumes/configMap/name',
      'volumes/projected/sources/configMap/name',
      ...containers.map((field) => `${field}/env/valueFrom/configMapKeyRef/name`),
      ...containers.map((field) => `${field}/envFrom/configMapRef/name`),
    ],
  ],
  [
    { kind: 'Secret', version: 'v1' },
    ['ReplicationController'],
    [
      'volumes/secret/secretName',
      'volumes/projected/sources/secret/name',
      'imagePullSecrets/name',
      ...containers.map((field) => `${field}/env/valueFrom/secretKeyRef/name`),
      ...containers.map((field) => `${field}/envFrom/secretRef/name`),
    ],
  ],
  [{ kind: 'ServiceAccount', version: 'v1' }, ['PodTemplate', 'ReplicaSet'], ['serviceAccountName']],
  [
    { kind: 'PersistentVolumeClaim', version: 'v1' },
    ['PodTemplate', 'ReplicaSet'],
    ['volumes/persistentVolumeClaim/claimName'],
  ],
  [
    { kind: 'PriorityClass', version: 'v1', group: 'scheduling.k8s.io' },
    ['PodTemplate', 'ReplicaSet'],
    ['priorityClassName'],
  ],
]

const scaled = ['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'].map(
  (kind) => [{ kind }, { kind: 'HorizontalPodAutoscaler' }, ['spec/scaleTargetRef/name']] as const,
)
const service = { kind: 'Service', version: 'v1' }
const storageClass = { kind: 'StorageClass', version: 'v1', group: 'storage.k8s.io' }
const secret = { kind: 'Secret', version: 'v1' }
const admission = 'admissionregistration.k8s.io'
const elsewhere: readonly (readonly [KindSelector, KindSelector, readonly string[]])[] = [
  ...scaled,
  [service, { kind: 'StatefulSet', group: 'apps' }, ['spec/serviceName']],
  [
    service,
    { kind: 'Ingress' },
    [
      'spec/rules/http/paths/backend/serviceName',
      'spec/backend/serviceName',
      'spec/rules/http/paths/backend/service/name',
      'spec/defaultBackend/service/name',
    ],
  ],
  [service, { kind: 'MutatingWebhookConfiguration', group: admission }, ['webhooks/clientConfig/service']],
  [secret, { kind: 'Ingress' }, ['spec/tls/secretName']],
  [secret, { kind: 'ServiceAccount' }, ['imagePullSecrets/name']],
  [secret, { kind: 'PersistentVolume' }, ['spec/azureFile/secretName']],
  [{ kind: 'PersistentVolume', version: 'v1' }, { kind: 'PersistentVolumeClaim' }, ['spec/volumeName']],
  [storageClass, { kind: 'PersistentVolume' }, ['spec/storageClassName']],
  [storageClass, { kind: 'PersistentVolumeClaim' }, ['spec/storageClassName']],
  [storageClass, { kind: 'StatefulSet' }, ['spec/volumeClaimTemplates/spec/storageClassName']],
]

const reference = (target: KindSelector, selector: KindSelector, path: string): Reference => ({
  target,
  field: { ...selector, path: pathOf(path), create: false },
})

const references: readonly Reference[] = [
  ...elsewhere.flatMap(([target, selector, paths]) => paths.map((path) => reference(target, selector, path))),
  ...inPods.flatMap(([target, without, paths]) =>
    podSpecs
      .filter(([, { kind = '' }]) => !without.includes(kind))
      .flatMap(([prefix, selector]) => paths.map((path) => reference(target, selector, `${prefix}/${path}`))),
  ),
]
