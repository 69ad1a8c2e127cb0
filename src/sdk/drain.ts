import {
  allowedDisruptions,
  budgetOf,
  budgetSelector,
  replicasToDrain,
  selectsNothing,
  type Budget,
} from './budgets.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { scalableKinds } from './kinds.ts'
import type { KindName, Kinds } from './objects.ts'
import { selectsPods } from './pod-labels.ts'
import { autoscalersOf, workloadsOf, type Witness, type WitnessKind } from './relations.ts'
import { scaleOf, setsReplicas, type Scale } from './scale.ts'
import { selectsEverything } from './selectors.ts'

/** What a drain meets where a budget that could let pods go stands over these workloads. */
export type Drain =
  /** No rule has anything to say: pods can go, or another fault of the budget decides. */
  | { readonly state: 'open' }
  /** It cannot be known, for want of objects of these kinds. */
  | { readonly state: 'unresolved'; readonly kinds: readonly KindName[] }
  /** `inactive`: nothing runs. `at-current`: no pod can go now. `at-hpa-min`: none can once autoscalers scale down. */
  | {
      readonly state: 'inactive' | 'at-current' | 'at-hpa-min'
      readonly budget: Budget
      /** Of all workloads together, now or at the minimum. */
      readonly replicas: number
      readonly workloads: readonly Witness[]
      readonly autoscalers: readonly Kinds['HorizontalPodAutoscaler'][]
    }

export type DrainKind = WitnessKind | 'HorizontalPodAutoscaler'

/**
 * Whether the disruption controller will allow any eviction while all is healthy. `open` also where the budget selects
 * nothing, blocks everything by itself, is refused by the API server, or covers an owner without a scale: each of these
 * is a fault of its own, and one cause gets one finding.
 */
export function drainOf(
  object: Kinds['PodDisruptionBudget'],
  namespace: string,
  inventory: Inventory<DrainKind>,
): Drain {
  if (selectsNothing(object)) return open
  const budget = budgetOf(object.spec)
  if (budget === unknown) return { state: 'unresolved', kinds: ['PodDisruptionBudget'] }
  if (budget === undefined || replicasToDrain(budget) === undefined) return open

  const covered = coveredBy(object, namespace, inventory)
  if ('state' in covered) return covered
  const { current, least, workloads, autoscalers } = covered
  const seen = { budget, workloads, autoscalers }
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

/** What the pods that a budget selects come to, whatever amount it asks for. */
type Covered =
  | Extract<Drain, { readonly state: 'open' | 'unresolved' }>
  | {
      readonly current: number
      readonly least: number
      readonly workloads: readonly Witness[]
      readonly autoscalers: readonly Kinds['HorizontalPodAutoscaler'][]
    }

// Each budget that selects everything covers the same: many of them must not each walk a whole namespace. What a policy
// is given as its inventory stands for one review, in which nothing changes.
const everything = new WeakMap<Inventory<DrainKind>, Map<string, Covered>>()

function coveredBy(object: Kinds['PodDisruptionBudget'], namespace: string, inventory: Inventory<DrainKind>): Covered {
  if (!selectsEverything(object.spec?.selector)) return measured(object, namespace, inventory)
  const known = everything.get(inventory) ?? new Map<string, Covered>()
  everything.set(inventory, known)
  const covered = known.get(namespace) ?? measured(object, namespace, inventory)
  known.set(namespace, covered)
  return covered
}

function measured(object: Kinds['PodDisruptionBudget'], namespace: string, inventory: Inventory<DrainKind>): Covered {
  const { found: workloads, unsure } = workloadsOf(object, namespace, inventory)
  if (!workloads.every(isScalable)) return open
  if (unsure.length > 0) return { state: 'unresolved', kinds: unsure }
  if (workloads.length === 0) return open

  const scales = workloads.map((workload) => measure(workload, namespace, inventory))
  const missing = scales.flatMap((scale) => (typeof scale === 'string' ? [scale] : []))
  if (missing.length > 0) return { state: 'unresolved', kinds: [...new Set(missing)] }
  const found = scales.flatMap((scale) => (typeof scale === 'string' ? [] : [scale]))
  const running = found.filter(({ current }) => current > 0)
  return {
    current: sum(running.map(({ current }) => current)),
    // An autoscaler that may scale to zero still leaves one pod to drain before it does.
    least: sum(running.map(({ floor }) => Math.max(1, floor))),
    workloads,
    autoscalers: found.flatMap(({ autoscalers }) => autoscalers),
  }
}

type ScalableWitness = Extract<Witness, { kind: (typeof scalableKinds)[number] }>
type Measured = Scale & { readonly autoscalers: readonly Kinds['HorizontalPodAutoscaler'][] }

const open = Object.freeze({ state: 'open' as const })

/** The scale of a workload, or the kind for want of which it is not known. */
function measure(
  { kind, object }: ScalableWitness,
  namespace: string,
  inventory: Inventory<DrainKind>,
): Measured | KindName {
  const { found, unsure } = autoscalersOf(object, namespace, inventory)
  if (unsure.length > 0) return 'HorizontalPodAutoscaler'
  // Who leaves replicas out has one, or leaves it to an autoscaler that these files do not hold.
  if (found.length === 0 && !inventory.complete && !setsReplicas(object)) return 'HorizontalPodAutoscaler'
  const scale = scaleOf(object, found)
  if (scale === unknown) return found.length > 0 ? 'HorizontalPodAutoscaler' : kind
  return { ...scale, autoscalers: found }
}

function isScalable(workload: Witness): workload is ScalableWitness {
  return workload.kind !== 'CronJob' && workload.kind !== 'DaemonSet' && workload.kind !== 'Job'
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
