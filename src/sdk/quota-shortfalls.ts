import type { ContainerResources, EffectiveResources } from './effective-resources.ts'
import { unknown, type Inventory } from './inventory.ts'
import { scalableKinds } from './kinds.ts'
import type { KindName, Kinds } from './objects.ts'
import type { PodSpecView } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { addQuantities, compareQuantities, multiplyQuantity, type Quantity } from './quantities.ts'
import { hasPodLevelResources, matchesPod, scopedPod } from './quota-scopes.ts'
import { demandedBy, grantsOf, podUsage, type Demand, type Grant } from './quota-usage.ts'
import { autoscalersOf } from './relations.ts'
import { valueOf } from './resource-values.ts'
import { scaleOf, type Scalable } from './scale.ts'
import { listOf, memberOf } from './shape.ts'

type Quota = Kinds['ResourceQuota']
export type QuotaReads = 'HorizontalPodAutoscaler' | 'PriorityClass'

/** The pods of an object as quotas see them. */
export interface QuotaSubject {
  readonly kind: KindName
  readonly object: object
  readonly namespace: string
  readonly view: PodSpecView
  readonly resources: EffectiveResources
}

/** A value that a container lacks and a quota wants. */
export interface Unspecified extends Demand {
  readonly quota: Quota
  readonly key: string
  readonly container: ContainerResources
  readonly path: string
}

/**
 * The values for want of which the quotas refuse the pods of an object: of cpu and memory alone, of every container that
 * is not ephemeral, and none at all once the pod as a whole has any (kubernetes/pkg/quota/v1/evaluator/core/pods.go
 * Constraints). A 0 is a value. One for each place, with the first quota that wants it.
 */
export function* unspecified(
  { view, resources }: QuotaSubject,
  quotas: readonly Quota[],
  inventory: Inventory<QuotaReads>,
): Generator<Unspecified | Unresolved, void, undefined> {
  if (hasPodLevelResources(view.spec)) return
  const wanted = new Map<Demand, { readonly quota: Quota; readonly key: string }>()
  for (const { quota, grants, applies } of covering(view, resources, quotas, inventory)) {
    for (const { key } of grants) {
      const demand = demandedBy(key)
      if (!demand) continue
      if (applies === unknown) yield unresolved('value')
      else if (!wanted.has(demand)) wanted.set(demand, { quota, key })
    }
  }
  for (const [{ field, resource }, { quota, key }] of wanted) {
    for (const container of resources.containers) {
      // What a variant of a LimitRange gives it gives, whatever that is.
      if (valueOf(container[field], resource)) continue
      yield { field, resource, quota, key, container, path: container.path + pointer('resources', field, resource) }
    }
  }
}

/** A grant of a quota that is too small for what is yet to come. */
export interface Exhausted extends Grant {
  readonly quota: Quota
  readonly hard: Quantity
  /** How many pods, or claims, are yet to come, and what they need together. */
  readonly coming: number
  readonly needed: Quantity
}

/** The grants that the pods yet to come exceed, with what is used already as far as that is known. */
export function* exhausted(
  subject: QuotaSubject,
  coming: number,
  quotas: readonly Quota[],
  inventory: Inventory<QuotaReads>,
): Generator<Exhausted | Unresolved, void, undefined> {
  if (coming <= 0) return
  for (const { quota, grants, applies } of covering(subject.view, subject.resources, quotas, inventory)) {
    if (applies !== true) continue
    for (const grant of grants) {
      const each = podUsage(grant.key, subject.resources)
      if (each === undefined || each === unknown || each.nano === 0n) continue
      if (grant.hard === unknown) {
        yield unresolved('value')
        continue
      }
      const needed = multiplyQuantity(each, coming)
      if (compareQuantities(addQuantities(grant.used, needed), grant.hard) > 0)
        yield { ...grant, quota, hard: grant.hard, coming, needed }
    }
  }
}

/** How many pods an object has yet to get: those that it wants, without those that its status counts. */
export function comingPods(
  { kind, object, namespace }: QuotaSubject,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): number | Unresolved {
  const status = memberOf(object, 'status')
  if (kind === 'Pod') return countOf(memberOf(status, 'phase') === undefined ? 1 : 0)
  if (kind === 'Job') {
    const spec = memberOf(object, 'spec')
    if (memberOf(spec, 'suspend') === true || listOf(memberOf(status, 'conditions')).length > 0) return 0
    const parallelism = countOf(memberOf(spec, 'parallelism') ?? 1)
    return (
      Math.min(parallelism, countOf(memberOf(spec, 'completions') ?? parallelism)) - countOf(memberOf(status, 'active'))
    )
  }
  const current = currentPods(kind, object, namespace, inventory)
  return typeof current === 'number' ? current - countOf(memberOf(status, 'replicas')) : current
}

/** How many pods a workload with a scale runs under its autoscalers; 0 for other kinds, whose number others decide. */
export function currentPods(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): number | Unresolved {
  if (!scalableKinds.some((each) => each === kind)) return 0
  // The kind says which object it is.
  const workload: Scalable = object
  const { found, unsure } = autoscalersOf(workload, namespace, inventory)
  const scale = unsure.length > 0 ? unknown : scaleOf(workload, found)
  return scale === unknown ? unresolved('HorizontalPodAutoscaler') : scale.current
}

interface Covering {
  readonly quota: Quota
  readonly grants: readonly Grant[]
  readonly applies: ReturnType<typeof matchesPod>
}

/** The quotas whose scopes hold for the pods, or may hold. */
function covering(
  { spec }: PodSpecView,
  resources: EffectiveResources,
  quotas: readonly Quota[],
  inventory: Inventory<QuotaReads>,
): readonly Covering[] {
  if (quotas.length === 0) return []
  const pod = scopedPod(spec, resources, inventory)
  return quotas.flatMap((quota) => {
    const applies = inventory.uncertain(quota) ? unknown : matchesPod(quota, pod)
    return applies === false ? [] : { quota, grants: grantsOf(quota), applies }
  })
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}
