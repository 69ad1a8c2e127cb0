import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { autoscalersOf } from './relations.ts'
import { scaleOf } from './scale.ts'
import type { Backend } from './services.ts'

/**
 * The least number of pods that a workload runs: of a DaemonSet undefined, for it has one on each node that it is meant
 * for; unknown where an autoscaler may decide that is not known.
 */
export function leastReplicas(
  { kind, object }: Backend,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
): number | Unknown | undefined {
  switch (kind) {
    case 'DaemonSet':
      return undefined
    case 'Pod':
      return 1
    case 'CronJob':
    case 'Job':
      return 0
    default: {
      const { found, unsure } = autoscalersOf(object, namespace, inventory)
      const scale = unsure.length > 0 ? unknown : scaleOf(object, found)
      return scale === unknown ? unknown : scale.floor
    }
  }
}
