import { unknown, type Unknown } from './inventory.ts'
import { boundsOf, defaultPathOf, type Bound } from './limit-range-bounds.ts'
import { refusedClaims } from './limit-range-claims.ts'
import { spansOf, type Holder, type Spans } from './limit-range-spans.ts'
import { verdictOf, type Refusal } from './limit-range-verdict.ts'
import { defaultsOf } from './limit-ranges.ts'
import { brief } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import { podSpecOf, type PodSpecView } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { compareQuantities, formatQuantity, type Quantity } from './quantities.ts'
import { valueOf } from './resource-values.ts'
import { listOf, memberOf, recordOf } from './shape.ts'

type LimitRange = Kinds['LimitRange']

/**
 * What LimitRanger refuses of the pods and claims of an object, or lets the validation behind it refuse by what it fills
 * in (plugin/pkg/admission/limitranger/admission.go, pkg/apis/core/validation). Only what is refused whichever of
 * several LimitRanges is asked first; of what the object says by itself the API server has the word.
 */
export function* refusals(
  kind: KindName,
  object: object,
  ranges: readonly LimitRange[],
  uncertain: (range: LimitRange) => boolean,
): Generator<Refusal | Unresolved, void, undefined> {
  if (ranges.length === 0) return
  // The list itself where it can be: what is known of it is kept.
  const certain = ranges.some(uncertain) ? ranges.filter((range) => !uncertain(range)) : ranges
  if (certain.length < ranges.length) yield unresolved('LimitRange')
  const bounds = boundsOfAll(certain)
  const view = podSpecOf(kind, object)
  if (view) yield* ofPods(view, spansOf(view, ranges, uncertain), certain, bounds)
  yield* refusedClaims(kind, object, bounds, mostComparisons)
}

/** Values that a container is given, which differ by the LimitRange that is asked first. */
export interface Ambiguity {
  readonly container: string
  readonly field: 'requests' | 'limits'
  readonly resource: string
  readonly path: string
  readonly least: Quantity
  readonly most: Quantity
}

/** What several LimitRanges leave open: the first container for each value. */
export function ambiguities(kind: KindName, object: object, ranges: readonly LimitRange[]): readonly Ambiguity[] {
  const view = ranges.length > 1 ? podSpecOf(kind, object) : undefined
  if (!view) return []
  const { containers } = spansOf(view, ranges, () => false)
  return (['limits', 'requests'] as const).flatMap((field) =>
    givenBy[field](ranges).flatMap((resource) => {
      for (const { name, path, [field]: span } of containers) {
        const value = span(resource)
        if (!value || value === unknown || value.origin !== 'limitRange') continue
        const { least, most } = value
        if (compareQuantities(least, most) === 0) return []
        return { container: name, field, resource, path: path + pointer('resources', field, resource), least, most }
      }
      return []
    }),
  )
}

function* ofPods(
  view: PodSpecView,
  spans: Spans,
  ranges: readonly LimitRange[],
  bounds: readonly Bound[],
): Generator<Refusal | Unresolved, void, undefined> {
  const given = givenBy.limits(ranges)
  // Both lists may be as long as an object may be large.
  if (spans.containers.length * (bounds.length + given.length) > mostComparisons) {
    yield unresolved('LimitRange')
    return
  }
  const told = new Set<string>()
  for (const container of spans.containers) {
    const { name, path } = container
    yield* limitsBelowRequests(container, given, ranges, bounds)
    for (const bound of bounds) {
      if (bound.type !== 'Container') continue
      const verdict = judged(bound, container)
      if (verdict === unknown) yield unresolved('value')
      if (!verdict || verdict === unknown) continue
      const place = path + pointer('resources', verdict.field, bound.resource)
      if (told.has(place)) continue
      told.add(place)
      const [seen, fix] = [`container ${name} ${verdict.seen}`, verdict.fix]
      yield {
        reason: 'range',
        path: place,
        seen,
        range: bound.range,
        rangePath: bound.path,
        ruling: verdict.ruling,
        fix,
      }
    }
  }
  for (const bound of bounds) {
    if (bound.type !== 'Pod') continue
    const verdict = judged(bound, spans.pod)
    if (verdict === unknown) yield unresolved('value')
    if (!verdict || verdict === unknown) continue
    const own = valueOf(spans.typed[verdict.field], bound.resource)
    const place = view.path + (own ? pointer('resources', verdict.field, bound.resource) : '/containers')
    const [seen, fix] = [`the pod as a whole ${verdict.seen}`, `${verdict.fix} for the containers together`]
    yield { reason: 'range', path: place, seen, range: bound.range, rangePath: bound.path, ruling: verdict.ruling, fix }
  }
  for (const resource of ['cpu', 'memory']) yield* podLevelConflicts(view, spans, resource, ranges)
}

const mostComparisons = 200_000

function judged(bound: Bound, { requests, limits }: Holder): ReturnType<typeof verdictOf> | Unknown {
  const request = requests(bound.resource)
  const limit = limits(bound.resource)
  if (request === unknown || limit === unknown || bound.amount === unknown) return unknown
  return verdictOf(bound, bound.amount, request, limit)
}

