import { budgetSelector, selectsNothing } from './budgets.ts'
import { filedUnder, type Filing } from './filed-lists.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { scalableKinds } from './kinds.ts'
import { anyKey, podLabelKeys, selectorKeys } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import { controllerOf } from './owners.ts'
import { selectsPods } from './pod-labels.ts'
import { targets, type Scalable } from './scale.ts'
import type { Selector } from './selectors.ts'
import { memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'
import { selectsTemplate, withTemplate } from './workload-refs.ts'

/** What is known to be related, and the kinds among which more may be: not synced, variants, or a `${VARIABLE}`. */
export interface Relation<T> {
  readonly found: readonly T[]
  readonly unsure: readonly KindName[]
}

/** Kinds whose pods the disruption controller counts, and those whose pods it cannot count: they have no scale. */
export const witnessKinds = [...scalableKinds, 'CronJob', 'DaemonSet', 'Job'] as const
export type WitnessKind = (typeof witnessKinds)[number]

/** A workload with its kind beside it, so that the compiler can tell workloads apart. */
export type Witness = { readonly [K in WitnessKind]: { readonly kind: K; readonly object: Kinds[K] } }[WitnessKind]

/** The budgets that select the pods of a workload, or a Pod, of this namespace. */
export function budgetsOf(
  kind: KindName,
  object: unknown,
  namespace: string,
  inventory: Inventory<'PodDisruptionBudget'>,
): Relation<Kinds['PodDisruptionBudget']> {
  return typeof object === 'object' && object
    ? budgetsOver(object, inventory, kind, namespace)
    : { found: [], unsure: [] }
}

const budgetsOver = oncePerReview(
  (
    object: object,
    inventory: Inventory<'PodDisruptionBudget'>,
    kind: KindName,
    namespace: string,
  ): Relation<Kinds['PodDisruptionBudget']> => {
    const keys = podLabelKeys(kind, object)
    return related('PodDisruptionBudget', namespace, inventory, budgetFiling, keys, (budget) =>
      selectsTemplate(budgetSelector(budget), kind, object),
    )
  },
)

/**
 * The workloads whose pods a budget of this namespace selects. A ReplicaSet of a Deployment or a Rollout and a Job of a
 * CronJob are left out: their owner stands for them, as it does for the disruption controller.
 */
export function workloadsOf(
  budget: Kinds['PodDisruptionBudget'],
  namespace: string,
  inventory: Inventory<WitnessKind>,
): Relation<Witness> {
  return workloadsSelected(budgetSelector(budget), selectorKeys(budget.spec?.selector), namespace, inventory)
}

/**
 * The workloads of this namespace whose pods a selector selects; `keys` as of `selectorKeys`. Owners stand as above. A
 * Rollout that takes the template of another object has that template here.
 */
export function workloadsSelected(
  selector: Selector,
  keys: readonly string[] | undefined,
  namespace: string,
  inventory: Inventory<WitnessKind>,
): Relation<Witness> {
  const workloads: Witness[] = []
  const missing: KindName[] = []
  const isSelected = (object: Kinds[WitnessKind], kind: WitnessKind): boolean | Unknown | KindName => {
    const selected = selectsTemplate(selector, kind, withTemplate(kind, object, namespace, inventory))
    return selected !== false && isRepresented(kind, object) ? false : selected
  }
  for (const kind of witnessKinds) {
    const { found, unsure } = related(kind, namespace, inventory, podFilings[kind], keys, isSelected)
    // The list of a kind holds objects of that kind; the compiler cannot pair the two across the union.
    for (const object of found)
      workloads.push({ kind, object: withTemplate(kind, object, namespace, inventory) } as Witness)
    missing.push(...unsure)
  }
  return { found: workloads, unsure: missing.length > 1 ? [...new Set(missing)] : missing }
}

/** The Pods of this namespace that a budget selects, whoever owns them and in whatever phase. The webhook knows none. */
export function podsOf(
  budget: Kinds['PodDisruptionBudget'],
  namespace: string,
  inventory: Inventory<'Pod'>,
): Relation<Kinds['Pod']> {
  const selector = budgetSelector(budget)
  return related('Pod', namespace, inventory, podFilings.Pod, selectorKeys(budget.spec?.selector), (pod) =>
    selectsPods(selector, 'Pod', pod),
  )
}

/** The autoscalers of this namespace that target a workload. */
export function autoscalersOf(
  workload: Scalable,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): Relation<Kinds['HorizontalPodAutoscaler']> {
  return autoscalersAt(workload, inventory, namespace)
}

const autoscalersAt = oncePerReview(
  (
    workload: Scalable,
    inventory: Inventory<'HorizontalPodAutoscaler'>,
    namespace: string,
  ): Relation<Kinds['HorizontalPodAutoscaler']> => {
    const name = nameOf(workload)
    const keys = isVariable(name) ? undefined : [`${workload.kind ?? ''}/${name}`]
    return related('HorizontalPodAutoscaler', namespace, inventory, targetFiling, keys, (autoscaler) =>
      targets(autoscaler, workload),
    )
  },
)

/** The workload of this namespace that an autoscaler targets, if it is there and of a kind with a scale. */
export function scaledBy(
  autoscaler: Kinds['HorizontalPodAutoscaler'],
  namespace: string,
  inventory: Inventory<(typeof scalableKinds)[number]>,
): Relation<Witness> {
  const target: unknown = autoscaler.spec?.scaleTargetRef
  const kind = scalableKinds.find((kind) => kind === memberOf(target, 'kind'))
  const name = stringOf(memberOf(target, 'name'))
  if (!kind || name === undefined) return { found: [], unsure: [] }
  const object = inventory.get(kind, namespace, name)
  if (object === unknown || (!object && isVariable(name))) return { found: [], unsure: [kind] }
  if (!object || targets(autoscaler, object) !== true) return { found: [], unsure: [] }
  if (inventory.uncertain(object)) return { found: [], unsure: [kind] }
  // As above.
  return { found: [{ kind, object } as Witness], unsure: [] }
}

/**
 * The budgets that an object under review may touch: itself, those over its pods, or those over the pods that it scales.
 * A rule about budgets finds its pairs by this from whichever side is reviewed.
 */
export function budgetsAround(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<'PodDisruptionBudget' | (typeof scalableKinds)[number]>,
): Relation<Kinds['PodDisruptionBudget']> {
  // The kind says which object it is.
  if (kind === 'PodDisruptionBudget') return { found: [object], unsure: [] }
  const over = (kind: KindName, object: object) =>
    budgetsOf(kind, withTemplate(kind, object, namespace, inventory), namespace, inventory)
  if (kind !== 'HorizontalPodAutoscaler') return over(kind, object)
  const scaled = scaledBy(object, namespace, inventory)
  const budgets = scaled.found.map((workload) => over(workload.kind, workload.object))
  return {
    found: budgets.flatMap(({ found }) => found),
    unsure: [...scaled.unsure, ...budgets.flatMap(({ unsure }) => unsure)],
  }
}

/**
 * What passes the test among the objects filed under one of the keys, or under any; among all without keys. A test that
 * wants an object of another kind to tell answers with that kind.
 */
export function related<K extends KindName>(
  kind: K,
  namespace: string,
  inventory: Inventory<K>,
  filing: Filing<Kinds[K]>,
  keys: readonly string[] | undefined,
  test: (object: Kinds[K], kind: K) => boolean | Unknown | KindName,
): Relation<Kinds[K]> {
  const listed = inventory.list(kind, namespace)
  if (listed === unknown) return { found: [], unsure: [kind] }
  // A namespace holds nothing of most kinds.
  if (listed.length === 0) return nothing
  const found: Kinds[K][] = []
  let unsure: Set<KindName> | undefined
  for (const object of keys ? filedUnder(listed, filing, [...keys, anyKey]) : listed) {
    const holds = test(object, kind)
    if (holds === false) continue
    if (holds === true && !inventory.uncertain(object)) found.push(object)
    else (unsure ??= new Set()).add(typeof holds === 'string' ? holds : kind)
  }
  return { found, unsure: unsure ? [...unsure] : [] }
}

const nothing: Relation<never> = Object.freeze({ found: [], unsure: [] })

function budgetFiling(budget: Kinds['PodDisruptionBudget']): readonly string[] {
  return selectsNothing(budget) ? [] : (selectorKeys(budget.spec?.selector) ?? [anyKey])
}

function targetFiling({ spec }: Kinds['HorizontalPodAutoscaler']): readonly string[] {
  const name = stringOf(memberOf(spec?.scaleTargetRef, 'name')) ?? ''
  return [isVariable(name) ? anyKey : `${stringOf(memberOf(spec?.scaleTargetRef, 'kind')) ?? ''}/${name}`]
}

const podFilings = {
  CronJob: podFiling('CronJob'),
  DaemonSet: podFiling('DaemonSet'),
  Deployment: podFiling('Deployment'),
  Job: podFiling('Job'),
  Pod: podFiling('Pod'),
  ReplicaSet: podFiling('ReplicaSet'),
  ReplicationController: podFiling('ReplicationController'),
  Rollout: podFiling('Rollout'),
  StatefulSet: podFiling('StatefulSet'),
} as const

function podFiling(kind: WitnessKind | 'Pod'): Filing<object> {
  return (object) => podLabelKeys(kind, object) ?? [anyKey]
}

const representedBy: ReadonlyMap<KindName, readonly unknown[]> = new Map([
  ['ReplicaSet', ['Deployment', 'Rollout']],
  ['Job', ['CronJob']],
])

/** True for a ReplicaSet of a Deployment or a Rollout and a Job of a CronJob: their owner stands for them. */
export function isRepresented(kind: KindName, object: unknown): boolean {
  return representedBy.get(kind)?.includes(controllerOf(object)?.kind) ?? false
}
