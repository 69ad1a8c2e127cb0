import { unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { compareQuantities } from './quantities.ts'
import { readValues, withDefaults, type ResourceValue, type ResourceValues } from './resource-values.ts'
import { listOf, memberOf } from './shape.ts'

/** What LimitRanger gives the containers of a namespace that say nothing themselves. */
export interface ContainerDefaults {
  readonly requests: ResourceValues
  readonly limits: ResourceValues
  /** Values that several LimitRanges set differently, as `limits.memory`. Which one wins is not specified. */
  readonly ambiguous: readonly string[]
}

type LimitRange = Kinds['LimitRange']
type Field = 'requests' | 'limits'

/**
 * The defaults of all LimitRanges of a namespace together. Where they disagree the least value is taken: the first one
 * in the lister's order wins, and that order is not specified (plugin/pkg/admission/limitranger/admission.go). The
 * values of a range that is `uncertain`, being one of several variants, are unknown.
 */
export function containerDefaults(
  ranges: readonly LimitRange[],
  uncertain: (range: LimitRange) => boolean = () => false,
): ContainerDefaults {
  const all = ranges.map((range) => ({ range: defaultsOf(range), uncertain: uncertain(range) }))
  const ambiguous: string[] = []
  const combine = (field: Field): ResourceValues => {
    let values: ResourceValues = { named: new Map(), other: undefined }
    for (const { range, uncertain } of all) {
      const other = values.other ?? range[field].other
      const named = new Map(values.named)
      for (const [resource, value] of range[field].named) {
        const given: ResourceValue = uncertain ? { ...value, quantity: unknown } : value
        const before = named.get(resource)
        if (before && differ(before, given)) ambiguous.push(`${field}.${resource}`)
        named.set(resource, before ? lesser(before, given) : given)
      }
      values = { named, other }
    }
    return values
  }
  return { requests: combine('requests'), limits: combine('limits'), ambiguous: [...new Set(ambiguous)] }
}

/** Defaults that a LimitRange outside of the inventory is said to give: every value that is missing is then unknown. */
export const assumedDefaults: ContainerDefaults = {
  requests: { named: new Map(), other: { quantity: unknown, origin: 'assumed' } },
  limits: { named: new Map(), other: { quantity: unknown, origin: 'assumed' } },
  ambiguous: [],
}

/** One LimitRange: later items override earlier ones. */
function defaultsOf(range: LimitRange): Record<Field, ResourceValues> {
  let requests: ResourceValues = readValues(undefined)
  let limits = requests
  for (const item of listOf(memberOf(range.spec, 'limits'))) {
    if (memberOf(item, 'type') !== 'Container') continue
    const { defaultRequest, defaultLimit } = withItemDefaults(item)
    requests = withDefaults(defaultRequest, requests, 'limitRange')
    limits = withDefaults(defaultLimit, limits, 'limitRange')
  }
  return { requests: asSetBy(requests), limits: asSetBy(limits) }
}

/**
 * What the API server makes of an item when it decodes it (SetDefaults_LimitRangeItem in pkg/apis/core/v1/defaults.go):
 * default ← max; defaultRequest ← default, then ← min. Changes nothing of an item that comes from the API server.
 */
function withItemDefaults(item: unknown): { defaultRequest: ResourceValues; defaultLimit: ResourceValues } {
  const defaultLimit = withDefaults(readValues(memberOf(item, 'default')), readValues(memberOf(item, 'max')))
  const requested = withDefaults(readValues(memberOf(item, 'defaultRequest')), defaultLimit)
  return { defaultLimit, defaultRequest: withDefaults(requested, readValues(memberOf(item, 'min'))) }
}

function asSetBy(values: ResourceValues): ResourceValues {
  return withDefaults(readValues(undefined), values, 'limitRange')
}

function differ(a: ResourceValue, b: ResourceValue): boolean {
  return a.quantity !== unknown && b.quantity !== unknown && compareQuantities(a.quantity, b.quantity) !== 0
}

function lesser(a: ResourceValue, b: ResourceValue): ResourceValue {
  if (a.quantity === unknown || b.quantity === unknown) return { quantity: unknown, origin: a.origin }
  return compareQuantities(a.quantity, b.quantity) <= 0 ? a : b
}
