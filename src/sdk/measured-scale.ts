import { unknown, type Inventory } from './inventory.ts'
import type { KindName, Kinds } from './objects.ts'
import { autoscalersOf } from './relations.ts'
import { scaleOf, setsReplicas, type Scalable, type Scale } from './scale.ts'
import { memberOf } from './shape.ts'

/** A scale, and the autoscalers that were reckoned with. */
export type MeasuredScale = Scale & { readonly autoscalers: readonly Kinds['HorizontalPodAutoscaler'][] }

/** For want of what a scale is not known: autoscalers, or a number of the workload itself that nobody can read. */
export type ScaleGap = 'HorizontalPodAutoscaler' | 'value'

/** The scale of a workload under the autoscalers that the inventory holds, or what is missing to tell. */
export function measuredScale(
  workload: Scalable,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): MeasuredScale | ScaleGap {
  const { found, unsure } = autoscalersOf(workload, namespace, inventory)
  if (unsure.length > 0) return 'HorizontalPodAutoscaler'
  // Who leaves replicas out has one, or leaves it to an autoscaler that these files do not hold.
  if (found.length === 0 && !inventory.complete && !setsReplicas(workload)) return 'HorizontalPodAutoscaler'
  const scale = scaleOf(workload, found)
  if (scale === unknown) return found.length > 0 ? 'HorizontalPodAutoscaler' : 'value'
  return { ...scale, autoscalers: found }
}

/**
 * How many pods of an object there are at a time: one of a Pod, the parallelism of a Job. Undefined for a kind whose
 * number nobody types: of a DaemonSet the nodes decide.
 */
export function podCountOf(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): MeasuredScale | ScaleGap | undefined {
  switch (kind) {
    case 'Pod':
      return fixed(1)
    case 'Job':
      return atATime(memberOf(object, 'spec'))
    case 'CronJob':
      return atATime(memberOf(memberOf(memberOf(object, 'spec'), 'jobTemplate'), 'spec'))
    case 'Deployment':
    case 'ReplicaSet':
    case 'ReplicationController':
    case 'Rollout':
    case 'StatefulSet':
      return measuredScale(object, namespace, inventory)
    default:
      return undefined
  }
}

function fixed(count: number): MeasuredScale {
  return { current: count, floor: count, ceiling: count, autoscalers: [] }
}

function atATime(spec: unknown): MeasuredScale | 'value' {
  const parallelism = memberOf(spec, 'parallelism') ?? 1
  const completions = memberOf(spec, 'completions') ?? Infinity
  if (typeof parallelism !== 'number' || typeof completions !== 'number') return 'value'
  return fixed(Math.min(parallelism, completions))
}
