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
  const all = ranges.map((range) => ({ range, defaults: defaultsOf(range), uncertain: uncertain(range) }))
  // Each value that a container lacks is asked for, and there may be as many LimitRanges as values.
  const picked = (field: 'requests' | 'limits') => {
    let table: ReadonlyMap<string, Quantity | Unknown> | undefined
    // What is no list, such as a variable, may give anything.
    const isOpen = all.some(({ defaults }) => valueOf(defaults[field], '') !== undefined)
    if (isOpen) return (resource: string) => quantityAmong(all, field, resource)
    return (resource: string) => (table ??= tableOf(field)).get(resource)
  }
  const quantityAmong = (ranges: typeof all, field: 'requests' | 'limits', resource: string) => {
    let found: Quantity | Unknown | undefined
    for (const { defaults, uncertain } of ranges) {
      const value = valueOf(defaults[field], resource)
      if (!value) continue
      const quantity = uncertain ? unknown : value.quantity
      found = found === undefined ? quantity : pick(found, quantity)
    }
    return found
  }
  const tableOf = (field: 'requests' | 'limits') => {
    const giving = new Map<string, (typeof all)[number][]>()
    for (const each of all) {
      for (const resource of resourcesOf(each.range)) {
        const others = giving.get(resource)
        if (others) others.push(each)
        else giving.set(resource, [each])
      }
    }
    const table = new Map<string, Quantity | Unknown>()
    for (const [resource, ranges] of giving) {
      const quantity = quantityAmong(ranges, field, resource)
      if (quantity !== undefined) table.set(resource, quantity)
    }
    return table
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
  const resources = resourcesOf(own)
  return (['limits', 'requests'] as const).flatMap((field) =>
    [...resources].flatMap((resource) => {
      const least = valueOf(defaultsOf(own)[field], resource) && valueOf(low[field], resource)?.quantity
      const most = valueOf(high[field], resource)?.quantity
      if (!least || !most || least === unknown || most === unknown) return []
      return compareQuantities(least, most) === 0 ? [] : { field, resource, least, most }
    }),
  )
}

/** The resources of which a LimitRange may give containers something. */
function resourcesOf({ spec }: LimitRange): ReadonlySet<string> {
  const items = listOf(memberOf(spec, 'limits')).filter((item) => memberOf(item, 'type') === 'Container')
  return new Set(items.flatMap((item) => givers.flatMap((giver) => Object.keys(recordOf(memberOf(item, giver)) ?? {}))))
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
