import { unknown, type Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import { compareQuantities, type Quantity } from './quantities.ts'
import { typedValues, valueOf, type ResourceValues } from './resource-values.ts'
import { listOf, memberOf, recordOf } from './shape.ts'

/** What LimitRanger gives the containers of a namespace that say nothing themselves. */
export interface ContainerDefaults {
  readonly requests: ResourceValues
  readonly limits: ResourceValues
}

type LimitRange = Kinds['LimitRange']

/**
 * The defaults of all LimitRanges of a namespace together. Where they disagree the least value is taken: the first one
 * in the lister's order wins, and that order is not specified (plugin/pkg/admission/limitranger/admission.go). The
 * values of a range that is `uncertain`, being one of several variants, are unknown.
 */
export function containerDefaults(
  ranges: readonly LimitRange[],
  uncertain: (range: LimitRange) => boolean = () => false,
): ContainerDefaults {
  if (ranges.length === 0) return noDefaults
  return ranges.some(uncertain) ? findDefaults(ranges, lesser, uncertain) : certainDefaults(ranges)
}

/** As `containerDefaults`, with the greatest value where LimitRanges disagree: what is set lies between the two. */
export function greatestDefaults(
  ranges: readonly LimitRange[],
  uncertain: (range: LimitRange) => boolean = () => false,
): ContainerDefaults {
  return ranges.length < 2 ? containerDefaults(ranges, uncertain) : findDefaults(ranges, greater, uncertain)
}

/** What one LimitRange gives the containers that say nothing themselves. */
export function defaultsOf(range: LimitRange): ContainerDefaults {
  const known = given.get(range)
  if (known) return known
  const found = completed(range)
  given.set(range, found)
  return found
}

// Objects are never changed.
const given = new WeakMap<LimitRange, ContainerDefaults>()

// One result for one list, so that what is computed with it need be computed but once.
const certainDefaults = oncePerList((ranges: readonly LimitRange[]) => findDefaults(ranges, lesser, () => false))

function findDefaults(
  ranges: readonly LimitRange[],
  pick: (a: Quantity | Unknown, b: Quantity | Unknown) => Quantity | Unknown,
  uncertain: (range: LimitRange) => boolean,
): ContainerDefaults {
  const all = ranges.map((range) => ({ defaults: defaultsOf(range), uncertain: uncertain(range) }))
  const picked = (field: 'requests' | 'limits') => (resource: string) => {
    let found: Quantity | Unknown | undefined
    for (const { defaults, uncertain } of all) {
      const value = valueOf(defaults[field], resource)
      if (!value) continue
      const quantity = uncertain ? unknown : value.quantity
      found = found === undefined ? quantity : pick(found, quantity)
    }
    return found
  }
  return {
    requests: [{ origin: 'limitRange', quantityOf: picked('requests') }],
    limits: [{ origin: 'limitRange', quantityOf: picked('limits') }],
  }
}

/** What a LimitRange gives, and others of its namespace give otherwise. */
export function ambiguousDefaults(
  own: LimitRange,
  ranges: readonly LimitRange[],
): readonly { field: 'requests' | 'limits'; resource: string; least: Quantity; most: Quantity }[] {
  if (ranges.length < 2) return []
  const [low, high] = [containerDefaults(ranges), greatestDefaults(ranges)]
  const items = listOf(memberOf(own.spec, 'limits')).filter((item) => memberOf(item, 'type') === 'Container')
  const resources = new Set(
    items.flatMap((item) => givers.flatMap((giver) => Object.keys(recordOf(memberOf(item, giver)) ?? {}))),
  )
  return (['limits', 'requests'] as const).flatMap((field) =>
    [...resources].flatMap((resource) => {
      const least = valueOf(defaultsOf(own)[field], resource) && valueOf(low[field], resource)?.quantity
      const most = valueOf(high[field], resource)?.quantity
      if (!least || !most || least === unknown || most === unknown) return []
      return compareQuantities(least, most) === 0 ? [] : { field, resource, least, most }
    }),
  )
}

const givers = ['defaultRequest', 'default', 'max', 'min'] as const

/** Defaults that a LimitRange outside of the inventory is said to give: every value that is missing is then unknown. */
export const assumedDefaults: ContainerDefaults = {
  requests: [{ origin: 'assumed', quantityOf: () => unknown }],
  limits: [{ origin: 'assumed', quantityOf: () => unknown }],
}

const noDefaults: ContainerDefaults = { requests: [], limits: [] }

/**
 * One LimitRange; later items override earlier ones. Items are completed as the API server does when it decodes them
 * (SetDefaults_LimitRangeItem in pkg/apis/core/v1/defaults.go): default ← max; defaultRequest ← default, then ← min.
 * That changes nothing of an item that comes from the API server.
 */
function completed(range: LimitRange): ContainerDefaults {
  const items = listOf(memberOf(range.spec, 'limits')).filter((item) => memberOf(item, 'type') === 'Container')
  const values = (fields: readonly string[]) =>
    items.toReversed().flatMap((item) => fields.flatMap((field) => typedValues(memberOf(item, field), 'limitRange')))
  return { requests: values(givers), limits: values(['default', 'max']) }
}

function lesser(a: Quantity | Unknown, b: Quantity | Unknown): Quantity | Unknown {
  if (a === unknown || b === unknown) return unknown
  return compareQuantities(a, b) <= 0 ? a : b
}

function greater(a: Quantity | Unknown, b: Quantity | Unknown): Quantity | Unknown {
  if (a === unknown || b === unknown) return unknown
  return compareQuantities(a, b) >= 0 ? a : b
}
