import { policies } from '../../policies/index.ts'
import { Account } from '../audit/account.ts'
import { collect } from '../audit/collect.ts'
import { auditedKinds } from '../engine/audited-kinds.ts'
import type { Problem } from '../files/problem.ts'
import type { Entry } from '../inventory/files.ts'
import { trim } from '../inventory/trim.ts'
import type { Source } from '../kube/credentials.ts'
import type { AnyObject, KindName } from '../sdk/objects.ts'
import { openCluster } from './open-cluster.ts'

/** What a cluster holds besides the files that are checked. */
export interface LiveContext {
  readonly entries: readonly Entry[]
  /** Kinds that could not be read: what depends on them is unresolved. */
  readonly unknown: ReadonlySet<KindName>
  readonly problems: readonly Problem[]
}

/**
 * Reads once what the rules look up: lists only, never a Secret.
 * @throws KubeFailure where no cluster is configured or it does not answer
 */
export async function readLiveContext(source: Source): Promise<LiveContext> {
  const cluster = await openCluster(source)
  const account = new Account()
  const entries: Entry[] = []
  const unknown = new Set<KindName>(['Secret'])
  try {
    for (const info of auditedKinds(policies, { labels: true }).lookedUp) {
      const objects: AnyObject[] = []
      const sink = {
        restart: () => void objects.splice(0),
        take: (items: readonly AnyObject[]) => void objects.push(...items.map((item) => trim(item))),
      }
      const isWhole = await collect(cluster, info, undefined, account, sink, () => {})
      if (!isWhole) unknown.add(info.kind)
      else for (const object of objects) entries.push(entryOf(info.kind, object))
    }
  } finally {
    cluster.close()
  }
  const gaps = account.unread.filter(({ level }) => level === 'error')
  return {
    entries,
    unknown,
    problems: gaps.map(({ code, reason }) => ({
      level: 'warning',
      code,
      file: cluster.connection.server,
      message: `${reason}; rules that look these up stay unresolved`,
    })),
  }
}

function entryOf(kind: KindName, object: AnyObject): Entry {
  return { kind, namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '', object }
}
