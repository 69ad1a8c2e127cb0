import { performance } from 'node:perf_hooks'
import type { InventoryEvent, LiveInventory } from '../inventory/live.ts'
import type { Source } from '../kube/credentials.ts'
import type { KindInfo } from '../sdk/kinds.ts'

export interface LiveInventoryOptions {
  readonly source: Source
  readonly kinds: readonly KindInfo[]
  readonly maxStalenessSeconds: number
  readonly onEvent: (event: InventoryEvent) => void
}

// Small pages: parsing one blocks the reviews for a few milliseconds, and the garbage of large ones outweighs all that
// is held (measured: 21,000 objects, 190 MiB with pages of 100, 250 MiB with pages of 500).
const pageSize = 100

// A watch brings what was written within milliseconds; what takes longer was refused by another webhook or a quota.
const admittedSeconds = 10

/**
 * Connects to a cluster and keeps an inventory of it until it is stopped. A cluster that does not answer is tried again
 * for ever and reported as an event; only a configuration that can never work is thrown.
 * @throws KubeFailure `D2_KUBE_CONFIG`
 */
export async function openLiveInventory(options: LiveInventoryOptions): Promise<LiveInventory> {
  const [{ startLiveInventory }, { trim }, { connect }, { follow }, { sleep }] = await Promise.all([
    import('../inventory/live.ts'),
    import('../inventory/trim.ts'),
    import('../kube/connect.ts'),
    import('../kube/follow.ts'),
    import('../kube/sleep.ts'),
  ])
  const connection = await connect(options.source)
  const now = (): number => performance.now()
  // A quiet watch proves that it is alive when it ends in order, so it has to end before it would count as stale.
  const watchSeconds = (options.maxStalenessSeconds * 2) / 3
  const live = startLiveInventory(
    (info, signal) =>
      follow(connection, info, { signal, now, random: Math.random, sleep, keep: trim, watchSeconds, limit: pageSize }),
    options.kinds,
    { now, admittedSeconds, maxStalenessSeconds: options.maxStalenessSeconds, onEvent: options.onEvent },
  )
  return {
    ...live,
    admitted: (admitted) => live.admitted({ ...admitted, object: trim(admitted.object) }),
    async stop() {
      await live.stop()
      connection.close()
    },
  }
}
