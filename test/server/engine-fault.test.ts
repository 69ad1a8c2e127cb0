import t from 'tap'
import { handleReview } from '../../src/admission/handle.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { noInventory } from '../../src/inventory/none.ts'
import { logReview } from '../../src/server/review-log.ts'
import { review } from '../support/reviews.ts'
import { startTestWebhook } from '../support/webhook.ts'

t.test('a fault outside every rule is counted and told as one', async (t) => {
  const webhook = await startTestWebhook(t)
  const handled = handleReview(createEngine([], defaultSettings), review('deployment-create'), {
    inventory: noInventory,
    now: 0,
    traceparent: undefined,
    generateTraceId: () => '0'.repeat(32),
  })
  if (handled.as !== 'answer') throw new Error('refused')
  const { as, trace, request, body } = handled
  const faulty = { as, trace, request, body, outcome: 'failed', fault: 'RangeError' } as const
  webhook.metrics.review(faulty, 0.001)
  logReview(webhook.log, faulty, 1)
  t.match(await webhook.metrics.text(), '\nday2_policy_errors_total{rule="engine"} 1\n')
  t.match(webhook.lines(), [{ level: 'error', error: 'RangeError', verdict: 'failed' }])
})
