import t from 'tap'
import { buildInventory } from '../../src/inventory/files.ts'
import { ObjectStore } from '../../src/inventory/store.ts'

const named = (name: string) => ({ metadata: { name } })

t.test('objects are found by kind, namespace and name', async (t) => {
  const store = new ObjectStore()
  const [web, api, other, node] = [named('web'), named('api'), named('web'), named('n1')]
  store.put('Deployment', 'shop', 'web', web)
  store.put('Deployment', 'shop', 'api', api)
  store.put('Deployment', 'bank', 'web', other)
  store.put('Node', '', 'n1', node)
  t.equal(store.get('Deployment', 'shop', 'web'), web)
  t.equal(store.get('StatefulSet', 'shop', 'web'), undefined)
  t.strictSame(store.list('Deployment', 'shop'), [web, api])
  t.strictSame(store.list('Deployment'), [web, api, other])
  t.strictSame(store.list('Node'), [node])
  t.strictSame(store.list('Deployment', 'nowhere'), [])
  t.equal(store.count('Deployment'), 3)
  t.equal(store.count('Secret'), 0)
})

t.test('lists follow every change and are shared between changes', async (t) => {
  const store = new ObjectStore()
  store.put('Pod', 'a', 'x', named('x'))
  const first = store.list('Pod', 'a')
  t.equal(store.list('Pod', 'a'), first)
  t.equal(store.list('Pod'), store.list('Pod'))
  const newer = named('x')
  store.put('Pod', 'a', 'x', newer)
  t.strictSame(store.list('Pod', 'a'), [newer])
  t.equal(store.list('Pod')[0], newer)
  t.equal(store.delete('Pod', 'a', 'x'), true)
  t.equal(store.delete('Pod', 'a', 'x'), false)
  t.equal(store.delete('Node', '', 'x'), false)
  t.strictSame(store.list('Pod'), [])
  store.put('Pod', 'a', 'y', named('y'))
  store.clear('Pod')
  t.strictSame(store.list('Pod', 'a'), [])
})

t.test('names that JavaScript knows are ordinary names', async (t) => {
  const store = new ObjectStore()
  t.equal(store.get('ConfigMap', '__proto__', 'constructor'), undefined)
  store.put('ConfigMap', '__proto__', 'constructor', named('constructor'))
  t.equal(store.list('ConfigMap', '__proto__').length, 1)
})

t.test('an inventory of files', async (t) => {
  const [one, two, three, patch] = [named('web'), named('web'), named('web'), named('api')]
  const entry = (object: object, name: string) => ({ kind: 'Deployment' as const, namespace: 'shop', name, object })
  const inventory = buildInventory(
    [
      entry(one, 'web'),
      entry(two, 'web'),
      entry(three, 'web'),
      entry(one, 'web'),
      { ...entry(patch, 'api'), uncertain: true },
    ],
    { complete: false },
  )
  t.equal(inventory.get('Deployment', 'shop', 'web'), one, 'the first variant is the one looked up')
  t.strictSame(inventory.list('Deployment', 'shop'), [one, two, three, patch], 'all variants are listed once')
  for (const object of [one, two, three, patch]) t.equal(inventory.uncertain(object), true)
  t.equal(inventory.uncertain(named('web')), false)
  t.equal(inventory.get('Deployment', 'shop', 'none'), undefined)
  t.equal(inventory.complete, false)
  t.equal(inventory.stale('Deployment'), false)
})
