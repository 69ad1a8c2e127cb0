import { containersLimit, podRequest, type EffectiveResources } from './effective-resources.ts'
import { unknown, type Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { addQuantities, parseQuantity, zeroQuantity, type Quantity } from './quantities.ts'
import { valueOf } from './resource-values.ts'
import { memberOf, recordOf } from './shape.ts'
import { isVariable } from './variables.ts'

type Quota = Kinds['ResourceQuota']

/** One amount that a quota grants to its namespace. */
export interface Grant {
  /** As the quota calls it: `requests.cpu`. */
  readonly key: string
  readonly hard: Quantity | Unknown
  /** What is used of it already, as far as the quota's status says: no more is known of a quota in a file. */
  readonly used: Quantity
}

/** What a quota grants, in its own order. */
export function grantsOf(quota: Quota): readonly Grant[] {
  const there = known.get(quota)
  if (there) return there
  const grants = readGrants(quota)
  known.set(quota, grants)
  return grants
}

// Objects are never changed, and every review in its namespace asks.
const known = new WeakMap<Quota, readonly Grant[]>()

function readGrants(quota: Quota): readonly Grant[] {
  return Object.entries(recordOf(quota.spec?.hard) ?? {}).map(([key, value]) => ({
    key,
    hard: isVariable(value) ? unknown : (parseQuantity(value) ?? unknown),
    used: parseQuantity(memberOf(memberOf(quota.status, 'used'), key) ?? '0') ?? zeroQuantity,
  }))
}

/** A value that every container must have. */
export interface Demand {
  readonly field: 'requests' | 'limits'
  readonly resource: 'cpu' | 'memory'
}

/**
 * The value that a quota of this name wants every container to have; undefined for names that want none. Two names of one
 * value give the same object.
 */
export function demandedBy(key: string): Demand | undefined {
  return demands.get(key)
}

// Only these, and no more are to come (validationSet in kubernetes/pkg/quota/v1/evaluator/core/pods.go).
const cpuRequest: Demand = { field: 'requests', resource: 'cpu' }
const memoryRequest: Demand = { field: 'requests', resource: 'memory' }
const demands: ReadonlyMap<string, Demand> = new Map([
  ['cpu', cpuRequest],
  ['requests.cpu', cpuRequest],
  ['limits.cpu', { field: 'limits', resource: 'cpu' }],
  ['memory', memoryRequest],
  ['requests.memory', memoryRequest],
  ['limits.memory', { field: 'limits', resource: 'memory' }],
])

/**
 * How much one pod counts under a name of a quota: its requests with overhead, its limits, and itself (PodUsageFunc).
 * Undefined for what is not counted by pods.
 */
export function podUsage(key: string, resources: EffectiveResources): Quantity | Unknown | undefined {
  if (key === 'pods' || key === 'count/pods') return one
  if (key.startsWith('limits.')) return limitUsage(key.slice('limits.'.length), resources)
  const resource = key.startsWith('requests.') ? key.slice('requests.'.length) : key
  // Extended resources are counted by their requests, and only under that name.
  const isPlain = resource === 'cpu' || resource === 'memory' || resource === 'ephemeral-storage'
  if (!isPlain && !resource.startsWith('hugepages-') && !(key !== resource && resource.includes('/'))) return undefined
  if (resource.includes('.storageclass.storage.k8s.io/')) return undefined
  return podRequest(resources, resource) ?? zeroQuantity
}

const one: Quantity = parseQuantity('1') ?? zeroQuantity

function limitUsage(resource: string, resources: EffectiveResources): Quantity | Unknown | undefined {
  if (resource !== 'cpu' && resource !== 'memory' && resource !== 'ephemeral-storage') return undefined
  const whole = resource === 'ephemeral-storage' ? undefined : valueOf(resources.pod.limits, resource)?.quantity
  const asked = whole ?? containersLimit(resources.containers, resource)
  const overhead = valueOf(resources.overhead, resource)?.quantity
  if (asked === unknown || overhead === unknown) return unknown
  if (asked === undefined || asked.nano === 0n) return zeroQuantity
  return overhead ? addQuantities(asked, overhead) : asked
}
