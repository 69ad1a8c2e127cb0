import fc from 'fast-check'
import t from 'tap'
import { unknown } from '../../src/sdk/inventory.ts'
import { equalitySelector, labelSelector, selectsEverything } from '../../src/sdk/selectors.ts'

// Few keys and values, so that matches are as frequent as misses; some are names that plain objects inherit.
const key = fc.constantFrom('app', 'tier', '__proto__', 'constructor', 'toString')
const value = fc.constantFrom('', 'web', 'db', 'api')
const labels = fc.array(fc.tuple(key, value)).map((pairs) => jsonObject(new Map(pairs)))
const expression = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
)
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 3 }) },
  { requiredKeys: [] },
)

/** As JSON.parse makes it: `__proto__` is a key like any other. */
function jsonObject(entries: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return JSON.parse(
    `{${[...entries].map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',')}}`,
  ) as Record<string, unknown>
}

/** Set algebra: each requirement as the set of label sets, written `key=value`, that it leaves over. */
function oracle(
  {
    matchLabels,
    matchExpressions,
  }: { matchLabels?: object; matchExpressions?: readonly { key: string; operator: string; values?: string[] }[] },
  pods: readonly object[],
): object[] {
  const carrying = (k: string, v: string) =>
    pods.filter((pod) => Object.entries(pod).some(([a, b]) => a === k && b === v))
  const having = (k: string) => pods.filter((pod) => Object.keys(pod).includes(k))
  let left = [...pods]
  const keep = (set: readonly object[]) => (left = left.filter((pod) => set.includes(pod)))
  const drop = (set: readonly object[]) => (left = left.filter((pod) => !set.includes(pod)))
  for (const [k, v] of Object.entries(matchLabels ?? {})) keep(carrying(k, String(v)))
  for (const { key, operator, values = [] } of matchExpressions ?? []) {
    const any = values.flatMap((v) => carrying(key, v))
    if (operator === 'In') keep(any)
    if (operator === 'NotIn') drop(any)
    if (operator === 'Exists') keep(having(key))
    if (operator === 'DoesNotExist') drop(having(key))
  }
  return left
}

t.test('selects what set algebra selects', async () => {
  fc.assert(
    fc.property(selector, fc.array(labels, { maxLength: 6 }), (selector, pods) => {
      const selected = oracle(selector, pods)
      return pods.every((pod) => labelSelector(selector)(pod) === selected.includes(pod))
    }),
    { numRuns: 3000 },
  )
})

t.test('null selects nothing, {} everything', async (t) => {
  for (const labels of [undefined, null, {}, { app: 'web' }]) {
    t.equal(labelSelector(null)(labels), false)
    t.equal(labelSelector(undefined)(labels), false)
    t.equal(labelSelector({})(labels), true)
    t.equal(labelSelector({ matchLabels: null, matchExpressions: null })(labels), true)
  }
  t.ok(selectsEverything({ matchLabels: {}, matchExpressions: [] }))
  t.notOk(selectsEverything({ matchLabels: { app: 'web' } }))
  t.notOk(selectsEverything({ matchLabels: 1 }))
  t.notOk(selectsEverything(null))
})

t.test('a selector that the API server refuses is not guessed', async (t) => {
  const refused: unknown[] = [
    'app=web',
    [],
    { matchLabels: ['app'] },
    { matchLabels: { app: 1 } },
    { matchExpressions: {} },
    { matchExpressions: [null] },
    { matchExpressions: [{ key: 'app', operator: 'in', values: ['web'] }] },
    { matchExpressions: [{ key: 'app', operator: 'In', values: [] }] },
    { matchExpressions: [{ key: 'app', operator: 'In', values: 'web' }] },
    { matchExpressions: [{ key: 'app', operator: 'In', values: [1] }] },
    { matchExpressions: [{ key: 'app', operator: 'NotIn' }] },
    { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['web'] }] },
    { matchExpressions: [{ key: 'app', operator: 'DoesNotExist', values: ['web'] }] },
    { matchExpressions: [{ operator: 'Exists' }] },
  ]
  for (const selector of refused) t.equal(labelSelector(selector)({ app: 'web' }), unknown, JSON.stringify(selector))
})

t.test('never throws, whatever stands there', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (selector, labels) => {
      labelSelector(selector)(labels)
      labelSelector({ matchLabels: selector, matchExpressions: labels })(labels)
      labelSelector({ matchExpressions: [selector, { key: 'app', operator: 'In', values: selector }] })(labels)
      equalitySelector(selector)(labels)
    }),
  )
})

t.test('a variable decides only where it matters', async (t) => {
  const web = labelSelector({ matchLabels: { app: 'web' } })
  t.equal(web({ app: '${APP}' }), unknown)
  t.equal(web({ '${KEY}': 'x' }), unknown, 'the label may be the one that seems to be missing')
  t.equal(web({ '${KEY}': 'x', app: 'db' }), false)
  const variable = labelSelector({ matchLabels: { app: '${APP}', tier: 'db' } })
  t.equal(variable({ app: 'web', tier: 'db' }), unknown)
  t.equal(variable({ app: '${APP}', tier: 'db' }), true, 'the same variable on both sides')
  t.equal(variable({ app: 'web', tier: 'cache' }), false, 'another requirement says no')
  t.equal(labelSelector({ matchLabels: { '${KEY}': 'web' } })({ app: 'web' }), unknown)
  t.equal(labelSelector({ matchExpressions: [{ key: 'app', operator: 'Exists' }] })({ app: '${APP}' }), true)
  t.equal(
    labelSelector({ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] })({ app: '${APP}' }),
    unknown,
  )
})

t.test('Services select by equality, and by nothing at all where they have no selector', async (t) => {
  for (const none of [undefined, null, {}]) t.equal(equalitySelector(none)({ app: 'web' }), false)
  t.equal(equalitySelector({ app: 'web' })({ app: 'web', tier: 'x' }), true)
  t.equal(equalitySelector({ app: 'web', tier: 'y' })({ app: 'web', tier: 'x' }), false)
  t.equal(equalitySelector({ app: 'web' })(undefined), false)
  t.equal(equalitySelector({ app: 1 })({ app: '1' }), unknown)
})
