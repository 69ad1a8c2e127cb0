import { templateKinds } from '../sdk/kinds.ts'
import type { KindName } from '../sdk/objects.ts'
import { containersOf, podSpecOf } from '../sdk/pod-specs.ts'
import { memberOf } from '../sdk/shape.ts'

const workloads: ReadonlySet<KindName> = new Set<KindName>([...templateKinds, 'Pod'])

/**
 * True for a workload that can only be a patch: it has no selector, and no container names an image. No API server
 * takes such an object, while kustomize patches look like that.
 */
export function isPartial(kind: KindName, object: unknown): boolean {
  if (!workloads.has(kind) || memberOf(memberOf(object, 'spec'), 'selector') !== undefined) return false
  const view = podSpecOf(kind, object)
  return !view || containersOf(view).every(({ container }) => memberOf(container, 'image') === undefined)
}
