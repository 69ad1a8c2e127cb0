import t from 'tap'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { accountNameOf, accountOf, cloudsOf, roleOf, workloadsUnder } from '../../src/sdk/service-accounts.ts'

const account = (name: string, annotations: object = {}, namespace = 'default'): Entry => ({
  kind: 'ServiceAccount',
  namespace,
  name,
  object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, annotations } },
})
const image = { name: 'web', image: 'web' }
const workload = (kind: KindName, name: string, spec: object, owner?: string): Entry => {
  const ownerReferences = owner === undefined ? [] : [{ kind: owner, controller: true }]
  const template = { spec: { containers: [image], ...spec } }
  return {
    kind,
    namespace: 'default',
    name,
    object: {
      kind,
      metadata: { name, ownerReferences },
      spec: kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template },
    },
  }
}
const inventoryOf = (entries: readonly Entry[], complete = true): Inventory => buildInventory(entries, { complete })

t.test('the name of an account', async (t) => {
  const names: readonly (readonly [object, string | undefined])[] = [
    [{}, 'default'],
    [{ serviceAccountName: '' }, 'default'],
    [{ serviceAccountName: null, serviceAccount: null }, 'default'],
    [{ serviceAccountName: 'app' }, 'app'],
    [{ serviceAccountName: 'app', serviceAccount: 'old' }, 'app'],
    [{ serviceAccountName: '', serviceAccount: 'old' }, 'old'],
    [{ serviceAccountName: '${ACCOUNT}' }, undefined],
    [{ serviceAccountName: 7 }, undefined],
    // A patch leaves out what it does not change.
    [{ containers: [{ name: 'web' }] }, undefined],
    [{ containers: [{ name: 'web' }], serviceAccountName: 'app' }, 'app'],
  ]
  for (const [given, name] of names)
    t.equal(accountNameOf({ containers: [image], ...given }), name, JSON.stringify(given))
})

t.test('the account of a pod', async (t) => {
  const spec = { serviceAccountName: 'app' }
  const there = inventoryOf([account('app')])
  t.match(accountOf(spec, 'default', there), { state: 'known', name: 'app' })
  t.match(accountOf(spec, 'other', there), { state: 'absent', name: 'app' }, 'accounts belong to a namespace')
  t.match(
    accountOf({ containers: [image] }, 'default', there),
    { state: 'known', name: 'default' },
    'a controller makes the default one',
  )
  const files = inventoryOf([account('app')], false)
  t.match(accountOf(spec, 'default', files), { state: 'known' })
  t.match(accountOf({ serviceAccountName: 'api' }, 'default', files), { missing: 'ServiceAccount' })
  t.match(
    accountOf({ containers: [image] }, 'default', files),
    { state: 'known', account: {} },
    'files leave out what a controller makes',
  )
  t.match(accountOf({ serviceAccountName: '${A}' }, 'default', files), { missing: 'value' })
  const variants = inventoryOf([account('app'), account('app', { a: 'b' })])
  t.match(accountOf(spec, 'default', variants), { missing: 'ServiceAccount' })
  const nothing: Inventory = { ...there, list: () => unknown, get: () => unknown }
  t.match(accountOf(spec, 'default', nothing), { missing: 'ServiceAccount' })
})

t.test('roles', async (t) => {
  const both = account('app', {
    'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/app',
    'azure.workload.identity/client-id': '',
    'iam.gke.io/gcp-service-account': 7,
  }).object
  t.strictSame(cloudsOf(both), ['eks'], 'an empty value maps to nothing')
  t.equal(roleOf(both, 'eks'), 'arn:aws:iam::111122223333:role/app')
  t.strictSame(cloudsOf({ metadata: { annotations: 'none' } }), [])
})

t.test('the workloads under an account', async (t) => {
  const inventory = inventoryOf([
    workload('Deployment', 'web', { serviceAccountName: 'app' }),
    workload('ReplicaSet', 'web-1', { serviceAccountName: 'app' }, 'Deployment'),
    workload('CronJob', 'nightly', { serviceAccountName: 'app' }),
    workload('StatefulSet', 'db', { serviceAccountName: '${ACCOUNT}' }),
    workload('DaemonSet', 'agent', {}),
    { kind: 'Job', namespace: 'default', name: 'empty', object: { kind: 'Job' } },
  ])
  const { found, unsure } = workloadsUnder('app', 'default', inventory)
  t.strictSame(
    found.map(({ kind }) => kind),
    ['Deployment', 'CronJob'],
    'a ReplicaSet stands behind its Deployment',
  )
  t.strictSame(unsure, ['StatefulSet'])
  t.strictSame(
    workloadsUnder('default', 'default', inventory).found.map(({ kind }) => kind),
    ['DaemonSet'],
  )
})
