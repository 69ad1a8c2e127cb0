import fc from 'fast-check'
import t from 'tap'
import { filedUnder, withObject } from '../../src/sdk/filed-lists.ts'
import { labelKeys, selectorKeys } from '../../src/sdk/label-keys.ts'

interface Item {
  readonly keys: readonly string[]
}
const filing = ({ keys }: Item) => keys
const key = fc.constantFrom<string>('a', 'b', 'c')
const item = fc.record({ keys: fc.uniqueArray(key) })

t.test('finds what a walk over the list finds, whatever stands in for what', async () => {
  const changes = fc.array(fc.tuple(item, fc.nat(5)), { maxLength: 2 })
  fc.assert(
    fc.property(fc.array(item), changes, fc.uniqueArray(key), (items, changes, keys) => {
      let list: readonly Item[] = items
      for (const [own, place] of changes) {
        const replaced = list[place]
        list = withObject(list, own, replaced ? [replaced] : [])
      }
      const walked = new Set(list.filter(({ keys: own }) => own.some((key) => keys.includes(key))))
      const found = filedUnder(list, filing, keys)
      return found.length === walked.size && found.every((each) => walked.has(each))
    }),
  )
})

t.test('the list that was changed stays as it was', async (t) => {
  const [a, b] = [{ keys: ['a'] }, { keys: ['a'] }]
  const list = [a]
  t.strictSame(filedUnder(withObject(list, b, [a]), filing, ['a']), [b])
  t.strictSame(filedUnder(list, filing, ['a']), [a])
  t.strictSame(list, [a])
})

t.test('the object in the place of another is filed once, however often it is asked for', async (t) => {
  let filed = 0
  const counting = ({ keys }: Item) => {
    filed += 1
    return keys
  }
  const list = withObject<Item>([{ keys: ['a'] }], { keys: ['b'] }, [])
  for (let asked = 0; asked < 10; asked += 1) filedUnder(list, counting, ['b'])
  t.equal(filed, 2)
})

t.test('keys of selectors and labels', async (t) => {
  t.strictSame(selectorKeys({ matchLabels: { 'pod-template-hash': 'x', app: 'web', tier: 'y' } }), ['app=web'])
  t.strictSame(selectorKeys({ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] }), [
    'app=a',
    'app=b',
  ])
  const open = [
    null,
    {},
    { matchLabels: { app: '${APP}' } },
    { matchLabels: { app: 1 } },
    { matchLabels: { 'job-name': 'x' } },
    { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] },
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', '${B}'] }] },
    { matchExpressions: [null, { key: 'app', operator: 'In', values: [] }] },
  ]
  for (const selector of open) t.equal(selectorKeys(selector), undefined, JSON.stringify(selector))
  t.strictSame(labelKeys({ app: 'web', tier: '' }), ['app=web', 'tier='])
  t.strictSame(labelKeys(null), [])
  for (const labels of [{ app: '${APP}' }, { '${KEY}': 'x' }, { app: 1 }]) t.equal(labelKeys(labels), undefined)
})
