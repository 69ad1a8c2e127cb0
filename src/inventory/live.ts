import { unknown, type InventorySource } from '../sdk/inventory.ts'
import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject, KindName } from '../sdk/objects.ts'
import { AdmittedObjects, type AdmittedObject } from './admitted.ts'
import { ObjectStore } from './store.ts'

/** What happened to a collection, in order, from whoever follows it. */
export type CollectionChange =
  /** The whole truth at one moment: what is not in it does not exist. */
  | { readonly type: 'replaced'; readonly objects: readonly AnyObject[] }
  | { readonly type: 'put' | 'deleted'; readonly object: AnyObject }
  /** Nothing is outstanding at this moment. */
  | { readonly type: 'current' }
  /** It is tried again by itself. `lost` means that what was known before no longer counts. */
  | {
      readonly type: 'failed'
      readonly failure: { readonly code: string; readonly message: string }
      readonly lost: boolean
    }

/** Follows one collection until the signal is aborted. Reports failures as changes and does not throw them. */
export type Follow = (info: KindInfo, signal: AbortSignal) => AsyncIterable<CollectionChange>

/** Worth a line in the log. Repeated failures of one sort are told once, until it works again or fails otherwise. */
export type InventoryEvent =
  | { readonly type: 'synced'; readonly resource: string; readonly objects: number }
  | { readonly type: 'failed'; readonly resource: string; readonly code: string; readonly message: string }
  | { readonly type: 'recovered'; readonly resource: string }

export interface LiveSettings {
  /** Milliseconds; only differences count. */
  readonly now: () => number
  /** How long an object that was let in is believed to exist before the watch brings it. */
  readonly admittedSeconds: number
  /** How old what we know may be before deny becomes warn. */
  readonly maxStalenessSeconds: number
  readonly onEvent: (event: InventoryEvent) => void
}

export interface ResourceStatus {
  /** As in RBAC: `deployments.apps`, `nodes`. */
  readonly resource: string
  readonly synced: boolean
  readonly stale: boolean
  readonly objects: number
  /** Since the watch last made progress; since the start while nothing is known. */
  readonly ageSeconds: number
  /** What is wrong with it now. */
  readonly error?: string
}

export interface LiveInventory {
  readonly inventory: InventorySource
  /** Tells of an object that was let in: it counts at once, until the watch brings it or the time is up. */
  admitted(object: AdmittedObject): void
  /** Every kind is known. */
  synced(): boolean
  /**
   * Resolves as soon as nothing is left to wait for: every kind is known, or may not be read, which waiting does not
   * mend. Rejects with the signal.
   */
  settled(signal: AbortSignal): Promise<void>
  status(): readonly ResourceStatus[]
  /** Ends every watch. What is known stays known and grows stale. */
  stop(): Promise<void>
}

/**
 * Keeps an inventory of the kinds given by following each. A kind is `unknown` until it is synced, and again when we
 * may no longer read it; a failed connection leaves it known and, in time, stale.
 * @throws Error for a kind that the webhook must never read from the cluster
 */
