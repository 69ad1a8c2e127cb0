import type { Cluster, ObjectPage } from '../../../src/audit/cluster.ts'
import type { KindName } from '../../../src/sdk/objects.ts'

export interface RememberedLists extends Cluster {
  /** What is remembered of these kinds no longer holds. */
  forget(kinds: Iterable<KindName>): void
}

/** A cluster that one test alone changes: each collection is read again only after the test said that it changed. */
export function rememberLists(cluster: Cluster): RememberedLists {
  const lists = new Map<KindName, Promise<readonly ObjectPage[]>>()
  return {
    async *pages(info, namespace) {
      if (namespace !== undefined) throw new Error('only whole collections are remembered')
      const list = lists.get(info.kind) ?? all(cluster.pages(info, undefined))
      lists.set(info.kind, list)
      yield* await list
    },
    servedVersions: (info) => cluster.servedVersions(info),
    forget(kinds) {
      for (const kind of kinds) lists.delete(kind)
    },
  }
}

async function all(pages: AsyncIterable<ObjectPage>): Promise<readonly ObjectPage[]> {
  const read: ObjectPage[] = []
  for await (const page of pages) read.push(page)
  return read
}
