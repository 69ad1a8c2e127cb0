import type { AnyObject, KindName, ObjectRef } from '../sdk/objects.ts'
import type { ObjectStore } from './store.ts'

/** An object that was let in a moment ago. */
export interface AdmittedObject {
  readonly kind: KindName
  readonly namespace: string
  readonly name: string
  readonly object: AnyObject
  /** The resourceVersion of what it replaces; undefined for a new object. */
  readonly replaces: string | undefined
}

/**
 * What this replica has let in and the watch has not brought yet. Such an object stands in the store at once, because
 * the next object of the same release may come within milliseconds; if the watch does not confirm it in time, somebody
 * else has refused it, and what was known before counts again.
 */
export class AdmittedObjects {
  readonly #store: ObjectStore
  readonly #now: () => number
  readonly #keepMs: number
  // In the order in which they were let in.
  readonly #pending = new Map<string, Pending>()

  /** `now` in milliseconds, of which only differences count. */
  constructor(store: ObjectStore, now: () => number, keepMs: number) {
    this.#store = store
    this.#now = now
    this.#keepMs = keepMs
  }

  note(admitted: AdmittedObject): void {
    const { kind, namespace, name, object, replaces } = admitted
    const key = keyOf(kind, namespace, name)
    const earlier = this.#pending.get(key)
    this.#pending.delete(key)
    if (this.#pending.size >= mostPending) this.#giveUp(this.#pending.keys().next().value ?? key)
    const before = earlier ? earlier.before : this.#store.get(kind, namespace, name)
    this.#pending.set(key, {
      admitted: { ...admitted, replaces: earlier?.admitted.replaces ?? replaces },
      before,
      since: this.#now(),
    })
    this.#store.put(kind, namespace, name, object)
  }

  /** True where the watch has not brought the object yet. */
  has({ kind, namespace, name }: ObjectRef): boolean {
    return this.#pending.size > 0 && this.#pending.has(keyOf(kind, namespace, name))
  }

  /** Whether the store must not be told of an object that the watch brings: it is older than what was let in. */
  outlives(kind: KindName, namespace: string, name: string, object: AnyObject | undefined): boolean {
    if (this.#pending.size === 0) return false
    const key = keyOf(kind, namespace, name)
    const pending = this.#pending.get(key)
    if (!pending) return false
    if (isOlder(object, pending.admitted.replaces)) {
      this.#pending.set(key, { ...pending, before: object })
      return true
    }
    this.#pending.delete(key)
    return false
  }

  /** After a fresh list of a kind was put into the store: what it does not hold yet is put in again. */
  relisted(kind: KindName): void {
    for (const { admitted } of this.#pending.values()) {
      if (admitted.kind !== kind) continue
      const { namespace, name, object } = admitted
      // What the store holds under a kind are objects of the cluster.
      const listed = this.#store.get(kind, namespace, name) as AnyObject | undefined
      if (this.outlives(kind, namespace, name, listed)) this.#store.put(kind, namespace, name, object)
    }
  }

  /** Puts back what was known before wherever nobody confirmed what was let in. */
  sweep(): void {
    if (this.#pending.size === 0) return
    const oldest = this.#now() - this.#keepMs
    for (const [key, { since }] of this.#pending) {
      if (since > oldest) return
      this.#giveUp(key)
    }
  }

  #giveUp(key: string): void {
    const pending = this.#pending.get(key)
    if (!pending) return
    this.#pending.delete(key)
    const { kind, namespace, name } = pending.admitted
    if (pending.before) this.#store.put(kind, namespace, name, pending.before)
    else this.#store.delete(kind, namespace, name)
  }
}

interface Pending {
  readonly admitted: AdmittedObject
  /** What the watch brought last. */
  readonly before: object | undefined
  readonly since: number
}

// A watch that is broken while thousands are let in must not hold them all twice.
const mostPending = 2000

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`
}

/**
 * True for what was there before: nothing, where an object is new; the version that is replaced, or one before it.
 * Versions of one resource are comparable as numbers (KEP-5504); what is no number is compared for equality.
 */
function isOlder(object: AnyObject | undefined, replaces: string | undefined): boolean {
  if (!object) return replaces === undefined
  if (replaces === undefined) return false
  const version = object.metadata?.resourceVersion ?? ''
  if (version === replaces) return true
  return digits.test(version) && digits.test(replaces) && BigInt(version) < BigInt(replaces)
}

const digits = /^\d{1,20}$/
