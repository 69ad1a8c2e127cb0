import type { Inventory } from './inventory.ts'
import { scalableKinds } from './kinds.ts'
import type { KindName, Kinds } from './objects.ts'
import type { ScalableWitness } from './budget-cover.ts'
import { autoscalersOf, scaledBy, type Relation } from './relations.ts'

export type ScalableKind = (typeof scalableKinds)[number]

/** An autoscaler and the workload that it targets. */
export interface ScalingPair {
  readonly autoscaler: Kinds['HorizontalPodAutoscaler']
  readonly workload: ScalableWitness
}

/** The pairs that an object under review is part of, from whichever side. */
export function scalingPairs(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler' | ScalableKind>,
): Relation<ScalingPair> {
  if (kind === 'HorizontalPodAutoscaler') {
    const { found, unsure } = scaledBy(object, namespace, inventory)
    // Only kinds with a scale are looked up as targets.
    return { found: found.map((workload) => ({ autoscaler: object, workload: workload as ScalableWitness })), unsure }
  }
  const scalable = scalableKinds.find((each) => each === kind)
  if (!scalable) return { found: [], unsure: [] }
  // The kind says which object it is.
  const workload = { kind: scalable, object } as ScalableWitness
  const { found, unsure } = autoscalersOf(workload.object, namespace, inventory)
  return { found: found.map((autoscaler) => ({ autoscaler, workload })), unsure }
}
