import {
  containersLimit,
  containersRequest,
  effectiveResources,
  isPodLevel,
  type ContainerResources,
} from './effective-resources.ts'
import { unknown, type Unknown } from './inventory.ts'
import { brief } from './names.ts'
import { podSpecOf } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { compareQuantities, formatQuantity, type Quantity } from './quantities.ts'
import { typedValues, valueOf, type ResourceValues } from './resource-values.ts'
import { memberOf, recordOf } from './shape.ts'

/** Containers that together, or one of them, want more than their pod as a whole has. */
export interface PodLevelConflict {
  readonly path: string
  readonly message: string
  readonly fix: string
  /** True where the API server takes the object and refuses the pods that are made of it. */
  readonly later: boolean
}

/**
 * What validatePodResourceConsistency (pkg/apis/core/validation) refuses of pod-level resources. A template is judged
 * as it is typed; a pod after its requests are filled in, those of containers from their limits and its own from what
 * its containers request (SetDefaults_Pod, defaultPodRequests). LimitRanges only add to what is requested.
 */
export function* podLevelConflicts(kind: string, object: object): Generator<PodLevelConflict, void, undefined> {
  const view = podSpecOf(kind, object)
  // Of a Windows pod the API server takes no pod-level resources at all.
  if (!view?.spec.resources || memberOf(view.spec.os, 'name') === 'windows') return
  const requests = typedValues(memberOf(view.spec.resources, 'requests'))
  const limits = typedValues(memberOf(view.spec.resources, 'limits'))
  const { containers } = effectiveResources(view)
  // Only in a pod are requests filled in before it is judged.
  const judged = kind === 'Pod' ? containers : containers.map(asTyped)
  for (const resource of resourcesOf(view.spec.resources)) {
    const holder = { path: view.path, containers, resource, limit: known(limits, resource) }
    const refused = [
      ...aboveTogether(holder, 'requests', containersRequest(judged, resource), known(requests, resource)),
      ...(resource.startsWith('hugepages-')
        ? aboveTogether(holder, 'limits', containersLimit(containers, resource), holder.limit)
        : []),
      ...aboveLimit(holder),
    ]
    yield* refused
    if (refused.length === 0) yield* filledIn(holder, kind, valueOf(requests, resource)?.quantity)
  }
}

interface Holder {
  /** Of the pod spec. */
  readonly path: string
  readonly containers: readonly ContainerResources[]
  readonly resource: string
  /** Of the pod as a whole. */
  readonly limit: Quantity | undefined
}

function* aboveTogether(
  { path, resource }: Holder,
  field: 'requests' | 'limits',
  together: Quantity | Unknown | undefined,
  ofPod: Quantity | undefined,
): Generator<PodLevelConflict, void, undefined> {
  if (!ofPod || !isAbove(together, ofPod)) return
  const key = brief(resource, 32)
  yield {
    path: path + pointer('resources', field, resource),
    message: `pod ${field}.${key} ${formatQuantity(ofPod)} must be greater than or equal to aggregate container ${field} of ${formatQuantity(together)}`,
    fix: `set ${field}.${key} of the pod to ${formatQuantity(together)} or more, or lower those of its containers`,
    later: false,
  }
}

function* aboveLimit({ containers, resource, limit }: Holder): Generator<PodLevelConflict, void, undefined> {
  for (const { name, path, class: role, limits } of containers) {
    const own = known(limits, resource)
    // Neither init containers nor sidecars are looked at there.
    if (!limit || role !== 'main' || !isAbove(own, limit)) continue
    const key = brief(resource, 32)
    yield {
      path: path + pointer('resources', 'limits', resource),
      message: `container ${name} limits.${key} ${formatQuantity(own)} must be less than or equal to pod limits of ${formatQuantity(limit)}`,
      fix: `lower it, or set limits.${key} of the pod to ${formatQuantity(own)} or more`,
      later: false,
    }
  }
}

function* filledIn(
  { path, containers, resource, limit }: Holder,
  kind: string,
  request: Quantity | Unknown | undefined,
): Generator<PodLevelConflict, void, undefined> {
  const asked = containersRequest(containers, resource)
  const most = request ?? limit
  if (!most || most === unknown || !isAbove(asked, most)) return
  const [field, has] = request ? ['requests', 'requests'] : ['limits', 'may use']
  const key = brief(resource, 32)
  yield {
    path: path + pointer('resources', field, resource),
    message: `the containers request ${formatQuantity(asked)} of ${key} together, and the pod as a whole ${has} ${formatQuantity(most)}`,
    fix: `set ${field}.${key} of the pod to ${formatQuantity(asked)} or more, or lower requests.${key} of its containers`,
    later: kind !== 'Pod',
  }
}

function isAbove(amount: Quantity | Unknown | undefined, bound: Quantity): amount is Quantity {
  return amount !== undefined && amount !== unknown && compareQuantities(amount, bound) > 0
}

function known(values: ResourceValues, resource: string): Quantity | undefined {
  const quantity = valueOf(values, resource)?.quantity
  return quantity === unknown ? undefined : quantity
}

function asTyped(container: ContainerResources): ContainerResources {
  return { ...container, requests: typedValues(memberOf(container.container.resources, 'requests')) }
}

// More than there are sizes of pages; each is looked for in every container.
const maxResources = 16

function resourcesOf(resources: unknown): readonly string[] {
  const keys = ['requests', 'limits'].flatMap((field) => Object.keys(recordOf(memberOf(resources, field)) ?? {}))
  return [...new Set(keys.filter(isPodLevel))].slice(0, maxResources)
}
