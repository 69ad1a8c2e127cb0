import type { KindName } from '../sdk/objects.ts'

/**
 * Objects by kind, namespace and name. What the inventory made of files and the live one share: it knows nothing of
 * where objects come from, nor of what is missing. Cluster-scoped kinds use the namespace ''.
 */
export class ObjectStore {
  readonly #kinds = new Map<KindName, Shelf>()

  /** Adds an object, or replaces the one of the same kind, namespace and name. */
  put(kind: KindName, namespace: string, name: string, object: object): void {
    const shelf = this.#shelf(kind)
    const names = shelf.namespaces.get(namespace)
    if (names) names.set(name, object)
    else shelf.namespaces.set(namespace, new Map([[name, object]]))
    forget(shelf, namespace)
  }

  /** True if there was such an object. */
  delete(kind: KindName, namespace: string, name: string): boolean {
    const shelf = this.#kinds.get(kind)
    const names = shelf?.namespaces.get(namespace)
    if (!shelf || !names?.delete(name)) return false
    if (names.size === 0) shelf.namespaces.delete(namespace)
    forget(shelf, namespace)
    return true
  }

  /** Drops every object of a kind, before a fresh list of it is put in. */
  clear(kind: KindName): void {
    this.#kinds.delete(kind)
  }

  get(kind: KindName, namespace: string, name: string): object | undefined {
    return this.#kinds.get(kind)?.namespaces.get(namespace)?.get(name)
  }

  /** All objects of a kind, of one namespace or of all. The same array until something changes; callers keep it as it is. */
  list(kind: KindName, namespace?: string): readonly object[] {
    const shelf = this.#kinds.get(kind)
    if (!shelf) return nothing
    if (namespace === undefined)
      return (shelf.all ??= [...shelf.namespaces.values()].flatMap((names) => [...names.values()]))
    const known = shelf.lists.get(namespace)
    if (known) return known
    const names = shelf.namespaces.get(namespace)
    if (!names) return nothing
    const list = [...names.values()]
    shelf.lists.set(namespace, list)
    return list
  }

  /** How many objects of a kind there are. */
  count(kind: KindName): number {
    let count = 0
    for (const names of this.#kinds.get(kind)?.namespaces.values() ?? []) count += names.size
    return count
  }

  #shelf(kind: KindName): Shelf {
    const shelf = this.#kinds.get(kind)
    if (shelf) return shelf
    const fresh: Shelf = { namespaces: new Map(), lists: new Map(), all: undefined }
    this.#kinds.set(kind, fresh)
    return fresh
  }
}

/** One kind: its objects, and the lists made of them that are still true. */
interface Shelf {
  readonly namespaces: Map<string, Map<string, object>>
  readonly lists: Map<string, readonly object[]>
  all: readonly object[] | undefined
}

const nothing: readonly object[] = Object.freeze([])

function forget(shelf: Shelf, namespace: string): void {
  shelf.lists.delete(namespace)
  shelf.all = undefined
}
