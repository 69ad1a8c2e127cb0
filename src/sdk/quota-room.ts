import { effectiveResources, podRequest, type EffectiveResources } from './effective-resources.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { containerDefaults } from './limit-ranges.ts'
import type { Kinds } from './objects.ts'
import { podSpecOf } from './pod-specs.ts'
import { addQuantities, compareQuantities, multiplyQuantity, parseQuantity, zeroQuantity } from './quantities.ts'
import type { Quantity } from './quantities.ts'
import { labelSelector } from './selectors.ts'
import { listOf, memberOf, recordOf } from './shape.ts'

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
 * known by `status.replicas`. A quota that was never counted, as in files, is taken to be unused. Unknown where a
 * `${VARIABLE}` decides.
 */
export function quotaShortage(
  quota: Kinds['ResourceQuota'],
  deployment: Kinds['Deployment'],
  pods: number,
  namespace: string,
  inventory: Inventory<'LimitRange'>,
): QuotaShortage | Unknown | undefined {
  const view = podSpecOf('Deployment', deployment)
  if (!view) return undefined
  const ranges = inventory.list('LimitRange', namespace)
  const defaults = containerDefaults(ranges === unknown ? [] : ranges, (range) => inventory.uncertain(range))
  const resources = effectiveResources(view, defaults)
  const covers = coversPods(quota, resources, view.spec.priorityClassName)
  if (covers !== true) return covers === unknown ? unknown : undefined
  const running = memberOf(deployment.status, 'replicas')
  const own = typeof running === 'number' && running > 0 ? running : 0
  let doubtful = false
  // In the order in which the API server stores them, so that all front ends name the same one.
  const limits = Object.entries(recordOf(quota.spec?.hard) ?? {}).sort(([one], [other]) => (one < other ? -1 : 1))
  for (const [resource, value] of limits) {
    const each = amountPerPod(resources, resource)
    if (each === undefined) continue
    const hard = parseQuantity(value)
    if (!hard || each === unknown) {
      doubtful = true
      continue
    }
    const used = parseQuantity(memberOf(quota.status?.used, resource)) ?? zeroQuantity
    const others = used.nano - multiplyQuantity(each, own).nano
    const needed = addQuantities(multiplyQuantity(each, pods), { ...used, nano: others > 0n ? others : 0n })
    if (compareQuantities(needed, hard) > 0) return { resource, hard, needed }
  }
  return doubtful ? unknown : undefined
}

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

/** Whether the scopes of a quota mean these pods, which run without an end (apis/core/v1/helper/qos, quota/v1/evaluator/core/pods.go). */
function coversPods(
  { spec }: Kinds['ResourceQuota'],
  resources: EffectiveResources,
  priority: unknown,
): boolean | Unknown {
  const selected = listOf(memberOf(spec?.scopeSelector, 'matchExpressions'))
  const scopes = [...listOf(spec?.scopes).map((scopeName) => ({ scopeName, operator: 'Exists' })), ...selected]
  let result: boolean | Unknown = true
  for (const scope of scopes) {
    const covers = coversScope(scope, resources, priority)
    if (covers === false) return false
    if (covers === unknown) result = unknown
  }
  return result
}

function coversScope(scope: unknown, resources: EffectiveResources, priority: unknown): boolean | Unknown {
  switch (memberOf(scope, 'scopeName')) {
    case 'NotTerminating':
      return true
    case 'Terminating':
      return false
    case 'BestEffort':
      return isBestEffort(resources)
    case 'NotBestEffort':
      return !isBestEffort(resources)
    case 'PriorityClass': {
      const expression = { key: 'name', operator: memberOf(scope, 'operator'), values: memberOf(scope, 'values') }
      return labelSelector({ matchExpressions: [expression] })(typeof priority === 'string' ? { name: priority } : {})
    }
    default:
      return unknown
  }
}

function isBestEffort(resources: EffectiveResources): boolean {
  const all = [resources, asLimits(resources)]
  return all.every((each) => ['cpu', 'memory'].every((resource) => podRequest(each, resource) === undefined))
}
