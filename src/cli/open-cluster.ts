import { setTimeout as after } from 'node:timers/promises'
import type { Cluster } from '../audit/cluster.ts'
import { connect, type Connection } from '../kube/connect.ts'
import type { Source } from '../kube/credentials.ts'
import { servedVersions } from '../kube/discovery.ts'
import { collectionPath, listPages } from '../kube/list.ts'
import { retrying } from '../kube/retrying.ts'

/** A cluster that is read once, collection by collection. */
export interface OpenCluster extends Cluster {
  readonly connection: Connection
  close(): void
}

/** Connects to a cluster for reading. @throws KubeFailure where no cluster is configured */
export async function openCluster(source: Source): Promise<OpenCluster> {
  const signal = new AbortController().signal
  const plain = await connect(source)
  const connection = retrying(plain, { sleep: waiting, random: Math.random }, signal)
  return {
    connection,
    pages: (info, namespace) =>
      // Each object is judged on its own, so a list that goes on in a newer snapshot does as well as one begun anew.
      listPages(connection, collectionPath(info, namespace), {
        limit: largeKinds.has(info.kind) ? largePageSize : pageSize,
        signal,
        onExpired: 'continue',
      }),
    servedVersions: (info) => servedVersions(connection, info, signal),
    close: () => plain.close(),
  }
}

// Keeps the process alive, unlike the waiting of the watches: nothing else does between two tries.
async function waiting(ms: number, signal: AbortSignal): Promise<void> {
  await after(ms, undefined, { signal })
}

// Half of what kubectl asks for: the garbage of larger pages outweighs all that is held (measured: 100,000 objects, 272
// MiB with pages of 250, 560 MiB with pages of 500).
const pageSize = 250
// Each of these may be a mebibyte.
const largeKinds: ReadonlySet<string> = new Set(['ConfigMap', 'Secret'])
const largePageSize = 25
