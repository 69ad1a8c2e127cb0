import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import { backoff, type Waiting } from './backoff.ts'
import type { Connection } from './connect.ts'
import { servedVersions } from './discovery.ts'
import { KubeFailure } from './failure.ts'
import { collectionPath, listPages } from './list.ts'
import { watchEvents, type WatchEvent } from './watch.ts'

/** What happened to a collection, in order. */
export type Change =
  /** The whole truth at one moment: what is not in it does not exist. Sent when the watch that goes on from it stands. */
  | { readonly type: 'replaced'; readonly objects: readonly AnyObject[] }
  | { readonly type: 'put' | 'deleted'; readonly object: AnyObject }
  /** Nothing is outstanding at this moment. */
  | { readonly type: 'current' }
  /** It is tried again by itself. `lost` means that what was read before no longer counts: we may not read any more. */
  | { readonly type: 'failed'; readonly failure: KubeFailure; readonly lost: boolean; readonly retryInMs: number }

export interface FollowSettings extends Waiting {
  readonly signal: AbortSignal
  /** Milliseconds; only differences count. */
  readonly now: () => number
  /** What to hold of an object. Called once for each that arrives. */
  readonly keep: (object: AnyObject) => AnyObject
  /** How long one watch lasts on average, and so how often a quiet one proves that it is alive. */
  readonly watchSeconds?: number
  /** Objects a page. */
  readonly limit?: number
}

/**
 * Follows one collection for ever: list, watch, resume where a watch ended, list again only where the API server no
 * longer has the version to resume from. Waits longer after each failure. Ends only with its signal.
 *
 * A resource that no version of its group serves is an empty collection, looked for again every half minute or so;
 * one that is served in other versions than ours only is a failure.
 */
export async function* follow(
  connection: Connection,
  info: KindInfo,
  settings: FollowSettings,
): AsyncGenerator<Change, void, undefined> {
  const { signal, now, random } = settings
  const path = collectionPath(info)
  const waits = backoff(random)
  // Where to resume from. Undefined: a list is needed. `pending` is that list, until its watch stands.
  let version: string | undefined
  let pending: readonly AnyObject[] | undefined
  for (;;) {
    try {
      if (version === undefined) ({ version, objects: pending } = await readAll(connection, path, settings))
      const timeoutSeconds = Math.max(1, Math.round((settings.watchSeconds ?? 40) * (0.8 + 0.4 * random())))
      const opened = now()
      let progressed = false
      for await (const event of watchEvents(connection, path, { resourceVersion: version, timeoutSeconds, signal })) {
        if (event.type === 'OPEN') {
          if (pending) yield { type: 'replaced', objects: pending }
          pending = undefined
          continue
        }
        if (event.type === 'BOOKMARK' && isBefore(event.resourceVersion, version)) throw backwards(path)
        yield changeOf(event, settings)
        version = event.resourceVersion || version
        progressed = true
        waits.reset()
      }
      const lasted = now() - opened
      // The API server sends no bookmarks for a resource that did not change since it started, unless etcd tells it of
      // its progress. A watch that lasted as long as agreed and ended in order says as much: all was delivered.
      if (lasted >= timeoutSeconds * 1000 - 1000) yield { type: 'current' }
      // One that ends at once, again and again, must not turn into a busy loop.
      else if (!progressed && lasted < 1000) await settings.sleep(waits.next(), signal)
    } catch (error) {
      if (signal.aborted) return
      const failure = failureOf(error, info)
      if (failure.code === 'D2_KUBE_NOT_FOUND') {
        version = undefined
        const change = await whereNotServed(connection, info, settings)
        const retryInMs = change?.type === 'replaced' ? Math.round(30_000 * (0.5 + random() / 2)) : waits.next()
        if (change) yield change.type === 'failed' ? { ...change, retryInMs } : change
        // Told only if it lasts.
        else if (waits.failures % 5 === 0) yield { type: 'failed', failure, lost: false, retryInMs }
        if (!(await slept(settings, retryInMs))) return
        continue
      }
      // In the ordinary course of things, such as a kind that is installed anew: the list that follows tells the truth.
      if (failure.status === 410 && version !== undefined && !pending) {
        version = undefined
        if (!(await slept(settings, waits.next()))) return
        continue
      }
      const lost = failure.code === 'D2_KUBE_FORBIDDEN' || failure.code === 'D2_KUBE_UNAUTHORIZED'
      const retryInMs = waits.next(failure.retryAfterMs)
      // Many failures in a row may mean a version that will never be served again, as after a restored backup.
      if (!isResumable(failure) || waits.failures % 5 === 0) version = undefined
      yield { type: 'failed', failure, lost, retryInMs }
      if (!(await slept(settings, retryInMs))) return
    }
  }
}

async function readAll(
  connection: Connection,
  path: string,
  { signal, keep, limit }: FollowSettings,
): Promise<{ version: string; objects: readonly AnyObject[] }> {
  let objects: AnyObject[] = []
  let version = ''
  for await (const page of listPages(connection, path, { signal, ...(limit === undefined ? {} : { limit }) })) {
    if (page.restarted) objects = []
    for (const item of page.items) objects.push(keep(item))
    version = page.resourceVersion
  }
  return { version, objects }
}

function changeOf(event: Exclude<WatchEvent, { type: 'OPEN' }>, { keep }: FollowSettings): Change {
  if (event.type === 'BOOKMARK') return { type: 'current' }
  if (event.type === 'DELETED') return { type: 'deleted', object: event.object }
  return { type: 'put', object: keep(event.object) }
}

/** What it means that a resource was not found; undefined where it comes or goes at this moment, or answers lag behind. */
async function whereNotServed(
  connection: Connection,
  info: KindInfo,
  { signal }: FollowSettings,
): Promise<Change | undefined> {
  try {
    const served = await servedVersions(connection, info, signal)
    if (served.includes(info.version)) return undefined
    if (served.length === 0) return { type: 'replaced', objects: [] }
    const sentence = `the API server serves ${info.resource} of API group "${info.group}" only as ${served.join(', ')}, not as ${info.version}`
    return { type: 'failed', failure: new KubeFailure('D2_KUBE_NOT_FOUND', sentence), lost: true, retryInMs: 0 }
  } catch (error) {
    return { type: 'failed', failure: failureOf(error, info), lost: false, retryInMs: 0 }
  }
}

/** A watch can go on from where it was after these; after any other failure only a list tells the truth. */
function isResumable({ code, status }: KubeFailure): boolean {
  if (code === 'D2_KUBE_UNREACHABLE' || code === 'D2_KUBE_TLS' || code === 'D2_KUBE_THROTTLED') return true
  return code === 'D2_KUBE_ANSWER' && status !== undefined && status >= 500 && status !== 504
}

function failureOf(error: unknown, info: KindInfo): KubeFailure {
  if (error instanceof KubeFailure) return error
  const name = error instanceof Error ? error.name : typeof error
  return new KubeFailure('D2_KUBE_ANSWER', `reading ${info.resource} failed (${name})`)
}

function backwards(path: string): KubeFailure {
  return new KubeFailure('D2_KUBE_GONE', `the API server is behind the version of ${path} that we have seen`)
}

// Resource versions are numbers that grow, too large for a double (KEP-5504: comparable resource version).
function isBefore(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false
  return version.length === than.length ? version < than : version.length < than.length
}

async function slept({ sleep, signal }: FollowSettings, ms: number): Promise<boolean> {
  try {
    await sleep(ms, signal)
    return true
  } catch {
    return false
  }
}
