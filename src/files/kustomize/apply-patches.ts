import { memberOf, recordOf } from '../../sdk/shape.ts'
import { withJsonPatch } from './json-patch.ts'
import { shapeOf } from './merge-keys.ts'
import type { Patch, UnreadPatch } from './patches.ts'
import { Refusal } from './refusal.ts'
import { identityOf, isSame, type Resource } from './resource.ts'
import { isTarget } from './selector.ts'
import { merged } from './strategic-merge.ts'
import { child, type Traced, withChild, withoutChild } from './traced.ts'

/**
 * Lays one patch of a kustomization over the objects that it is aimed at; those that it deletes leave the list. Objects
 * that it may change in a way that is not understood become unsure.
 * @throws Refusal where kustomize would refuse the patch
 */
export function applyPatch(patch: Patch | UnreadPatch, resources: Resource[], annotated: boolean): void {
  const targeted = patch.target === undefined ? undefined : targetsOf(patch.target, resources)
  for (const { resource, sure } of targeted ?? []) if (!sure) resource.unsure = true
  const targets = targeted?.flatMap(({ resource, sure }) => (sure ? [resource] : []))
  try {
    if ('refusal' in patch) throw patch.refusal
    if ('objects' in patch.content) mergeObjects(patch, patch.content.objects, targets, resources)
    else if (!targets) throw new Refusal('a JSON patch names no target')
    else for (const resource of targets) applyOperations(resource, patch.content.operations, annotated)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    for (const resource of targets ?? ('refusal' in patch ? resources : [])) resource.unsure = true
    throw error
  }
}

function targetsOf(target: unknown, resources: readonly Resource[]): { resource: Resource; sure: boolean }[] {
  return resources.flatMap((resource) => {
    const answer = isTarget(target, resource)
    return answer === false ? [] : [{ resource, sure: answer === true }]
  })
}

// Where kustomize looks for targets it keeps marks of its own in the annotations: a patch finds the map there, and what is
// empty in the end, or no map, is not written.
function applyOperations(resource: Resource, operations: Traced, annotated: boolean): void {
  const metadata = child(resource.object, 'metadata')
  const lacks = annotated && child(metadata, 'annotations').value === undefined
  const none = { value: {}, origin: metadata.origin }
  const before = lacks
    ? withChild(resource.object, 'metadata', withChild(metadata, 'annotations', none))
    : resource.object
  const object = withJsonPatch(before, operations)
  resource.remember()
  resource.object = object
  if (!annotated) return
  const after = child(object, 'metadata')
  const annotations = recordOf(child(after, 'annotations').value)
  if (!annotations || Object.keys(annotations).length === 0)
    resource.object = withChild(object, 'metadata', withoutChild(after, 'annotations'))
}

function mergeObjects(
  patch: Patch,
  objects: readonly Traced[],
  targets: readonly Resource[] | undefined,
  resources: Resource[],
): void {
  if (targets && objects.length > 1) throw new Refusal('several patches in one entry share a target')
  for (const object of objects)
    for (const resource of targets ?? [meantBy(object, resources)]) mergeObject(patch, object, resource, resources)
}

function meantBy(object: Traced, resources: readonly Resource[]): Resource {
  const identity = identityOf(object.value)
  const meant = resources.filter(({ identities }) => identities.some((known) => isSame(known, identity)))
  const [first, second] = meant
  if (second) for (const resource of meant) resource.unsure = true
  if (!first) throw new Refusal(`no object matches this patch by ${telling}`, true)
  if (second) throw new Refusal(`several objects match this patch by ${telling}`)
  return first
}

const telling = 'apiVersion, kind, name and namespace'

// Who an object is, a patch changes only where its options say so; where it lands, never.
function mergeObject(patch: Patch, object: Traced, resource: Resource, resources: Resource[]): void {
  const before = resource.object
  const { allowNameChange, allowKindChange } = patch
  if (Object.keys(object.value ?? {}).some((key) => key.startsWith('$') && key !== '$patch')) resource.unsure = true
  // Aimed at objects of several kinds, it is read as one of each.
  const own = withChild(object, 'apiVersion', child(before, 'apiVersion'))
  const after = merged(before, own, shapeOf(resource.apiVersion, resource.kind))
  if (!after || Object.keys(after.value ?? {}).length === 0) {
    resources.splice(resources.indexOf(resource), 1)
    return
  }
  if (allowNameChange || allowKindChange) resource.remember()
  resource.object = allowKindChange ? after : withChild(after, 'kind', child(before, 'kind'))
  const metadata = child(before, 'metadata')
  for (const key of allowNameChange ? ['namespace'] : ['name', 'namespace']) {
    const value = child(metadata, key)
    if (value.value !== undefined) resource.setMetadata(key, value)
    else if (memberOf(memberOf(after.value, 'metadata'), key) !== undefined)
      resource.object = withChild(resource.object, 'metadata', withoutChild(child(resource.object, 'metadata'), key))
  }
}