/** A limit that a LimitRange gives to a container which asks for more: validation refuses what admission made. */
function* limitsBelowRequests(
  { name, path, requests, limits }: Holder,
  given: readonly string[],
  ranges: readonly LimitRange[],
  bounds: readonly Bound[],
): Generator<Refusal, void, undefined> {
  for (const resource of given) {
    const limit = limits(resource)
    if (!limit || limit === unknown || limit.origin !== 'limitRange') continue
    const request = requests(resource)
    if (!request || request === unknown) continue
    if (compareQuantities(request.least, limit.most) <= 0) continue
    if (bounds.some((bound) => isMaxBelow(bound, resource, request.least))) continue
    const giver = giverOf(ranges, 'limits', resource)
    if (!giver) continue
    const [asked, key] = [formatQuantity(request.least), brief(resource)]
    yield {
      reason: 'default-limit-below-request',
      path: path + pointer('resources', 'limits', resource),
      seen: `container ${name} requests ${asked} of ${key} and has no limit`,
      ...giver,
      ruling: `gives it ${formatQuantity(limit.most)}`,
      fix: `set limits.${key} of ${name} to ${asked} or more`,
    }
  }
}

/** True for a maximum below a request: that is what has to change, and a higher limit would be refused too. */
function isMaxBelow({ type, field, resource, amount }: Bound, asked: string, request: Quantity): boolean {
  if (type !== 'Container' || field !== 'max' || resource !== asked || amount === unknown) return false
  return compareQuantities(request, amount) > 0
}

/** What a LimitRange gives to containers, above what the pod as a whole may have (validatePodResourceConsistency). */
function* podLevelConflicts(
  { path }: PodSpecView,
  { containers, typed, together }: Spans,
  resource: string,
  ranges: readonly LimitRange[],
): Generator<Refusal, void, undefined> {
  const podLimit = valueOf(typed.limits, resource)?.quantity
  const limitGiver = podLimit === undefined || podLimit === unknown ? undefined : giverOf(ranges, 'limits', resource)
  if (limitGiver && podLimit !== undefined && podLimit !== unknown) {
    for (const { name, path, class: role, limits } of containers) {
      const limit = limits(resource)
      if (role !== 'main' || !limit || limit === unknown || limit.origin !== 'limitRange') continue
      if (compareQuantities(limit.least, podLimit) <= 0) continue
      yield {
        reason: 'pod-level-conflict',
        path: path + pointer('resources', 'limits', resource),
        seen: `container ${name} has no ${resource} limit, and the pod one of ${formatQuantity(podLimit)}`,
        ...limitGiver,
        ruling: `gives the container ${formatQuantity(limit.least)}`,
        fix: `set limits.${resource} of ${name} to ${formatQuantity(podLimit)} or less`,
      }
    }
  }
  const podRequest = valueOf(typed.requests, resource)?.quantity ?? podLimit
  // Of most pods nothing is said as a whole.
  if (podRequest === undefined || podRequest === unknown) return
  const requestGiver = giverOf(ranges, 'requests', resource)
  const isGiven = containers.some(({ requests }) => {
    const request = requests(resource)
    return request && request !== unknown && request.origin === 'limitRange'
  })
  const asked = together(resource)
  if (!requestGiver || !isGiven) return
  if (!asked || asked === unknown || compareQuantities(asked.least, podRequest) <= 0) return
  yield {
    reason: 'pod-level-conflict',
    path: path + pointer('resources', 'requests', resource),
    seen: `the pod has ${formatQuantity(podRequest)} of ${resource} for its containers`,
    ...requestGiver,
    ruling: `makes them request ${formatQuantity(asked.least)}`,
    fix: `set requests.${resource} of each container, or raise what the pod has to ${formatQuantity(asked.least)}`,
  }
}

/** The first LimitRange that gives containers such a value, and where. */
function giverOf(
  ranges: readonly LimitRange[],
  field: 'requests' | 'limits',
  resource: string,
): Pick<Refusal, 'range' | 'rangePath'> | undefined {
  for (const range of ranges) {
    const rangePath = valueOf(defaultsOf(range)[field], resource) && defaultPathOf(range, field, resource)
    if (rangePath !== undefined) return { range, rangePath }
  }
  return undefined
}

const boundsOfAll = oncePerList((ranges: readonly LimitRange[]) => ranges.flatMap(boundsOf))

/** The resources of which LimitRanges give containers a limit, or a request. */
const givenBy = {
  limits: oncePerList((ranges: readonly LimitRange[]) => resourcesIn(ranges, ['default', 'max'])),
  requests: oncePerList((ranges: readonly LimitRange[]) =>
    resourcesIn(ranges, ['defaultRequest', 'default', 'max', 'min']),
  ),
}

function resourcesIn(ranges: readonly LimitRange[], givers: readonly string[]): readonly string[] {
  const items = ranges.flatMap((range) => listOf(memberOf(range.spec, 'limits')))
  const containers = items.filter((item) => memberOf(item, 'type') === 'Container')
  return [
    ...new Set(
      containers.flatMap((item) => givers.flatMap((giver) => Object.keys(recordOf(memberOf(item, giver)) ?? {}))),
    ),
  ]
}
