import { unknown, type InventorySource } from '../sdk/inventory.ts'

/** The inventory of a webhook that was started without a cluster: it knows nothing, so nothing is denied for what it reads. */
export const noInventory: InventorySource = Object.freeze({
  complete: false,
  list: () => unknown,
  get: () => unknown,
  uncertain: () => false,
  stale: () => true,
})
