import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import type { Ledger } from './account.ts'
import { failureOf, type Cluster } from './cluster.ts'

/** Where the objects of one collection go, page by page. */
export interface Sink {
  /** What was taken so far is void: the list was begun anew. */
  restart(): void
  take(items: readonly AnyObject[]): void
}

export interface Progress {
  readonly resource: string
  readonly listed: number
  readonly remaining: number | undefined
}

/**
 * Reads one collection into a sink. Resolves to whether it was read to its end; what could not be read is entered in
 * the account. A kind that is served under no version is an empty collection.
 * @throws a failure of the cluster where nothing has been read yet and nothing else will be
 */
export async function collect(
  cluster: Cluster,
  info: KindInfo,
  namespace: string | undefined,
  account: Ledger,
  sink: Sink,
  onProgress: (progress: Progress) => void,
): Promise<boolean> {
  let listed = 0
  try {
    for await (const { items, restarted, remaining } of cluster.pages(info, namespace)) {
      if (restarted) {
        listed = 0
        sink.restart()
      }
      listed += items.length
      sink.take(items)
      onProgress({ resource: info.resource, listed, remaining })
    }
    account.read(info, listed)
    return true
  } catch (error) {
    const failure = failureOf(error)
    if (!failure || (account.collections === 0 && listed === 0 && hopeless.has(failure.code))) throw error
    if (failure.code === 'D2_KUBE_NOT_FOUND') return await whereNotServed(cluster, info, namespace, account)
    const { code, message } = failure
    if (listed > 0) account.read(info, listed)
    const reason = listed > 0 ? `the list was cut short after ${listed} objects: ${message}` : message
    account.missed(info, namespace, { level: 'error', code, reason })
    return false
  }
}

// Every other collection would fail alike.
const hopeless: ReadonlySet<string> = new Set([
  'D2_KUBE_CONFIG',
  'D2_KUBE_CREDENTIALS',
  'D2_KUBE_TLS',
  'D2_KUBE_UNAUTHORIZED',
  'D2_KUBE_UNREACHABLE',
])

async function whereNotServed(cluster: Cluster, info: KindInfo, namespace: string | undefined, account: Ledger) {
  const code = 'D2_NOT_SERVED'
  try {
    const versions = await cluster.servedVersions(info)
    if (versions.length === 0) {
      account.missed(info, namespace, {
        level: 'note',
        code,
        reason: `the API server serves no ${info.resource}, so there are none`,
      })
      return true
    }
    const reason = `the API server serves ${info.resource} only as ${versions.join(', ')}, not as ${info.version}`
    account.missed(info, namespace, { level: 'error', code, reason })
  } catch (error) {
    const failure = failureOf(error)
    if (!failure) throw error
    account.missed(info, namespace, { level: 'error', code: failure.code, reason: failure.message })
  }
  return false
}
