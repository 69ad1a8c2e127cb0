import { unknown, type Inventory, type Unknown } from '../sdk/inventory.ts'
import { withObject } from '../sdk/filed-lists.ts'
import type { AnyObject, KindName, Kinds } from '../sdk/objects.ts'

/**
 * The inventory as it will be once the request has passed: the object under review stands in the place of its cached
 * copy, so that a policy finds its pairs from whichever side is reviewed. For the ratchet the old object does.
 */
export class Overlay implements Inventory {
  readonly #base: Inventory
  readonly #kind: KindName
  readonly #namespace: string
  readonly #name: string
  readonly #object: AnyObject
  // An overlay lives for one review, in which nothing changes.
  readonly #lists = new Map<string | undefined, readonly AnyObject[]>()

  constructor(base: Inventory, kind: KindName, namespace: string, name: string, object: AnyObject) {
    this.#base = base
    this.#kind = kind
    this.#namespace = namespace
    this.#name = name
    this.#object = object
  }

  get complete(): boolean {
    return this.#base.complete
  }

  list<N extends KindName>(kind: N, namespace?: string): readonly Kinds[N][] | Unknown {
    const listed = this.#base.list(kind, namespace)
    if (kind !== this.#kind || listed === unknown) return listed
    if (namespace !== undefined && namespace !== this.#namespace) return listed
    // The kind was compared above; the compiler cannot carry that over to the type parameter.
    const own = this.#object as Kinds[N]
    const known = this.#lists.get(namespace) as readonly Kinds[N][] | undefined
    const list = known ?? withObject(listed, own, this.#replacedIn(listed))
    this.#lists.set(namespace, list)
    return list
  }

  get<N extends KindName>(kind: N, namespace: string, name: string): Kinds[N] | undefined | Unknown {
    const isOwn = kind === this.#kind && namespace === this.#namespace && name === this.#name
    return isOwn ? this.#object : this.#base.get(kind, namespace, name)
  }

  uncertain(object: object): boolean {
    return this.#base.uncertain(object)
  }

  #replacedIn<T extends AnyObject>(listed: readonly T[]): readonly T[] {
    const cached = this.#base.get(this.#kind, this.#namespace, this.#name)
    if (cached === undefined || cached === unknown) return []
    if (this.#base.uncertain(cached)) return listed.filter((other) => this.#isSame(other))
    // Who holds an object lists it.
    return [cached as unknown as T]
  }

  #isSame(other: AnyObject): boolean {
    if (other.metadata?.name !== this.#name) return false
    // Files may leave the namespace out; then the list that was asked for has said it.
    return (other.metadata.namespace ?? this.#namespace) === this.#namespace
  }
}
