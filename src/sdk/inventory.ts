import type { KindName, Kinds, ObjectRef } from './objects.ts'

/** What the inventory cannot say: the kind is not synced, not given, or the answer depends on a variant. */
export const unknown = Symbol('unknown')
export type Unknown = typeof unknown

/**
 * What is known of other objects, from files or from list and watch. Answers never touch the network.
 * Objects carry apiVersion and kind, also where the API server leaves them out in lists.
 */
export interface Inventory<K extends KindName = KindName> {
  /**
   * All objects of a kind: of one namespace, or of the whole cluster where `namespace` is left out or the kind is
   * cluster-scoped. Variants (see `uncertain`) are among them.
   */
  list<N extends K>(kind: N, namespace?: string): readonly Kinds[N][] | Unknown
  /** One object; undefined if it is known not to be in the inventory; `namespace` is '' for cluster-scoped kinds. */
  get<N extends K>(kind: N, namespace: string, name: string): Kinds[N] | undefined | Unknown
  /** True if the object is one of several variants under one identity: what depends on it is unresolved. */
  uncertain(object: object): boolean
  /** True if what the inventory does not hold does not exist. False for files without `--complete`. */
  readonly complete: boolean
}

/** What the engine asks of an inventory beyond what a policy may see. */
export interface InventorySource extends Inventory {
  /** True while a kind is not synced yet, or its watch made no progress for longer than allowed. */
  stale(kind: KindName): boolean
  /**
   * True for an object that was let in a moment ago and is not known to exist yet: somebody else may have refused it.
   * What a finding makes of it counts as stale.
   */
  unconfirmed?(object: ObjectRef): boolean
}
