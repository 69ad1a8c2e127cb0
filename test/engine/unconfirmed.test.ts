import t from 'tap'
import { brief, budget, inventoryOf, run } from '../support/evaluation.ts'
import { definePolicy } from '../../src/sdk/policy.ts'

const pair = definePolicy({
  id: 'compute-pair',
  summary: 'Budgets have no neighbours.',
  signatures: ['drain-stuck'],
  since: '0.1.0',
  on: ['PodDisruptionBudget'],
  reads: ['Deployment'],
  reasons: { pair: { baseline: 'deny', why: 'It is a test.' } },
  examples: { passes: [], fails: [] },
  *check({ namespace, inventory }) {
    const others = inventory.list('Deployment', namespace)
    if (!Array.isArray(others)) return
    yield {
      reason: 'pair',
      path: '/spec',
      message: 'a pair',
      fix: 'part them',
      related: [{ kind: 'Deployment', namespace, name: 'web' }],
    }
  },
})

t.test('a finding that rests on what may never come to exist only warns', async (t) => {
  const known = inventoryOf([])
  t.strictSame(brief(run({ object: budget, policies: [pair], inventory: known })), ['deny compute-pair pair /spec'])
  const pending = { ...known, unconfirmed: ({ name }: { readonly name: string }) => name === 'web' }
  const evaluation = run({ object: budget, policies: [pair], inventory: pending })
  t.strictSame(brief(evaluation), ['warn compute-pair pair /spec'])
  t.equal(evaluation.findings[0]?.stale, true)
  const other = { ...known, unconfirmed: ({ name }: { readonly name: string }) => name === 'api' }
  t.strictSame(brief(run({ object: budget, policies: [pair], inventory: other })), ['deny compute-pair pair /spec'])
})