export function startLiveInventory(follow: Follow, kinds: readonly KindInfo[], settings: LiveSettings): LiveInventory {
  const refused = kinds.filter(({ kind }) => neverHeld.has(kind))
  if (refused.length > 0) throw new Error(`the live inventory holds no ${refused.map(({ kind }) => kind).join(', ')}`)

  const store = new ObjectStore()
  const admitted = new AdmittedObjects(store, settings.now, settings.admittedSeconds * 1000)
  // One for each kind: a signal shared by all would carry a listener for each open request.
  const stopping: AbortController[] = []
  const started = settings.now()
  const shelves = new Map<KindName, Shelf>(
    kinds.map((info) => [info.kind, { info, synced: false, refused: false, progress: started, failure: undefined }]),
  )
  const waiting = new Set<() => void>()
  const isSettled = () => [...shelves.values()].every(({ synced, refused }) => synced || refused)

  const running = [...shelves.values()].map(async (shelf) => {
    const controller = new AbortController()
    stopping.push(controller)
    for await (const change of follow(shelf.info, controller.signal)) {
      apply(change, shelf, store, admitted, settings)
      if (isSettled()) for (const resolve of waiting) resolve()
    }
  })

  const isKnown = (kind: KindName) => shelves.get(kind)?.synced ?? false
  const maxAgeMs = settings.maxStalenessSeconds * 1000
  const isStale = (kind: KindName) => {
    // What nobody follows is unknown, which is no reason to doubt the kinds beside it.
    if (neverHeld.has(kind)) return false
    const shelf = shelves.get(kind)
    return !shelf?.synced || settings.now() - shelf.progress > maxAgeMs
  }

  return {
    inventory: {
      complete: true,
      // The store holds under each kind only what was put there as that kind.
      list<N extends KindName>(kind: N, namespace?: string) {
        admitted.sweep()
        return isKnown(kind) ? store.list(kind, namespace) : unknown
      },
      get<N extends KindName>(kind: N, namespace: string, name: string) {
        admitted.sweep()
        return isKnown(kind) ? store.get(kind, namespace, name) : unknown
      },
      uncertain: () => false,
      unconfirmed: (object) => admitted.has(object),
      stale: isStale,
    },
    admitted(object) {
      if (object.name !== '' && isKnown(object.kind)) admitted.note(object)
    },
    synced: () => [...shelves.values()].every(({ synced }) => synced),
    async settled(signal) {
      signal.throwIfAborted()
      if (isSettled()) return
      await new Promise<void>((resolve, reject) => {
        waiting.add(resolve)
        // The reason of an abort is an Error unless the caller chose otherwise.
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      })
    },
    status() {
      admitted.sweep()
      return [...shelves.values()].map(({ info, synced, progress, failure }) => ({
        resource: resourceOf(info),
        synced,
        stale: isStale(info.kind),
        objects: synced ? store.count(info.kind) : 0,
        ageSeconds: Math.max(0, (settings.now() - progress) / 1000),
        ...(failure ? { error: failure.message } : {}),
      }))
    },
    async stop() {
      for (const controller of stopping) controller.abort()
      await Promise.allSettled(running)
    },
  }
}

// Pods are too many and their templates say the same; Secrets and ConfigMaps are nobody's business but the review's.
const neverHeld: ReadonlySet<KindName> = new Set(['ConfigMap', 'Pod', 'Secret'])

interface Shelf {
  readonly info: KindInfo
  synced: boolean
  /** We may not read it. */
  refused: boolean
  /** When the watch last proved that it is alive. */
  progress: number
  failure: { readonly code: string; readonly message: string } | undefined
}

function apply(
  change: CollectionChange,
  shelf: Shelf,
  store: ObjectStore,
  admitted: AdmittedObjects,
  { now, onEvent }: LiveSettings,
): void {
  const { kind } = shelf.info
  const resource = resourceOf(shelf.info)
  if (change.type === 'failed') {
    const { code, message } = change.failure
    if (change.lost) {
      shelf.synced = false
      shelf.refused = true
      store.clear(kind)
    }
    if (shelf.failure?.code !== code) onEvent({ type: 'failed', resource, code, message })
    shelf.failure = { code, message }
    return
  }
  if (change.type === 'replaced') {
    // Nothing else runs between the two lines, so no review meets an empty shelf.
    store.clear(kind)
    for (const object of change.objects) place(store, kind, object)
    admitted.relisted(kind)
  } else if (change.type === 'put') {
    const { namespace, name } = identityOf(change.object)
    if (!admitted.outlives(kind, namespace, name, change.object)) place(store, kind, change.object)
  } else if (change.type === 'deleted') {
    const { namespace, name } = identityOf(change.object)
    if (!admitted.outlives(kind, namespace, name, undefined)) store.delete(kind, namespace, name)
  }
  const wasSynced = shelf.synced
  if (change.type === 'replaced') shelf.synced = true
  shelf.refused = false
  shelf.progress = now()
  if (!wasSynced && shelf.synced) onEvent({ type: 'synced', resource, objects: store.count(kind) })
  else if (shelf.failure) onEvent({ type: 'recovered', resource })
  shelf.failure = undefined
}

function place(store: ObjectStore, kind: KindName, object: AnyObject): void {
  const { namespace, name } = identityOf(object)
  store.put(kind, namespace, name, object)
}

function identityOf({ metadata }: AnyObject): { readonly namespace: string; readonly name: string } {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' }
}

function resourceOf({ group, resource }: KindInfo): string {
  return group ? `${resource}.${group}` : resource
}
