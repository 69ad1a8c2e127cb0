import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import type { Connection, Query } from './connect.ts'
import { KubeFailure } from './failure.ts'

export interface Page {
  /** As the API server sent them, with the apiVersion and kind that lists leave out of their items. */
  readonly items: readonly AnyObject[]
  /** The version of the whole list, from which a watch goes on. */
  readonly resourceVersion: string
  /** The pages before this one are void: the list was begun anew, because its snapshot expired. */
  readonly restarted: boolean
  /** How many objects follow, where the API server counts them. */
  readonly remaining: number | undefined
}

export interface ListSettings {
  readonly signal?: AbortSignal
  /** Objects a page. */
  readonly limit?: number
  /** Label and field selectors. */
  readonly query?: Query
  /**
   * What to do when the snapshot that the pages are cut from is compacted away: `restart` gives one consistent list,
   * `continue` goes on from the next key in a newer snapshot, which suits a walk that keeps no list.
   */
  readonly onExpired?: 'restart' | 'continue'
}

/** The path of a collection: of one namespace, or of the whole cluster. */
export function collectionPath(info: KindInfo, namespace = ''): string {
  const root = info.group ? `/apis/${info.group}/${info.version}` : `/api/${info.version}`
  return namespace ? `${root}/namespaces/${encodeURIComponent(namespace)}/${info.resource}` : `${root}/${info.resource}`
}

/**
 * A whole collection, page by page; only one page is held at a time. An expired snapshot starts the list again, the
 * second time without pages (client-go's pager does the same: client-go/tools/pager/pager.go).
 * @throws KubeFailure
 */
export async function* listPages(
  connection: Connection,
  path: string,
  settings: ListSettings = {},
): AsyncGenerator<Page, void, undefined> {
  const { signal, query, onExpired = 'restart' } = settings
  let limit: number | undefined = settings.limit ?? 500
  let next: string | undefined
  let restarted = false
  let restarts = 0
  for (;;) {
    let list: List
    try {
      const answer = await connection.request(path, {
        query: { ...query, limit, continue: next },
        ...(signal ? { signal } : {}),
      })
      list = readList(answer, path)
    } catch (error) {
      if (!(error instanceof KubeFailure) || error.code !== 'D2_KUBE_GONE' || next === undefined) throw error
      if (onExpired === 'continue' && error.next !== undefined && error.next !== next) {
        next = error.next
        continue
      }
      if (restarts++ > 0) limit = undefined
      next = undefined
      restarted = true
      continue
    }
    const { items, resourceVersion, remaining } = list
    yield { items, resourceVersion, restarted, remaining }
    restarted = false
    if (list.next === undefined) return
    next = list.next
  }
}

interface List {
  readonly items: readonly AnyObject[]
  readonly resourceVersion: string
  readonly next: string | undefined
  readonly remaining: number | undefined
}

function readList(answer: unknown, path: string): List {
  // The shape of every list (meta/v1 ListMeta); what is not there is checked right below.
  const list = answer as {
    apiVersion?: string
    kind?: string
    metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number }
    items?: { apiVersion?: string; kind?: string }[] | null
  } | null
  if (typeof list !== 'object' || !list?.kind?.endsWith('List')) {
    throw new KubeFailure('D2_KUBE_ANSWER', `the API server sent no list for ${path}`)
  }
  const kind = list.kind.slice(0, -'List'.length)
  const items = list.items ?? []
  for (const item of items) {
    // The object was parsed a moment ago and is nobody else's yet.
    item.apiVersion ??= list.apiVersion ?? ''
    item.kind ??= kind
  }
  return {
    items,
    resourceVersion: list.metadata?.resourceVersion ?? '',
    next: list.metadata?.continue || undefined,
    remaining: list.metadata?.remainingItemCount,
  }
}
