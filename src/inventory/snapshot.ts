import { unknown, type InventorySource } from '../sdk/inventory.ts'
import type { AnyObject, KindName } from '../sdk/objects.ts'
import { ObjectStore } from './store.ts'

/** What one walk through a cluster found. It fills up as the walk goes on, and knows what it does not know. */
export interface Snapshot {
  readonly inventory: InventorySource
  /** Takes a collection that was read to its end: of one namespace, or of the whole cluster. */
  add(kind: KindName, namespace: string | undefined, objects: readonly AnyObject[]): void
  /** A collection could not be read, or not to its end. */
  lack(kind: KindName): void
}

/** An empty snapshot. A kind is `unknown` until its collection was added, and outside the namespaces that were. */
export function createSnapshot(): Snapshot {
  const store = new ObjectStore()
  const known = new Map<KindName, Set<string> | 'everywhere'>()
  const gaps = new Set<KindName>()
  const isKnown = (kind: KindName, namespace: string | undefined) => {
    const where = known.get(kind)
    return where === 'everywhere' || (namespace !== undefined && (where?.has(namespace) ?? false))
  }
  return {
    inventory: {
      complete: true,
      // The store holds under each kind only what was put there as that kind.
      list: <N extends KindName>(kind: N, namespace?: string) =>
        isKnown(kind, namespace) ? store.list(kind, namespace) : unknown,
      get: <N extends KindName>(kind: N, namespace: string, name: string) =>
        isKnown(kind, namespace) ? store.get(kind, namespace, name) : unknown,
      uncertain: () => false,
      // What was read is as fresh as the report; what was not read must not deny.
      // Secrets are never kept, so they are always unknown, and nothing rests on them.
      stale: (kind) => gaps.has(kind) || (kind !== 'Secret' && !known.has(kind)),
    },
    add(kind, namespace, objects) {
      for (const object of objects)
        store.put(kind, object.metadata?.namespace ?? '', object.metadata?.name ?? '', object)
      const where = known.get(kind)
      if (namespace === undefined) known.set(kind, 'everywhere')
      else if (where !== 'everywhere') known.set(kind, new Set([...(where ?? []), namespace]))
    },
    lack: (kind) => void gaps.add(kind),
  }
}
