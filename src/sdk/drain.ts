import { coverOf, replicasOf, type CoverKind } from './budget-cover.ts'
import {
  allowedDisruptions,
  budgetOf,
  budgetSelector,
  replicasToDrain,
  selectsNothing,
  type Budget,
} from './budgets.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { KindName, Kinds } from './objects.ts'
import { selectsPods } from './pod-labels.ts'
import type { Witness } from './relations.ts'
import { countingOf } from './uncountable.ts'

/** What a drain meets where a budget that could let pods go stands over these workloads. */
export type Drain =
  /** No rule has anything to say: pods can go, or another fault of the budget decides. */
  | { readonly state: 'open' }
  /** It cannot be known, for want of objects of these kinds. */
  | {
      readonly state: 'unresolved'
      readonly kinds: readonly KindName[]
      /** Kinds whose objects are there, and do not decide it. */
      readonly there?: readonly KindName[]
    }
  /**
   * `inactive`: nothing runs. `at-current`: no pod can go now. `at-hpa-min`: none can once autoscalers scale down.
   * `bare`: none can once a drain has taken those beyond the minimum, because nobody replaces them.
   */
  | {
      readonly state: 'inactive' | 'at-current' | 'at-hpa-min' | 'bare'
      readonly budget: Budget
      /** Of all workloads together, now or at the minimum; the pods that are there where nobody makes them. */
      readonly replicas: number
      readonly workloads: readonly Witness[]
      readonly autoscalers: readonly Kinds['HorizontalPodAutoscaler'][]
    }

/**
 * Whether the disruption controller will allow any eviction while all is healthy. `open` also where the budget selects
 * nothing, blocks everything by itself, is refused by the API server, or covers an owner without a scale: each of these
 * is a fault of its own, and one cause gets one finding.
 */
export function drainOf(
  object: Kinds['PodDisruptionBudget'],
  namespace: string,
  inventory: Inventory<CoverKind>,
): Drain {
  if (selectsNothing(object)) return open
  const budget = budgetOf(object.spec)
  if (budget === unknown) return { state: 'unresolved', kinds: ['PodDisruptionBudget'] }
  if (budget === undefined || replicasToDrain(budget) === undefined) return open

  const counting = countingOf(object, namespace, inventory)
  if (counting.state !== 'counted' && counting.state !== 'unresolved') return open
  const cover = coverOf(object, namespace, inventory)
  const { scalable: workloads, countless, foreign, bare, unsure } = cover
  // How many pods a DaemonSet has is for the nodes to say, and no rule reads the scale of a custom resource.
  if (foreign.length > 0 || countless.some(({ kind }) => kind === 'DaemonSet')) return open
  if (unsure.length > 0) return { state: 'unresolved', kinds: unsure }
  // Beside workloads they give a drain room that it takes away as it goes, so they do not count.
  if (workloads.length === 0 && bare.length > 0 && leavesStuck(budget)) {
    return { state: 'bare', budget, replicas: bare.length, workloads, autoscalers: [] }
  }
  if (workloads.length === 0) return open

  const replicas = replicasOf(cover, namespace, inventory)
  if (!('current' in replicas)) return { state: 'unresolved', kinds: replicas.missing, there: replicas.there }
  const { current, least, leaving, autoscalers } = replicas
  const seen = { budget, workloads, autoscalers }
  // How far a Rollout is with a Deployment that it scales down, nobody has written.
  const later = Math.max(0, current - leaving)
  if (leaving > 0 && allowedDisruptions(budget, later) > 0 !== allowedDisruptions(budget, current) > 0)
    return { state: 'unresolved', kinds: [], there: ['Deployment'] }
  // The pods of a Job end, so they hold nothing up; but while they run they are what the budget is for.
  if (current === 0 && countless.length > 0) return open
  if (current === 0) return { state: 'inactive', replicas: 0, ...seen }
  if (allowedDisruptions(budget, current) === 0) return { state: 'at-current', replicas: current, ...seen }
  return allowedDisruptions(budget, least) === 0 ? { state: 'at-hpa-min', replicas: least, ...seen } : open
}

/**
 * True if a budget let none of these pods go, however many there are: another one over them can be no worse. Only
 * what it says itself counts.
 */
export function blocksAll(object: Kinds['PodDisruptionBudget'], workloads: readonly Witness[]): boolean {
  const budget = budgetOf(object.spec)
  if (budget === undefined || budget === unknown || replicasToDrain(budget) !== undefined) return false
  const selector = budgetSelector(object)
  return workloads.every((workload) => selectsPods(selector, workload.kind, workload.object) === true)
}

function leavesStuck(budget: Budget): boolean {
  return budget.form === 'minAvailable' && budget.amount.unit === 'count' && budget.amount.value > 0
}

const open = Object.freeze({ state: 'open' as const })
