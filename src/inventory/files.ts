import type { InventorySource } from '../sdk/inventory.ts'
import type { KindName } from '../sdk/objects.ts'
import { ObjectStore } from './store.ts'

/** An object as the inventory takes it: who it is has been read already. */
export interface Entry {
  readonly kind: KindName
  /** '' for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
  readonly object: object
  /** A patch, or an object that a patch changes: what depends on it is unresolved. */
  readonly uncertain?: boolean
}

/**
 * The inventory of one set of files. It answers at once and is never stale. Entries under one identity are variants
 * of each other: all of them are listed, none is certain.
 */
export function buildInventory(entries: Iterable<Entry>, options: { readonly complete: boolean }): InventorySource {
  const store = new ObjectStore()
  const uncertain = new Set<object>()
  let count = 0
  for (const { kind, namespace, name, object, uncertain: doubtful } of entries) {
    if (doubtful) uncertain.add(object)
    // Names that no object can have: variants and nameless objects are listed but never looked up.
    const unnamed = () => store.put(kind, namespace, `${name}\n${String(count++)}`, object)
    const first = store.get(kind, namespace, name)
    if (name === '') unnamed()
    else if (!first) store.put(kind, namespace, name, object)
    else if (first !== object) {
      uncertain.add(first).add(object)
      unnamed()
    }
  }
  return {
    complete: options.complete,
    list: <N extends KindName>(kind: N, namespace?: string) => store.list(kind, namespace),
    get: <N extends KindName>(kind: N, namespace: string, name: string) => store.get(kind, namespace, name),
    uncertain: (object) => uncertain.has(object),
    stale: () => false,
  }
}
