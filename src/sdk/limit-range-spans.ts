import {
  containersLimit,
  containersRequest,
  effectiveResources,
  type ContainerResources,
  type EffectiveResources,
} from './effective-resources.ts'
import { unknown, type Unknown } from './inventory.ts'
import { containerDefaults, greatestDefaults } from './limit-ranges.ts'
import type { Kinds } from './objects.ts'
import type { PodSpecView } from './pod-specs.ts'
import { compareQuantities, type Quantity } from './quantities.ts'
import { typedValues, valueOf, type Origin, type ResourceValues } from './resource-values.ts'
import { memberOf } from './shape.ts'

type LimitRange = Kinds['LimitRange']

/** A value that lies between two; they are one but where several LimitRanges disagree. */
export interface Span {
  readonly least: Quantity
  readonly most: Quantity
  readonly origin: Origin
}

export type Values = (resource: string) => Span | Unknown | undefined

/** Who has requests and limits: a container, or the pod as a whole. */
export interface Holder {
  readonly name: string
  readonly path: string
  readonly requests: Values
  readonly limits: Values
}

/** The resources of a pod, each between what it gets in one order of the LimitRanges and what in another. */
export interface Spans {
  readonly containers: readonly (Holder & Pick<ContainerResources, 'class'>)[]
  readonly pod: Holder
  /** What the pod says as a whole, without what is filled in. */
  readonly typed: EffectiveResources['pod']
  /** What the containers ask for together, whatever the pod does. */
  readonly together: Values
}

/** The resources of a pod after LimitRanger, whichever LimitRange it asks first. */
export function spansOf(
  view: PodSpecView,
  ranges: readonly LimitRange[],
  uncertain: (range: LimitRange) => boolean,
): Spans {
  const least = effectiveResources(view, containerDefaults(ranges, uncertain))
  const plain = view.spec.resources ? effectiveResources(view) : least
  const most = ranges.length < 2 ? least : effectiveResources(view, greatestDefaults(ranges, uncertain))
  const between =
    (low: ResourceValues, high: ResourceValues): Values =>
    (resource) => {
      const [a, b] = [valueOf(low, resource), valueOf(high, resource)]
      if (!a || !b) return undefined
      return spanning([a.quantity, b.quantity], a.origin)
    }
  const together: Values = (resource) =>
    spanning(
      [least, most].map(({ containers }) => containersRequest(containers, resource)),
      'containers',
    )
  // Before Kubernetes 1.37 the request of the pod is filled in before the containers get theirs, since then after.
  const whole = (field: 'requests' | 'limits') => (resource: string) =>
    resource === 'cpu' || resource === 'memory'
      ? spanning(
          [plain, least, most].map(({ pod }) => valueOf(pod[field], resource)?.quantity),
          'explicit',
        )
      : undefined
  return {
    containers: least.containers.map(({ name, path, class: role, requests, limits }, index) => ({
      ...{ name, path, class: role },
      requests: between(requests, most.containers[index]?.requests ?? requests),
      limits: between(limits, most.containers[index]?.limits ?? limits),
    })),
    pod: {
      name: 'the pod',
      path: view.path,
      requests: (resource) => whole('requests')(resource) ?? together(resource),
      limits: (resource) =>
        whole('limits')(resource) ??
        spanning(
          [least, most].map(({ containers }) => containersLimit(containers, resource)),
          'containers',
        ),
    },
    typed: { requests: typedRequests(view, plain), limits: plain.pod.limits },
    together,
  }
}

function typedRequests({ spec }: PodSpecView, { pod }: EffectiveResources): ResourceValues {
  return pod.requests.length === 0 ? [] : typedValues(memberOf(spec.resources, 'requests'))
}

function spanning(
  quantities: readonly (Quantity | Unknown | undefined)[],
  origin: Span['origin'],
): Span | Unknown | undefined {
  let span: Span | undefined
  for (const quantity of quantities) {
    if (quantity === unknown) return unknown
    if (quantity === undefined) continue
    const { least, most } = span ?? { least: quantity, most: quantity }
    span = {
      least: compareQuantities(quantity, least) < 0 ? quantity : least,
      most: compareQuantities(quantity, most) > 0 ? quantity : most,
      origin,
    }
  }
  return span
}
