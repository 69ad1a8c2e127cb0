import { unknown, type Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import { compareQuantities, type Quantity } from './quantities.ts'
import { typedValues, valueOf, type ResourceValues } from './resource-values.ts'
import { listOf, memberOf } from './shape.ts'

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
  return ranges.some(uncertain) ? findDefaults(ranges, uncertain) : certainDefaults(ranges)
}

// One result for one list, so that what is computed with it need be computed but once.
const certainDefaults = oncePerList((ranges: readonly LimitRange[]) => findDefaults(ranges, () => false))

function findDefaults(ranges: readonly LimitRange[], uncertain: (range: LimitRange) => boolean): ContainerDefaults {
  const all = ranges.map((range) => ({ defaults: defaultsOf(range), uncertain: uncertain(range) }))
  const least = (field: 'requests' | 'limits') => (resource: string) => {
    let found: Quantity | Unknown | undefined
    for (const { defaults, uncertain } of all) {
      const value = valueOf(defaults[field], resource)
      if (!value) continue
      const quantity = uncertain ? unknown : value.quantity
      found = found === undefined ? quantity : lesser(found, quantity)
    }
    return found
  }
  return {
    requests: [{ origin: 'limitRange', quantityOf: least('requests') }],
    limits: [{ origin: 'limitRange', quantityOf: least('limits') }],
  }
}

/** True if several LimitRanges give different values: which one a container gets is not specified. */
export function isAmbiguous(ranges: readonly LimitRange[], field: 'requests' | 'limits', resource: string): boolean {
  const values = ranges.flatMap((range) => valueOf(defaultsOf(range)[field], resource) ?? [])
  const known = values.flatMap(({ quantity }) => (quantity === unknown ? [] : [quantity.nano]))
  return new Set(known).size > 1
}

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
function defaultsOf(range: LimitRange): ContainerDefaults {
  const items = listOf(memberOf(range.spec, 'limits')).filter((item) => memberOf(item, 'type') === 'Container')
  const values = (fields: readonly string[]) =>
    items.toReversed().flatMap((item) => fields.flatMap((field) => typedValues(memberOf(item, field), 'limitRange')))
  return { requests: values(['defaultRequest', 'default', 'max', 'min']), limits: values(['default', 'max']) }
}

function lesser(a: Quantity | Unknown, b: Quantity | Unknown): Quantity | Unknown {
  if (a === unknown || b === unknown) return unknown
  return compareQuantities(a, b) <= 0 ? a : b
}
