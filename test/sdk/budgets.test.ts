import fc from 'fast-check'
import t from 'tap'
import {
  allowedDisruptions,
  amountOf,
  budgetOf,
  budgetSelector,
  desiredHealthy,
  replicasToDrain,
  selectsNothing,
  type Budget,
} from '../../src/sdk/budgets.ts'
import { unknown } from '../../src/sdk/inventory.ts'

/**
 * The disruption controller, line by line and with Go's float arithmetic, over pods that are all Ready and belong to
 * one controller (kubernetes/pkg/controller/disruption/disruption.go getExpectedPodCount, updatePdbStatus;
 * apimachinery/pkg/util/intstr GetScaledValueFromIntOrPercent).
 */
function controller(spec: { minAvailable?: number | string; maxUnavailable?: number | string }, pods: number) {
  const roundedUp = (value: number | string) =>
    typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * pods) / 100)
  let expectedCount = 0
  let desired = 0
  if (spec.maxUnavailable !== undefined) {
    expectedCount = pods
    desired = expectedCount - roundedUp(spec.maxUnavailable)
    if (desired < 0) desired = 0
  } else if (spec.minAvailable !== undefined) {
    expectedCount = pods
    desired = roundedUp(spec.minAvailable)
  }
  const surplus = pods - desired
  return { desired, allowed: expectedCount <= 0 || surplus <= 0 ? 0 : surplus }
}

function read(spec: { minAvailable?: unknown; maxUnavailable?: unknown }): Budget {
  // The type of the field is that of valid objects; budgetOf itself is tested on others below.
  const budget = budgetOf(spec as Parameters<typeof budgetOf>[0])
  if (budget === undefined || budget === unknown) throw new Error(`not a budget: ${JSON.stringify(spec)}`)
  return budget
}

t.test('the disruption controller and the arithmetic agree', async () => {
  const amount = fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: 100 }).map((p) => `${p}%`),
    fc.constantFrom('00%', '050%'),
  )
  const spec = fc.oneof(
    amount.map((minAvailable) => ({ minAvailable })),
    amount.map((maxUnavailable) => ({ maxUnavailable })),
    fc.constant({}),
  )
  fc.assert(
    fc.property(spec, fc.integer({ min: 0, max: 5000 }), (spec, pods) => {
      const { desired, allowed } = controller(spec, pods)
      const budget = read(spec)
      return desiredHealthy(budget, pods) === desired && allowedDisruptions(budget, pods) === allowed
    }),
    { numRuns: 5000 },
  )
})

t.test('percentages round as floats do for every percent and up to 300 replicas', async (t) => {
  const wrong: string[] = []
  for (let p = 0; p <= 100; p++) {
    for (let n = 0; n <= 300; n++) {
      const budget = read({ minAvailable: `${p}%` })
      if (desiredHealthy(budget, n) !== controller({ minAvailable: `${p}%` }, n).desired) wrong.push(`${p}% of ${n}`)
    }
  }
  t.strictSame(wrong, [])
})

t.test('the least percentage that deadlocks minAvailable', async (t) => {
  const least = new Map([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => [n, leastDeadlock(n)]))
  t.strictSame(
    [...least],
    [
      [1, 1],
      [2, 51],
      [3, 67],
      [4, 76],
      [5, 81],
      [6, 84],
      [7, 86],
      [8, 88],
      [9, 89],
      [10, 91],
    ],
  )
})

function leastDeadlock(replicas: number): number {
  for (let p = 0; ; p++) if (allowedDisruptions(read({ minAvailable: `${p}%` }), replicas) === 0) return p
}

t.test('the smallest number of replicas that drains is the smallest', async (t) => {
  const budgets = [
    ...Array.from({ length: 101 }, (_, p) => read({ minAvailable: `${p}%` })),
    ...Array.from({ length: 101 }, (_, p) => read({ maxUnavailable: `${p}%` })),
    ...Array.from({ length: 30 }, (_, k) => read({ minAvailable: k })),
    ...Array.from({ length: 30 }, (_, m) => read({ maxUnavailable: m })),
    read({}),
  ]
  for (const budget of budgets) {
    const replicas = Array.from({ length: 200 }, (_, i) => i + 1)
    t.equal(
      replicasToDrain(budget),
      replicas.find((n) => allowedDisruptions(budget, n) > 0),
      JSON.stringify(budget),
    )
  }
})

t.test('amounts', async (t) => {
  t.strictSame(amountOf(0), { unit: 'count', value: 0 })
  t.strictSame(amountOf('0%'), { unit: 'percent', value: 0 })
  t.strictSame(amountOf('00%'), { unit: 'percent', value: 0 })
  t.strictSame(amountOf('100%'), { unit: 'percent', value: 100 })
  for (const wrong of [
    -1,
    1.5,
    Number.NaN,
    2 ** 31,
    '1',
    '',
    '%',
    '101%',
    '-1%',
    '1.5%',
    '1 %',
    ' 1%',
    '1%\n',
    true,
    {},
    [],
  ])
    t.equal(amountOf(wrong), undefined, JSON.stringify(wrong))
  t.equal(amountOf('${MIN}'), unknown)
  t.equal(amountOf('${MIN}%'), unknown)
})

t.test('budgets', async (t) => {
  t.strictSame(budgetOf(undefined), { form: 'unspecified' })
  t.strictSame(budgetOf({ minAvailable: null, maxUnavailable: null }), { form: 'unspecified' })
  t.strictSame(budgetOf({ minAvailable: 0 }), { form: 'minAvailable', amount: { unit: 'count', value: 0 } })
  t.equal(budgetOf({ minAvailable: 1, maxUnavailable: 1 }), undefined, 'both fields')
  t.equal(budgetOf({ minAvailable: '1' }), undefined, 'no percentage')
  t.equal(budgetOf({ maxUnavailable: '${N}' }), unknown)
})

t.test('what a budget selects', async (t) => {
  const labels = { app: 'web' }
  t.equal(budgetSelector({ apiVersion: 'policy/v1', spec: { selector: {} } })(labels), true, 'all')
  t.equal(budgetSelector({ apiVersion: 'policy/v1beta1', spec: { selector: {} } })(labels), false, 'none')
  t.equal(budgetSelector({ apiVersion: 'policy/v1beta1', spec: { selector: { matchLabels: labels } } })(labels), true)
  t.ok(selectsNothing({ apiVersion: 'policy/v1' }))
  t.ok(selectsNothing({ apiVersion: 'policy/v1', spec: { selector: null } }))
  t.ok(selectsNothing({ apiVersion: 'policy/v1beta1', spec: { selector: { matchLabels: {}, matchExpressions: [] } } }))
  t.notOk(selectsNothing({ apiVersion: 'policy/v1', spec: { selector: {} } }))
})
