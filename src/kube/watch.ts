import type { AnyObject } from '../sdk/objects.ts'
import type { Connection } from './connect.ts'
import { answerFailure, connectionFailure, KubeFailure } from './failure.ts'
import { jsonLines } from './json-lines.ts'

export type WatchEvent =
  /** The API server accepted the watch: it will send all that happened since the resource version. */
  | { readonly type: 'OPEN' }
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: AnyObject; readonly resourceVersion: string }
  /** Nothing is outstanding up to this version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

export interface WatchSettings {
  readonly resourceVersion: string
  /** When the API server is to end the watch. It may send a bookmark two seconds before. */
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

/**
 * One watch, until the API server ends it (the generator returns) or it breaks.
 * @throws KubeFailure; `D2_KUBE_GONE` when the resource version is too old, so that only a new list helps
 */
export async function* watchEvents(
  connection: Connection,
  path: string,
  settings: WatchSettings,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { resourceVersion, timeoutSeconds, signal } = settings
  const response = await connection.stream(path, {
    query: { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds },
    signal,
    // A peer that vanished without a word is noticed by its silence past the end that was agreed.
    idleMs: (timeoutSeconds + 15) * 1000,
  })
  yield { type: 'OPEN' }
  try {
    for await (const line of jsonLines(response)) yield readEvent(connection.server, path, line)
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof KubeFailure ? error : connectionFailure(connection.server, error)
  } finally {
    response.destroy()
  }
}

function readEvent(server: string, path: string, line: string): WatchEvent {
  const event = parse(line)
  const { type } = event
  const object = event.object ?? {}
  if (type === 'ERROR') {
    // The object is a Status, with the code that the HTTP answer would have had.
    const { code, details } = object as { code?: number; details?: { retryAfterSeconds?: number } }
    const seconds = details?.retryAfterSeconds
    const retry = seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }
    throw answerFailure(server, 'watch', path, { status: code ?? 500, body: object, ...retry })
  }
  const resourceVersion = object.metadata?.resourceVersion ?? ''
  if (type === 'BOOKMARK') return { type, resourceVersion }
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object, resourceVersion }
  throw new KubeFailure('D2_KUBE_ANSWER', `the API server sent an unknown watch event for ${path}`)
}

function parse(line: string): { readonly type?: string; readonly object?: AnyObject } {
  try {
    const value: unknown = JSON.parse(line)
    // The shape of meta/v1 WatchEvent; every field is looked at before it is used.
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Falls through to the one error for both.
  }
  throw new KubeFailure('D2_KUBE_ANSWER', 'the API server sent a watch event that is no JSON object')
}
