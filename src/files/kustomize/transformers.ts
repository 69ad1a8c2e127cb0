import { listOf, memberOf, recordOf, stringOf } from '../../sdk/shape.ts'
import { changedImage, imageChangeOf } from './image-changes.ts'
import * as fields from './field-specs.ts'
import { Refusal } from './refusal.ts'
import { isSelected, type Resource } from './resource.ts'
import { isClusterScoped } from './cluster-scoped.ts'
import { changeField, setEntry } from './set-field.ts'
import { child, elements, type Traced } from './traced.ts'

/** Gives the objects the namespace that a kustomization names; a Namespace among them takes its name. */
export function setNamespace(kustomization: Traced, resources: readonly Resource[]): void {
  const namespace = child(kustomization, 'namespace')
  if (!stringOf(namespace.value)) return
  for (const resource of resources) {
    const { apiVersion, kind } = resource
    resource.remember()
    if (kind === 'Namespace' && apiVersion === 'v1') resource.setMetadata('name', namespace)
    else if (!isClusterScoped(apiVersion, kind)) resource.setMetadata('namespace', namespace)
  }
}

/** Puts `namePrefix` before and `nameSuffix` behind the names of the objects. */
export function setAffixes(kustomization: Traced, resources: readonly Resource[]): void {
  for (const side of ['prefixes', 'suffixes'] as const) {
    const affix = stringOf(child(kustomization, side === 'prefixes' ? 'namePrefix' : 'nameSuffix').value)
    if (!affix) continue
    for (const resource of resources) {
      const [first = resource.identity] = resource.previous
      if (keepTheirNames.some((selector) => isSelected(first, selector))) continue
      resource[side].push(affix)
      resource.remember()
      const { origin } = child(child(resource.object, 'metadata'), 'name')
      const name = side === 'prefixes' ? `${affix}${resource.name}` : `${resource.name}${affix}`
      resource.setMetadata('name', { value: name, origin })
    }
  }
}

const keepTheirNames = [
  { kind: 'CustomResourceDefinition' },
  { kind: 'APIService', group: 'apiregistration.k8s.io' },
  { kind: 'Namespace' },
]

/** Adds the labels of `labels` and `commonLabels`, and where they say so to templates and to what selects by them. */
export function addLabels(kustomization: Traced, resources: readonly Resource[]): void {
  for (const entry of elements(child(kustomization, 'labels'))) {
    const is = (key: string) => memberOf(entry.value, key) === true
    const builtin = is('includeSelectors')
      ? fields.selectorLabels
      : is('includeTemplates')
        ? fields.templateLabels
        : fields.ownLabels
    addEntries(child(entry, 'pairs'), [...specsIn(memberOf(entry.value, 'fields')), ...builtin], resources)
  }
  addEntries(child(kustomization, 'commonLabels'), fields.selectorLabels, resources)
}

export function addAnnotations(kustomization: Traced, resources: readonly Resource[]): void {
  addEntries(child(kustomization, 'commonAnnotations'), fields.annotations, resources)
}

function addEntries(map: Traced, specs: readonly fields.FieldSpec[], resources: readonly Resource[]): void {
  for (const key of Object.keys(recordOf(map.value) ?? {}))
    for (const resource of resources) for (const spec of specs) setEntry(resource, spec, key, child(map, key))
}

function specsIn(list: unknown): fields.FieldSpec[] {
  return listOf(list).map((entry) => ({
    kind: stringOf(memberOf(entry, 'kind')),
    group: stringOf(memberOf(entry, 'group')),
    version: stringOf(memberOf(entry, 'version')),
    path: fields.pathOf(stringOf(memberOf(entry, 'path')) ?? ''),
    create: memberOf(entry, 'create') === true,
  }))
}

/**
 * Sets the counts of `replicas`.
 * @throws Refusal where no workload has the name
 */
export function setReplicas(entry: Traced, resources: readonly Resource[]): void {
  const name = stringOf(memberOf(entry.value, 'name')) ?? ''
  const count = child(entry, 'count')
  const matching = fields.replicas.flatMap((spec) =>
    resources
      .filter(({ identities }) => identities.some((identity) => identity.name === name && isSelected(identity, spec)))
      .map((resource) => ({ resource, spec })),
  )
  if (matching.length === 0) throw new Refusal('no workload has the name of this entry of replicas', true)
  for (const { resource, spec } of matching)
    changeField(resource, spec, count.origin, () => ({ ...count, value: count.value ?? 0 }))
}

/** Changes the images that an entry of `images` names. */
export function setImages(entry: Traced, resources: readonly Resource[]): void {
  const change = imageChangeOf(entry.value)
  if (!change) return
  const decisive = ['newTag', 'digest', 'tagSuffix', 'newName'].find((key) => memberOf(entry.value, key) !== undefined)
  const { origin } = decisive === undefined ? entry : child(entry, decisive)
  const set = (image: Traced): Traced =>
    typeof image.value === 'string' ? { value: changedImage(image.value, change), origin } : image
  for (const resource of resources)
    if (resource.kind !== 'CustomResourceDefinition')
      for (const path of imagePaths) changeField(resource, { path, create: false }, origin, set)
}

const imagePaths = ['spec', 'spec/template/spec', 'template/spec', 'spec/jobTemplate/spec/template/spec'].flatMap(
  (podSpec) =>
    ['containers[]/image', 'initContainers[]/image', 'volumes[]/image/reference'].map((path) =>
      fields.pathOf(`${podSpec}/${path}`),
    ),
)
