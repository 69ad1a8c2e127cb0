import { unknown, type Unknown } from './inventory.ts'
import { lastAsked } from './last-asked.ts'
import type { ContainerDefaults } from './limit-ranges.ts'
import { containersOf, type ContainerView, type PodSpecView } from './pod-specs.ts'
import { addQuantities, compareQuantities, type Quantity } from './quantities.ts'
import { typedValues, valueOf, type ResourceValues } from './resource-values.ts'
import { memberOf, recordOf } from './shape.ts'

/** What a container asks for and may use once its pod is admitted. */
export interface ContainerResources extends Pick<ContainerView, 'container' | 'path' | 'class' | 'name'> {
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
  return resourcesWith(view, defaults)
}

const resourcesWith = lastAsked((view: PodSpecView, defaults: ContainerDefaults | undefined): EffectiveResources => {
  const containers = containersOf(view)
    .filter((container) => container.class !== 'ephemeral')
    .map((container) => containerResources(container, defaults))
  const windows = memberOf(view.spec.os, 'name') === 'windows'
  const pod = windows ? { requests: [], limits: [] } : podResources(view.spec.resources, containers)
  return { containers, pod, overhead: typedValues(view.spec.overhead) }
})

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
  return together(containers, 'requests', resource)
}

/** What the containers may use together, as LimitRanger and quotas count it: only those with a limit are counted. */
export function containersLimit(
  containers: readonly ContainerResources[],
  resource: string,
): Quantity | Unknown | undefined {
  return together(containers, 'limits', resource)
}

/** True for what a pod can ask for as a whole (IsSupportedPodLevelResource). */
export function isPodLevel(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-')
}

function together(
  containers: readonly ContainerResources[],
  field: 'requests' | 'limits',
  resource: string,
): Quantity | Unknown | undefined {
  let running: Quantity | Unknown | undefined
  let sidecars: Quantity | Unknown | undefined
  let starting: Quantity | Unknown | undefined
  for (const container of containers) {
    const asked = valueOf(container[field], resource)?.quantity
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

function containerResources(view: ContainerView, defaults: ContainerDefaults | undefined): ContainerResources {
  const { container, path, class: role, name } = view
  const typed = listsOf(container.resources)
  const requests = typedValues(typed.requests).concat(typedValues(typed.limits, 'limit'))
  const limits = typedValues(typed.limits)
  // Member by member, as spreading took most of the time of the rules that ask for this.
  if (!defaults) return { container, path, class: role, name, requests, limits }
  return {
    container,
    path,
    class: role,
    name,
    requests: requests.concat(defaults.requests),
    limits: limits.concat(defaults.limits),
  }
}

function podResources(resources: unknown, containers: readonly ContainerResources[]): EffectiveResources['pod'] {
  const { requests, limits } = listsOf(resources)
  const record = recordOf(limits)
  if (record ? Object.keys(record).length === 0 : limits === undefined || limits === null) {
    return { requests: typedValues(requests), limits: [] }
  }
  const quantityOf = (resource: string) =>
    resource === 'cpu' || resource === 'memory' ? containersRequest(containers, resource) : undefined
  return {
    requests: [...typedValues(requests), { origin: 'containers', quantityOf }, ...typedValues(limits, 'limit')],
    limits: typedValues(limits),
  }
}

/** Requests and limits as typed; where `resources` itself is no object, both may hold anything. */
function listsOf(resources: unknown): { requests: unknown; limits: unknown } {
  if (resources === undefined || resources === null) return { requests: undefined, limits: undefined }
  if (!recordOf(resources)) return { requests: resources, limits: resources }
  return { requests: memberOf(resources, 'requests'), limits: memberOf(resources, 'limits') }
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
