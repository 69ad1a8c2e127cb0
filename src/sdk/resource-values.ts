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

/** Requests or limits: the first layer that has a value for a resource decides. */
export type ResourceValues = readonly Layer[]

export interface Layer {
  readonly origin: Origin
  /** Undefined for a resource of which the layer says nothing. */
  readonly quantityOf: (resource: string) => Quantity | Unknown | undefined
}

/** The request or limit of one resource (`cpu`, `memory`, …); undefined if it has none. */
export function valueOf(values: ResourceValues, resource: string): ResourceValue | undefined {
  for (const { origin, quantityOf } of values) {
    const quantity = quantityOf(resource)
    if (quantity !== undefined) return { quantity, origin }
  }
  return undefined
}

/** A list of quantities as typed. A list that is none (a variable, a wrong type) may hold any resource. */
export function typedValues(list: unknown, origin: Origin = 'explicit'): ResourceValues {
  if (list === undefined || list === null) return []
  const record = recordOf(list)
  if (!record) return [{ origin, quantityOf: () => unknown }]
  return [{ origin, quantityOf: (resource) => (Object.hasOwn(record, resource) ? read(record[resource]) : undefined) }]
}

/** True for a quantity that is known and above zero: only that counts as a request or limit. */
export function isPositive(value: ResourceValue | undefined): boolean {
  return value !== undefined && value.quantity !== unknown && value.quantity.nano > 0n
}

function read(value: unknown): Quantity | Unknown {
  return isVariable(value) ? unknown : (parseQuantity(value) ?? unknown)
}
