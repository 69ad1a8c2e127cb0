import { reachOfClass } from './class-reach.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { unresolved, type Unresolved } from './policy.ts'
import type { ProvisionerParams } from './provisioners.ts'
import { allowedZones, bindsAtOnce } from './storage-classes.ts'
import { isVariable } from './variables.ts'
import { inOneZone } from './zones.ts'

/**
 * What is wrong with binding the claims of a class before their pod is scheduled: the volume fixes the zone or node
 * of a pod that nobody has asked yet. `single-zone-class`, `one-zone` and `one-node` leave nothing to choose;
 * `zone-redundant` volumes reach every zone; `unknown` is a provisioner that no list holds.
 */
export type BindingFault =
  'zonal' | 'node-local' | 'single-zone-class' | 'one-zone' | 'one-node' | 'zone-redundant' | 'unknown'

/**
 * The fault of a class, undefined if it waits for its consumer or its volumes are reachable from everywhere. Unresolved
 * where a `${VARIABLE}` decides, or volumes that are not known.
 */
export function bindingFault(
  storageClass: Kinds['StorageClass'],
  params: ProvisionerParams,
  inventory: Inventory<'Node' | 'PersistentVolume'>,
): BindingFault | Unresolved | undefined {
  const atOnce = bindsAtOnce(storageClass)
  if (!atOnce) return undefined
  const reach = reachOfClass(storageClass, params, inventory)
  if (reach === undefined || reach === 'global') return undefined
  if (atOnce === unknown || isVariable(storageClass.allowedTopologies)) return unresolved('value')
  const nodes = inventory.list('Node')
  if (reach === 'node-local') return nodes !== unknown && nodes.length === 1 ? 'one-node' : reach
  if (reach !== 'zonal') return reach
  if (allowedZones(storageClass)?.size === 1) return 'single-zone-class'
  return nodes !== unknown && inOneZone(nodes) ? 'one-zone' : 'zonal'
}

/** True where the pod of a claim may be stranded away from the volume. */
export function strands(fault: BindingFault): fault is 'zonal' | 'node-local' {
  return fault === 'zonal' || fault === 'node-local'
}
