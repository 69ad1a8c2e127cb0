import t from 'tap'
import { createSnapshot } from '../../src/inventory/snapshot.ts'
import { unknown } from '../../src/sdk/inventory.ts'

const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } }

t.test('a snapshot knows what it does not know', async (t) => {
  const snapshot = createSnapshot()
  t.equal(snapshot.inventory.list('Deployment', 'shop'), unknown)
  t.equal(snapshot.inventory.stale('Deployment'), true)
  snapshot.add('Deployment', 'shop', [web])
  snapshot.add('Deployment', 'bank', [])
  t.match(snapshot.inventory.list('Deployment', 'shop'), [{ metadata: { name: 'web' } }])
  t.strictSame(snapshot.inventory.list('Deployment', 'bank'), [])
  t.equal(snapshot.inventory.list('Deployment'), unknown, 'not everywhere')
  t.equal(snapshot.inventory.get('Deployment', 'other', 'web'), unknown)
  t.equal(snapshot.inventory.get('Deployment', 'bank', 'web'), undefined)
  snapshot.add('Node', undefined, [])
  t.strictSame(snapshot.inventory.list('Node'), [])
  t.equal(snapshot.inventory.stale('Node'), false)
  t.equal(snapshot.inventory.stale('Secret'), false, 'what is never kept is unknown, and makes nothing beside it stale')
  snapshot.lack('Deployment')
  t.equal(snapshot.inventory.stale('Deployment'), true, 'a gap anywhere')
})
