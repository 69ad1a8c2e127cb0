import { unknown, type Unknown } from './inventory.ts'
import { groupOf, type scalableKinds } from './kinds.ts'
import type { Kinds } from './objects.ts'
import { memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

export type Scalable = Kinds[(typeof scalableKinds)[number]]
type Autoscaler = Kinds['HorizontalPodAutoscaler']

/** How many pods a workload has: now, at the least and at the most that its autoscaler may make of it. */
export interface Scale {
  readonly current: number
  readonly floor: number
  readonly ceiling: number
}

/**
 * The scale of a workload under the autoscalers that target it. Without one, or while it is disabled (0 replicas under
 * a minReplicas that is not 0), the desired replicas are all three. An autoscaler raises a workload to minReplicas and
 * lowers it to maxReplicas even without any metric (kubernetes/pkg/controller/podautoscaler/horizontal.go
 * reconcileAutoscaler). Several do that, and no more: by metrics none of them scales (AmbiguousSelector), so that the
 * replicas stay what they are. Unknown for values that are none, for several autoscalers whose bounds exclude each other,
 * which fight, and under several where the workload does not say its replicas: whoever applies it leaves those that run.
 */
export function scaleOf(workload: Scalable, autoscalers: readonly Autoscaler[]): Scale | Unknown {
  const desired = countOr(workload.spec?.replicas, 1)
  if (desired === unknown) return unknown
  if (autoscalers.length === 0) return still(desired)
  let [floor, ceiling] = [0, Infinity]
  for (const { spec } of autoscalers) {
    const least = countOr(spec?.minReplicas, 1)
    const most = countOr(spec?.maxReplicas, unknown)
    if (least === unknown || most === unknown) return unknown
    floor = Math.max(floor, least)
    ceiling = Math.min(ceiling, most)
  }
  if (desired === 0 && floor !== 0) return still(0)
  if (autoscalers.length > 1 && (floor > ceiling || (floor < ceiling && !setsReplicas(workload)))) return unknown
  const current = desired === 0 ? 0 : Math.min(Math.max(desired, floor), ceiling)
  return autoscalers.length > 1 ? still(current) : { current, floor, ceiling }
}

/** The scale of a workload under the autoscalers found to target it; undefined where that is not known. */
export function knownScaleOf(
  workload: Scalable,
  { found, unsure }: { readonly found: readonly Autoscaler[]; readonly unsure: readonly unknown[] },
): Scale | undefined {
  const scale = unsure.length > 0 ? unknown : scaleOf(workload, found)
  return scale === unknown ? undefined : scale
}

/**
 * Whether an autoscaler of the same namespace targets the workload: kind, API group and name must agree. Unknown where
 * a `${VARIABLE}` stands for either name.
 */
export function targets(autoscaler: Autoscaler, workload: Scalable): boolean | Unknown {
  const target: unknown = autoscaler.spec?.scaleTargetRef
  if (memberOf(target, 'kind') !== workload.kind) return false
  const group = groupOf(stringOf(memberOf(target, 'apiVersion')) ?? '')
  if (group !== groupOf(stringOf(workload.apiVersion) ?? '')) return false
  const wanted = memberOf(target, 'name')
  const name = workload.metadata?.name
  if (wanted === name) return typeof wanted === 'string'
  return isVariable(wanted) || isVariable(name) ? unknown : false
}

/** True if the workload says itself how many replicas it wants. */
export function setsReplicas(workload: Scalable): boolean {
  return (recordOf(workload.spec)?.['replicas'] ?? undefined) !== undefined
}

function still(replicas: number): Scale {
  return { current: replicas, floor: replicas, ceiling: replicas }
}

function countOr(value: unknown, absent: number | Unknown): number | Unknown {
  if (value === undefined || value === null) return absent
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : unknown
}
