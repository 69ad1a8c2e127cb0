import { unknown, type Inventory } from './inventory.ts'
import { containerDefaults } from './limit-ranges.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { valueOf } from './resource-values.ts'
import { memberOf } from './shape.ts'

/**
 * True if the namespace wants a cpu limit on every container whatever its author thinks: a ResourceQuota on limits.cpu
 * refuses pods without one, and a LimitRange with a default puts it back. Scopes of quotas are not looked at: to name a
 * limit where none is demanded is the lesser fault.
 */
export function demandsCpuLimit(
  inventory: Inventory<'LimitRange' | 'ResourceQuota'>,
  namespace: string,
): boolean | Unresolved {
  const quotas = inventory.list('ResourceQuota', namespace)
  if (quotas === unknown) return unresolved('ResourceQuota')
  const limiting = quotas.filter((quota) => memberOf(quota.spec?.hard, 'limits.cpu') !== undefined)
  if (limiting.some((quota) => !inventory.uncertain(quota))) return true
  const ranges = inventory.list('LimitRange', namespace)
  if (ranges === unknown) return unresolved('LimitRange')
  const giving = ranges.filter((range) => valueOf(containerDefaults([range]).limits, 'cpu') !== undefined)
  if (giving.some((range) => !inventory.uncertain(range))) return true
  if (limiting.length > 0) return unresolved('ResourceQuota')
  return giving.length > 0 ? unresolved('LimitRange') : false
}
