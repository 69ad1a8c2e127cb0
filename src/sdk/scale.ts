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
 * reconcileAutoscaler). Unknown for values that are none, and for several autoscalers, which fight.
 */
export function scaleOf(workload: Scalable, autoscalers: readonly Autoscaler[]): Scale | Unknown {
  const desired = countOr(workload.spec?.replicas, 1)
  if (desired === unknown) return unknown
  const [autoscaler, second] = autoscalers
  if (!autoscaler) return { current: desired, floor: desired, ceiling: desired }
  if (second) return unknown
  const floor = countOr(autoscaler.spec?.minReplicas, 1)
  const ceiling = countOr(autoscaler.spec?.maxReplicas, unknown)
  if (floor === unknown || ceiling === unknown) return unknown
  if (desired === 0 && floor !== 0) return { current: 0, floor: 0, ceiling: 0 }
  const current = desired === 0 ? 0 : Math.min(Math.max(desired, floor), ceiling)
  return { current, floor, ceiling }
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

function countOr(value: unknown, absent: number | Unknown): number | Unknown {
  if (value === undefined || value === null) return absent
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : unknown
}
