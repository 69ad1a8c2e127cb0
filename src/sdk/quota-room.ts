import { effectiveResources, podRequest, type EffectiveResources } from './effective-resources.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { containerDefaults } from './limit-ranges.ts'
import type { Kinds } from './objects.ts'
import { podSpecOf } from './pod-specs.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { addQuantities, compareQuantities, multiplyQuantity, parseQuantity, zeroQuantity } from './quantities.ts'
import type { Quantity } from './quantities.ts'
import { matchesPod, scopedPod } from './quota-scopes.ts'
import { memberOf, recordOf } from './shape.ts'

/** A resource of which a quota has too little. */
export interface QuotaShortage {
  /** As the quota names it: `pods`, `requests.cpu`. */
  readonly resource: string
  readonly hard: Quantity
  /** What others use, and what the pods would together. */
  readonly needed: Quantity
}

/**
 * What a quota has too little of for so many pods of a Deployment, beside all that others use of it. Its own pods are
 * known by `status.replicas`. A quota that was never counted, as in files, is taken to be unused. Unresolved where a
 * `${VARIABLE}` decides, or a PriorityClass that is not known.
 */
export function quotaShortage(
  quota: Kinds['ResourceQuota'],
  deployment: Kinds['Deployment'],
  pods: number,
  namespace: string,
  inventory: Inventory<'LimitRange' | 'PriorityClass'>,
): QuotaShortage | Unresolved | undefined {
  const view = podSpecOf('Deployment', deployment)
  if (!view) return undefined
  const ranges = inventory.list('LimitRange', namespace)
  const defaults = containerDefaults(ranges === unknown ? [] : ranges, (range) => inventory.uncertain(range))
  const resources = effectiveResources(view, defaults)
  const pod = scopedPod(view.spec, resources, inventory)
  const covers = matchesPod(quota, pod)
  if (covers === unknown) return unresolved(pod.priorityClass === unknown ? 'PriorityClass' : 'value')
  if (!covers) return undefined
  const running = memberOf(deployment.status, 'replicas')
  const own = typeof running === 'number' && running > 0 ? running : 0
  let doubtful = false
  for (const { resource, hard, used } of limitsOf(quota)) {
    const each = amountPerPod(resources, resource)
    if (each === undefined) continue
    if (!hard || each === unknown) {
      doubtful = true
      continue
    }
    const others = used.nano - multiplyQuantity(each, own).nano
    const needed = addQuantities(multiplyQuantity(each, pods), { ...used, nano: others > 0n ? others : 0n })
    if (compareQuantities(needed, hard) > 0) return { resource, hard, needed }
  }
  return doubtful ? unresolved('value') : undefined
}

interface Limit {
  readonly resource: string
  /** Undefined for what is no quantity. */
  readonly hard: Quantity | undefined
  readonly used: Quantity
}

/** In the order in which the API server stores them, so that all front ends name the same one. */
function limitsOf(quota: Kinds['ResourceQuota']): readonly Limit[] {
  const there = known.get(quota)
  if (there) return there
  const limits = Object.entries(recordOf(quota.spec?.hard) ?? {})
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([resource, value]) => {
      const used = parseQuantity(memberOf(quota.status?.used, resource)) ?? zeroQuantity
      return { resource, hard: parseQuantity(value), used }
    })
  known.set(quota, limits)
  return limits
}

// Objects are never changed, and every review in its namespace asks.
const known = new WeakMap<Kinds['ResourceQuota'], readonly Limit[]>()

const one: Quantity = { nano: 1_000_000_000n, format: 'DecimalSI' }

/** What one pod counts towards a resource of a quota; undefined for what pods do not count towards. */
function amountPerPod(resources: EffectiveResources, name: string): Quantity | Unknown | undefined {
  if (name === 'pods' || name === 'count/pods') return one
  if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage') return podRequest(resources, name)
  const [, field, resource = ''] = /^(requests|limits)\.(.+)$/.exec(name) ?? []
  if (field === undefined || resource === 'storage') return undefined
  return podRequest(field === 'requests' ? resources : asLimits(resources), resource)
}

/** The same sums over the limits. */
function asLimits({ containers, pod, overhead }: EffectiveResources): EffectiveResources {
  return {
    containers: containers.map((container) => ({ ...container, requests: container.limits })),
    pod: { requests: pod.limits, limits: pod.limits },
    overhead,
  }
}
