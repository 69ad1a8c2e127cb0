import t from 'tap'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { isBound, volumeOf } from '../../src/sdk/claim-volume.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'

const claim = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'data', ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } }, ...spec },
})

function volume(name: string, claimRef: object | undefined, spec: object = {}, metadata: object = {}): Entry {
  const capacity = { storage: '10Gi' }
  const object = {
    metadata: { name, ...metadata },
    spec: { capacity, accessModes: ['ReadWriteOnce'], ...(claimRef ? { claimRef } : {}), ...spec },
  }
  return { kind: 'PersistentVolume', namespace: '', name, object }
}

const ref = (rest: object = {}) => ({ namespace: 'shop', name: 'data', ...rest })
const inventoryOf = (...entries: Entry[]): Inventory => buildInventory(entries, { complete: true })
const found = (object: object, ...entries: Entry[]) => {
  const volume = volumeOf(object, 'shop', inventoryOf(...entries))
  return volume === unknown ? 'unknown' : volume?.metadata?.name
}

t.test('the volume that a claim names', async (t) => {
  t.equal(found(claim({ volumeName: 'a' }), volume('a', undefined), volume('b', ref())), 'a')
  t.equal(found(claim({ volumeName: 'c' }), volume('b', ref())), undefined, 'it waits for that one alone')
  t.equal(found(claim({ volumeName: '${PV}' }), volume('a', undefined)), 'unknown')
  t.equal(found(claim({ volumeName: 'a' }), volume('a', undefined), volume('a', undefined)), 'unknown', 'variants')
})

t.test('the volume that names a claim', async (t) => {
  t.equal(found(claim(), volume('a', undefined), volume('b', ref())), 'b')
  t.equal(found(claim({ storageClassName: 'x' }), volume('a', ref())), 'a', 'its class does not matter')
  t.equal(found(claim({ selector: { matchLabels: { a: 'b' } } }), volume('a', ref())), 'a', 'nor do its labels')
  t.equal(found(claim(), volume('a', ref({ namespace: 'other' }))), undefined)
  t.equal(found(claim(), volume('a', { name: 'data' })), undefined, 'claims have a namespace')
  t.equal(found(claim({}, { uid: 'u1' }), volume('a', ref({ uid: 'u1' }))), 'a')
  t.equal(found(claim({}, { uid: 'u2' }), volume('a', ref({ uid: 'u1' }))), undefined, 'a claim that is gone')
  t.equal(found(claim(), volume('a', ref({ uid: 'u1' }))), 'a', 'files do not say which claim it is')
  t.equal(found(claim(), volume('a', ref(), {}, { deletionTimestamp: '2025-01-01T00:00:00Z' })), undefined)
  t.equal(found(claim(), volume('a', ref(), { capacity: { storage: '5Gi' } })), undefined, 'too small')
  t.equal(found(claim(), volume('a', ref(), { accessModes: ['ReadOnlyMany'] })), undefined)
  t.equal(found(claim(), volume('a', ref(), { volumeMode: 'Block' })), undefined)
  t.equal(found(claim(), volume('a', ref()), volume('b', ref())), 'unknown', 'either may be taken')
  t.equal(found(claim(), volume('a', ref({ name: '${CLAIM}' }))), 'unknown')
  t.equal(found(claim(), volume('a', ref({ name: '${CLAIM}' })), volume('b', ref())), 'b')
})

t.test('a claim that has its volume', async (t) => {
  const unsynced: Inventory = { ...inventoryOf(), list: () => unknown, get: () => unknown }
  t.equal(isBound({ status: { phase: 'Bound' } }, 'shop', unsynced), true)
  t.equal(isBound({ spec: { volumeName: 'pv' } }, 'shop', unsynced), true)
  t.equal(isBound(claim(), 'shop', unsynced), unknown)
  t.equal(isBound(claim(), 'shop', inventoryOf(volume('a', ref()))), true)
  t.equal(isBound({ ...claim(), status: { phase: 'Pending' } }, 'shop', inventoryOf()), false)
})
