import { backoff, type Waiting } from './backoff.ts'
import type { Connection } from './connect.ts'
import { KubeFailure } from './failure.ts'

const mostTries = 5

/**
 * The same connection, with patience for one that answered before: a request that is throttled, meets a broken
 * connection or a fault of the server is sent again, up to four times in a row. One that never answered fails at once.
 */
export function retrying(connection: Connection, { sleep, random }: Waiting, signal: AbortSignal): Connection {
  let answered = false
  // Shared: once a server stays away, not every collection waits for it anew.
  const waits = backoff(random)
  return {
    ...connection,
    async request(path, settings) {
      for (;;) {
        try {
          const answer = await connection.request(path, settings)
          answered = true
          waits.reset()
          return answer
        } catch (error) {
          if (!(error instanceof KubeFailure) || !passes(error, answered)) throw error
          if (waits.failures >= mostTries - 1) throw error
          await sleep(waits.next(error.retryAfterMs), signal)
        }
      }
    },
  }
}

function passes({ code, status }: KubeFailure, answered: boolean): boolean {
  if (code === 'D2_KUBE_THROTTLED') return true
  if (!answered) return false
  return code === 'D2_KUBE_UNREACHABLE' || (code === 'D2_KUBE_ANSWER' && status !== undefined && status >= 500)
}
