import { Agent } from 'node:https'
import type { Handled } from '../../src/admission/handle.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { InventorySource } from '../../src/sdk/inventory.ts'
import { listen } from '../../src/server/listen.ts'
import { createLog } from '../../src/server/log.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createWebhook } from '../../src/server/webhook.ts'
import { leaf, send, type Answer } from './webhook.ts'

export interface Listening {
  readonly engine: () => Engine
  readonly inventory: () => InventorySource
  readonly now: () => number
  /** Told what became of each review. */
  readonly onReview: (handled: Handled) => void
}

/** A webhook over HTTPS on loopback that tells what it found; resolves to the way to send it a review. */
export async function startListening(
  t: { teardown(fn: () => unknown): unknown },
  { onReview, ...judging }: Listening,
): Promise<(review: object) => Promise<Answer>> {
  const identity = { namespace: '-', pod: '-', node: '-', zone: '-' }
  const metrics = createMetrics({ inventory: () => [], certificates: () => new Map(), now: Date.now })
  const { app } = createWebhook({
    ...judging,
    log: createLog(identity, 'error', { write: () => {} }),
    metrics: {
      ...metrics,
      review(handled, seconds) {
        onReview(handled)
        metrics.review(handled, seconds)
      },
    },
    isDraining: () => false,
    tls: { cert: leaf.certificate, key: leaf.key },
  })
  const port = await listen(app, '127.0.0.1', 0)
  const agent = new Agent({ keepAlive: true })
  t.teardown(async () => {
    agent.destroy()
    app.server.closeAllConnections()
    await app.close()
  })
  return (review) => send(JSON.stringify(review), { port, agent })
}
