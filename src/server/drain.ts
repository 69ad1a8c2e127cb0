import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Log } from './log.ts'

/** Whether the process is about to end. Every answer given after `start` closes its connection. */
export class Drain {
  #draining = false

  get draining(): boolean {
    return this.#draining
  }

  start(): void {
    this.#draining = true
  }
}

export interface DrainSettings {
  /** How long requests are still taken, so that every API server learns that this endpoint is gone. */
  readonly seconds: number
  /** How long requests in flight may take after that. */
  readonly closeSeconds: number
  readonly log: Log
}

/**
 * Ends a server without losing a request: not ready, `connection: close` on every answer while it keeps listening,
 * then no new connections, then an end to what still hangs. API servers go on using open connections to a Pod that
 * terminates (kubernetes/kubernetes#127335), so closing the connection with an answer is the only way to send them on.
 */
export async function drainAndClose(app: FastifyInstance, drain: Drain, settings: DrainSettings): Promise<void> {
  const { seconds, closeSeconds, log } = settings
  drain.start()
  log.info({ seconds }, 'draining: not ready any more, still answering')
  await sleep(seconds * 1000)
  const deadline = new AbortController()
  const closed = app.close().then(() => deadline.abort())
  const late = sleep(closeSeconds * 1000, undefined, { signal: deadline.signal }).then(
    () => {
      log.warn({ seconds: closeSeconds }, 'requests in flight took too long: closing their connections')
      app.server.closeAllConnections()
    },
    // Aborted: everything was closed in time.
    () => {},
  )
  await Promise.all([closed, late])
}
