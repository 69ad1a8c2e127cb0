import { unknown, type Unknown } from './inventory.ts'
import type { ContainerDefaults } from './limit-ranges.ts'
import { containersOf, type ContainerView, type PodSpecView } from './pod-specs.ts'
import { addQuantities, compareQuantities, type Quantity } from './quantities.ts'
import {
  noValues,
  readValues,
  valueOf,
  withDefaults,
  type ResourceValue,
  type ResourceValues,
} from './resource-values.ts'
import { memberOf, recordOf } from './shape.ts'

/** What a container asks for and may use once its pod is admitted. */
export interface ContainerResources extends ContainerView {
  readonly requests: ResourceValues
  readonly limits: ResourceValues
}

/** What a pod and its containers get. Ephemeral containers have no resources and are left out. */
export interface EffectiveResources {
  readonly containers: readonly ContainerResources[]
  /** Pod-level resources (KEP-2837): cpu, memory and hugepages of the whole pod. */
  readonly pod: { readonly requests: ResourceValues; readonly limits: ResourceValues }
  /** Added to each pod by its RuntimeClass. */
  readonly overhead: ResourceValues
}

/**
 * The resources of a pod as they will be after admission: requests from limits (SetDefaults_Pod, which does not touch
 * templates), then the defaults of the LimitRanges given, then pod-level requests (defaultPodRequests). On a Pod that
 * the API server has admitted already it changes nothing, if no defaults are given.
 */
export function effectiveResources(view: PodSpecView, defaults?: ContainerDefaults): EffectiveResources {
  const containers = containersOf(view)
    .filter((container) => container.class !== 'ephemeral')
    .map((container) => containerResources(container, defaults))
  const windows = memberOf(view.spec.os, 'name') === 'windows'
  const pod = windows ? { requests: noValues, limits: noValues } : podResources(view.spec.resources, containers)
  return { containers, pod, overhead: readValues(view.spec.overhead) }
}

/**
 * What the scheduler counts for the pod: the pod-level request where there is one, else the containers and sidecars
 * together, or an init container with the sidecars that start before it if that is more; and the overhead
 * (component-helpers/resource/helpers.go PodRequests). Undefined if nothing asks for the resource.
 */
export function podRequest(
  { containers, pod, overhead }: EffectiveResources,
  resource: string,
): Quantity | Unknown | undefined {
  const own = isPodLevel(resource) ? valueOf(pod.requests, resource)?.quantity : undefined
  const asked = own ?? containersRequest(containers, resource)
  return sum(asked, valueOf(overhead, resource)?.quantity)
}

/** What the containers ask for together, without pod-level request and overhead. */
export function containersRequest(
  containers: readonly ContainerResources[],
  resource: string,
): Quantity | Unknown | undefined {
  let running: Quantity | Unknown | undefined
  let sidecars: Quantity | Unknown | undefined
  let starting: Quantity | Unknown | undefined
  for (const container of containers) {
    const asked = valueOf(container.requests, resource)?.quantity
    if (container.class === 'main') running = sum(running, asked)
    else if (container.class === 'init') starting = greater(starting, sum(sidecars, asked))
    else {
      running = sum(running, asked)
      sidecars = sum(sidecars, asked)
      starting = greater(starting, sidecars)
    }
  }
  return greater(running, starting)
}

/** True for what a pod can ask for as a whole (IsSupportedPodLevelResource). */
function isPodLevel(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-')
}

function containerResources(view: ContainerView, defaults: ContainerDefaults | undefined): ContainerResources {
  const typed = typedResources(view.container.resources)
  const requests = withDefaults(typed.requests, typed.limits, 'limit')
  if (!defaults) return { ...view, requests, limits: typed.limits }
  return {
    ...view,
    requests: withDefaults(requests, defaults.requests),
    limits: withDefaults(typed.limits, defaults.limits),
  }
}

function podResources(resources: unknown, containers: readonly ContainerResources[]): EffectiveResources['pod'] {
  const { requests, limits } = typedResources(resources)
  if (limits.named.size === 0 && !limits.other) return { requests, limits }
  const named = new Map<string, ResourceValue>()
  for (const resource of ['cpu', 'memory']) {
    const quantity = containersRequest(containers, resource)
    if (quantity !== undefined) named.set(resource, { quantity, origin: 'containers' })
  }
  const fromContainers = withDefaults(requests, { named, other: undefined })
  return { requests: withDefaults(fromContainers, limits, 'limit'), limits }
}

function typedResources(resources: unknown): { requests: ResourceValues; limits: ResourceValues } {
  if (resources !== undefined && resources !== null && !recordOf(resources)) {
    const opaque = readValues(resources)
    return { requests: opaque, limits: opaque }
  }
  return { requests: readValues(memberOf(resources, 'requests')), limits: readValues(memberOf(resources, 'limits')) }
}

function sum(a: Quantity | Unknown | undefined, b: Quantity | Unknown | undefined): Quantity | Unknown | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a === unknown || b === unknown ? unknown : addQuantities(a, b)
}

function greater(a: Quantity | Unknown | undefined, b: Quantity | Unknown | undefined): Quantity | Unknown | undefined {
  if (a === undefined || b === undefined) return a ?? b
  if (a === unknown || b === unknown) return unknown
  return compareQuantities(a, b) >= 0 ? a : b
}
