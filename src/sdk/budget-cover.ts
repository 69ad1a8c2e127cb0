import { selectsNothing } from './budgets.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { scalableKinds } from './kinds.ts'
import { measuredScale, type MeasuredScale } from './measured-scale.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import { controllerOf } from './owners.ts'
import { autoscalersOf, podsOf, workloadsOf, type Witness, type WitnessKind } from './relations.ts'
import { isSuspended } from './suspension.ts'
import { scaledDownBy } from './workload-refs.ts'

export type ScalableWitness = Extract<Witness, { kind: (typeof scalableKinds)[number] }>
export type CountlessWitness = Exclude<Witness, ScalableWitness>

/** The kinds by which a rule knows what a budget covers. */
export type CoverKind = WitnessKind | 'HorizontalPodAutoscaler' | 'Pod'

/** What a budget covers. */
export interface Cover {
  /** Workloads whose scale the disruption controller reads, and those that have none. */
  readonly scalable: readonly ScalableWitness[]
  readonly countless: readonly CountlessWitness[]
  /** Jobs and CronJobs that make no pods until they are resumed. */
  readonly suspended: readonly CountlessWitness[]
  /** The kinds among which more workloads may be. */
  readonly unsure: readonly KindName[]
  /** Pods that no template stands for: of nobody, or of a controller that no rule knows. None where Pods are not known. */
  readonly bare: readonly Kinds['Pod'][]
  readonly foreign: readonly Kinds['Pod'][]
  /** Pods of Jobs that have ended, and stay. */
  readonly leftover: readonly Kinds['Pod'][]
}

/** How many pods the scalable workloads of a cover have together: now, and where autoscalers may take them. */
export interface Replicas {
  readonly current: number
  /** An autoscaler that may scale to zero still leaves one pod to drain before it does. */
  readonly least: number
  /** How many of them a Rollout takes away once it runs: those of the Deployment whose template it takes. */
  readonly leaving: number
  readonly autoscalers: readonly Kinds['HorizontalPodAutoscaler'][]
}

/** The pods of this namespace that a budget covers, told apart as the disruption controller tells them apart. */
export function coverOf(
  object: Kinds['PodDisruptionBudget'],
  namespace: string,
  inventory: Inventory<CoverKind>,
): Cover {
  return coverIn(object, inventory, namespace)
}

/** For want of what the replicas are not known. */
export interface ReplicasGap {
  readonly missing: readonly KindName[]
  /** Kinds whose objects are there, and say nothing that anybody could reckon with. */
  readonly there: readonly KindName[]
}

/** The replicas of a cover, or for want of what they are not known. */
export function replicasOf(
  cover: Cover,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): Replicas | ReplicasGap {
  return replicasIn(cover, inventory, namespace)
}

// Budgets with the same selector cover the same: many of them must not each walk a whole namespace.
const coverIn = oncePerReview(
  (object: Kinds['PodDisruptionBudget'], inventory: Inventory<CoverKind>, namespace: string): Cover => {
    const known = coversIn(inventory, inventory)
    const key = `${namespace} ${selectsNothing(object) ? '' : JSON.stringify(object.spec?.selector)}`
    const cover = known.get(key) ?? covered(object, namespace, inventory)
    known.set(key, cover)
    return cover
  },
)

const coversIn = oncePerReview((_inventory: object, _same: Inventory<CoverKind>) => new Map<string, Cover>())

const replicasIn = oncePerReview((cover: Cover, inventory: Inventory<'HorizontalPodAutoscaler'>, namespace: string) =>
  count(cover.scalable, namespace, inventory),
)

function covered(object: Kinds['PodDisruptionBudget'], namespace: string, inventory: Inventory<CoverKind>): Cover {
  const { found, unsure } = workloadsOf(object, namespace, inventory)
  const { found: pods } = podsOf(object, namespace, inventory)
  const countless = found.filter((workload) => !isScalable(workload))
  const doubtful = countless.filter(({ kind, object }) => isSuspended(kind, object) === unknown)
  const owners = pods.map((pod) => ({ pod, owner: controllerOf(pod) }))
  return {
    scalable: found.filter(isScalable),
    countless: countless.filter(({ kind, object }) => isSuspended(kind, object) === false),
    suspended: countless.filter(({ kind, object }) => isSuspended(kind, object) === true),
    unsure: [...new Set([...unsure, ...doubtful.map(({ kind }) => kind)])],
    bare: owners.flatMap(({ pod, owner }) => (owner ? [] : [pod])),
    foreign: owners.flatMap(({ pod, owner }) => (owner && !makers.has(owner.kind ?? '') ? [pod] : [])),
    leftover: owners.flatMap(({ pod, owner }) => (owner?.kind === 'Job' && hasEnded(pod) ? [pod] : [])),
  }
}

function count(
  workloads: readonly ScalableWitness[],
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): Replicas | ReplicasGap {
  const there = new Set<KindName>()
  const missing = new Set<KindName>()
  const found: MeasuredScale[] = []
  let leaving = 0
  const scaledDown = new Set(
    workloads.map(({ kind, object }) => (kind === 'Rollout' ? scaledDownBy(object) : undefined)),
  )
  for (const { kind, object } of workloads) {
    const scale = measuredScale(object, namespace, inventory)
    if (scale === 'value') there.add(kind)
    else if (typeof scale === 'string') (hasAutoscalers(object, namespace, inventory) ? there : missing).add(scale)
    else found.push(scale)
    if (kind === 'Deployment' && typeof scale !== 'string' && scaledDown.has(nameOf(object))) leaving += scale.current
  }
  if (missing.size > 0 || there.size > 0) return { missing: [...missing], there: [...there] }
  const running = found.filter(({ current }) => current > 0)
  return {
    current: sum(running.map(({ current }) => current)),
    least: sum(running.map(({ floor }) => Math.max(1, floor))),
    leaving,
    autoscalers: found.flatMap(({ autoscalers }) => autoscalers),
  }
}

/** True if an autoscaler of a workload is there, be it one of which nobody can say what it does. */
function hasAutoscalers(
  workload: ScalableWitness['object'],
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): boolean {
  if (inventory.list('HorizontalPodAutoscaler', namespace) === unknown) return false
  const { found, unsure } = autoscalersOf(workload, namespace, inventory)
  return found.length > 0 || unsure.length > 0
}

function isScalable(workload: Witness): workload is ScalableWitness {
  return workload.kind !== 'CronJob' && workload.kind !== 'DaemonSet' && workload.kind !== 'Job'
}

// Kinds whose templates the inventory holds.
const makers: ReadonlySet<string> = new Set(['DaemonSet', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'])

function hasEnded(pod: Kinds['Pod']): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
