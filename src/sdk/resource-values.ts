import { unknown, type Unknown } from './inventory.ts'
import { parseQuantity, type Quantity } from './quantities.ts'
import { recordOf } from './shape.ts'
import { isVariable } from './variables.ts'

/**
 * Where a value comes from: typed; defaulted from the limit (SetDefaults_Pod) or from the sum of the containers
 * (defaultPodRequests); set by a LimitRange; or by one that the settings say is there.
 */
export type Origin = 'explicit' | 'limit' | 'containers' | 'limitRange' | 'assumed'

/** A request or limit. Its quantity is unknown for a `${VARIABLE}`, for what is no quantity, and for variants. */
export interface ResourceValue {
  readonly quantity: Quantity | Unknown
  readonly origin: Origin
}

/** Requests or limits: the resources named, and what holds for any other (undefined: it has none). */
export interface ResourceValues {
  readonly named: ReadonlyMap<string, ResourceValue>
  readonly other: ResourceValue | undefined
}

export const noValues: ResourceValues = { named: new Map(), other: undefined }

/** The request or limit of one resource (`cpu`, `memory`, …); undefined if it has none. */
export function valueOf(values: ResourceValues, resource: string): ResourceValue | undefined {
  return values.named.get(resource) ?? values.other
}

/** A list of quantities as typed. A list that is none (a variable, a wrong type) leaves every resource unknown. */
export function readValues(list: unknown): ResourceValues {
  if (list === undefined || list === null) return noValues
  const record = recordOf(list)
  if (!record) return { named: new Map(), other: { quantity: unknown, origin: 'explicit' } }
  const named = new Map<string, ResourceValue>()
  for (const [resource, value] of Object.entries(record)) {
    const quantity = isVariable(value) ? undefined : parseQuantity(value)
    named.set(resource, { quantity: quantity ?? unknown, origin: 'explicit' })
  }
  return { named, other: undefined }
}

/** `values` with what they lack taken from `defaults`, as of `origin`, or as each default says itself. */
export function withDefaults(values: ResourceValues, defaults: ResourceValues, origin?: Origin): ResourceValues {
  const named = new Map(values.named)
  const from = (value: ResourceValue): ResourceValue => (origin ? { quantity: value.quantity, origin } : value)
  for (const [resource, value] of defaults.named) {
    // Where nothing is known of `values` beyond its names, a default does not say what they lack.
    if (!named.has(resource) && !values.other) named.set(resource, from(value))
  }
  return { named, other: values.other ?? (defaults.other && from(defaults.other)) }
}

/** True for a quantity that is known and above zero: only that counts as a request or limit. */
export function isPositive(value: ResourceValue | undefined): boolean {
  return value !== undefined && value.quantity !== unknown && value.quantity.nano > 0n
}
