import { budgetOf, selectsNothing, type Budget } from './budgets.ts'
import { coverOf, replicasOf, type Cover, type CoverKind } from './budget-cover.ts'
import { unknown, type Inventory } from './inventory.ts'
import { groupOf } from './kinds.ts'
import { nameOf } from './names.ts'
import type { AnyObject, KindName, Kinds } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import { controllerOf } from './owners.ts'
import { memberOf, stringOf } from './shape.ts'

/** An object by kind and name, as messages and relations name it. */
export interface Named {
  readonly kind: string
  readonly name: string
}

/** Whether the disruption controller can count the pods of a budget. */
export type Counting =
  | { readonly state: 'counted' }
  | { readonly state: 'unresolved'; readonly kinds: readonly KindName[] }
  /** It cannot, and then allows no disruption of any of them: for want of a scale, or of any controller at all. */
  | {
      /** `passing-job`: only Jobs that are deleted once they have ended. */
      readonly state: 'no-scale' | 'finished-job' | 'passing-job' | 'only-bare'
      readonly budget: Budget
      /** Pods can go under an integer minAvailable, which needs no scale: not where one replica is all that stays. */
      readonly countable: boolean
      /** Whose pods they are; the pods themselves where they are left over or nobody's. */
      readonly owners: readonly [Named, ...Named[]]
    }
  /** It counts pods of Jobs that will have ended; what is left then is not more than must stay. */
  | {
      readonly state: 'finished-job-integer'
      readonly budget: Budget
      readonly owners: readonly [Named, ...Named[]]
      readonly replicas: number
      readonly workloads: readonly Named[]
    }

/**
 * Whether the pods of a budget can be counted. With maxUnavailable or a percentage the disruption controller reads the
 * scale of every owner of every pod, also of one that has ended, and one owner without a scale fails the whole budget
 * (kubernetes/pkg/controller/disruption/disruption.go getExpectedScale, getScaleController). An integer minAvailable
 * counts pods.
 */
export function countingOf(
  object: Kinds['PodDisruptionBudget'],
  namespace: string,
  inventory: Inventory<CoverKind>,
): Counting {
  return countingIn(object, inventory, namespace)
}

const countingIn = oncePerReview(
  (object: Kinds['PodDisruptionBudget'], inventory: Inventory<CoverKind>, namespace: string): Counting => {
    if (selectsNothing(object)) return counted
    const budget = budgetOf(object.spec)
    if (budget === unknown) return { state: 'unresolved', kinds: ['PodDisruptionBudget'] }
    if (budget === undefined || budget.form === 'unspecified') return counted
    const cover = coverOf(object, namespace, inventory)
    if (budget.form === 'maxUnavailable' || budget.amount.unit === 'percent')
      return byScale(budget, cover, namespace, inventory)
    return byPods(budget, budget.amount.value, cover, namespace, inventory)
  },
)

const counted = Object.freeze({ state: 'counted' as const })

function byScale(budget: Budget, cover: Cover, namespace: string, inventory: Inventory<CoverKind>): Counting {
  const { countless, foreign, leftover, scalable, unsure, bare } = cover
  const scaleless = foreign.flatMap((pod) => {
    const owner = controllerOf(pod)
    const kind = stringOf(owner?.kind) ?? ''
    const name = stringOf(owner?.name) ?? ''
    return withoutScale.has(`${groupOf(owner?.apiVersion ?? '')}/${kind}`) ? [{ kind, name }] : []
  })
  const passing = new Set(countless.flatMap(({ kind, object }) => (isPassing(kind, object) ? [nameOf(object)] : [])))
  const staying = leftover.filter((pod) => !passing.has(stringOf(controllerOf(pod)?.name) ?? ''))
  const ended = staying.map((pod) => ({ kind: 'Pod', name: nameOf(pod) }))
  const [first, ...others] = [...countless.map(named), ...distinct(scaleless), ...ended]
  if (first) {
    const jobs = countless.every(({ kind }) => kind !== 'DaemonSet') && scaleless.length === 0
    const [pod, ...pods] = ended
    const countable = scalable.length === 0 || leastOf(cover, namespace, inventory) > 1
    if (jobs && pod) return { state: 'finished-job', budget, countable, owners: [pod, ...pods] }
    const state = jobs && passing.size === countless.length ? 'passing-job' : 'no-scale'
    return { state, budget, countable, owners: [first, ...others] }
  }
  const missing = unsure.filter((kind) => kind === 'CronJob' || kind === 'DaemonSet' || kind === 'Job')
  if (missing.length > 0) return { state: 'unresolved', kinds: missing }
  const [pod, ...pods] = bare.map((object) => ({ kind: 'Pod', name: nameOf(object) }))
  const alone = pod && scalable.length === 0 && foreign.length === 0 && unsure.length === 0
  return alone ? { state: 'only-bare', budget, countable: pods.length > 0, owners: [pod, ...pods] } : counted
}

/** The least number of replicas that the scalable workloads have together; 0 where it is not known. */
function leastOf(cover: Cover, namespace: string, inventory: Inventory<CoverKind>): number {
  const replicas = replicasOf(cover, namespace, inventory)
  return 'current' in replicas ? Math.min(replicas.current, replicas.least) : 0
}

/**
 * True for a Job that is deleted once it has ended, and its pods with it: by the control plane, Helm or Argo CD. One that
 * has failed may stay.
 */
function isPassing(kind: KindName, object: AnyObject): boolean {
  if (kind !== 'Job') return false
  if ((memberOf(memberOf(object, 'spec'), 'ttlSecondsAfterFinished') ?? undefined) !== undefined) return true
  return Object.entries(deletedBy).some(([annotation, policy]) =>
    (stringOf(memberOf(object.metadata?.annotations, annotation)) ?? '').split(/\s*,\s*/).includes(policy),
  )
}

const deletedBy = {
  'helm.sh/hook-delete-policy': 'hook-succeeded',
  'argocd.argoproj.io/hook-delete-policy': 'HookSucceeded',
}

function byPods(
  budget: Budget,
  asked: number,
  cover: Cover,
  namespace: string,
  inventory: Inventory<CoverKind>,
): Counting {
  const [job, ...jobs] = cover.countless.map(named)
  // How many pods a DaemonSet has is for the nodes to say.
  if (!job || cover.countless.some(({ kind }) => kind === 'DaemonSet')) return counted
  if (cover.unsure.length > 0) return { state: 'unresolved', kinds: cover.unsure }
  const replicas = replicasOf(cover, namespace, inventory)
  if (!('current' in replicas)) return { state: 'unresolved', kinds: [...replicas.missing, ...replicas.there] }
  if (replicas.current === 0 || asked < replicas.current) return counted
  const workloads = cover.scalable.map(named)
  return { state: 'finished-job-integer', budget, owners: [job, ...jobs], replicas: replicas.current, workloads }
}

// Controllers of pods that serve no scale: the kubelet's own pods belong to their Node, and these resources do without.
const withoutScale: ReadonlySet<string> = new Set(['/Node', 'core.strimzi.io/StrimziPodSet', 'ray.io/RayCluster'])

function named({ kind, object }: { readonly kind: KindName; readonly object: object }): Named {
  return { kind, name: nameOf(object) }
}

function distinct(owners: readonly Named[]): readonly Named[] {
  return [...new Map(owners.map((owner) => [`${owner.kind}/${owner.name}`, owner])).values()]
}
