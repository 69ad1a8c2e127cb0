import t from 'tap'
import { policies } from '../../policies/index.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import type { Inventory } from '../../src/sdk/inventory.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import type { Violation } from '../../src/sdk/policy.ts'

/** What a rule says of one object, and how often it looks something up. */
function judge(id: string, object: AnyObject, others: readonly AnyObject[]) {
  const policy = policies.find((each) => each.id === id)
  if (!policy) throw new Error(id)
  let looks = 0
  const known: Inventory = buildInventory([object, ...others].map(entry), { complete: true })
  const inventory: Inventory = {
    ...known,
    complete: true,
    list: (kind, namespace) => {
      looks += 1
      return known.list(kind, namespace)
    },
    get: (kind, namespace, name) => {
      looks += 1
      return known.get(kind, namespace, name)
    },
    uncertain: (each) => known.uncertain(each),
  }
  const { kind, namespace, name } = entry(object)
  const params = Object.fromEntries(Object.entries(policy.params).map(([key, schema]) => [key, schema.default]))
  const review = { operation: 'CREATE', subresource: '', frontEnd: 'webhook' } as const
  const said = [...policy.check({ kind, object, namespace, name, params, review, inventory })]
  return { looks, found: said.filter((each): each is Violation => 'reason' in each) }
}

function entry(object: AnyObject): Entry {
  // Only kinds that the rules know are written here.
  const kind = object.kind as KindName
  const name = object.metadata?.name ?? ''
  return { kind, namespace: kinds.get(kind)?.namespaced ? 'shop' : '', name, object }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const named = (kind: KindName, name: string, spec: object): AnyObject & { readonly spec: object } => ({
  kind,
  metadata: { name },
  spec,
})
const suggestions = (found: readonly Violation[], near: string) => found.filter(({ fix }) => fix.includes(near)).length

t.test('a claim of a StatefulSet is judged without the others', async (t) => {
  const pinned = (replicas: number) => [
    named('StatefulSet', 'db', {
      replicas,
      template: { spec: { nodeSelector: { 'topology.kubernetes.io/zone': 'a' } } },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    }),
    ...numbers(replicas).map((index) =>
      named('PersistentVolumeClaim', `data-db-${index}`, { volumeName: `pv-${index}` }),
    ),
    ...numbers(replicas).map((index) => {
      const expression = { key: 'topology.kubernetes.io/zone', operator: 'In', values: [index === 3 ? 'b' : 'a'] }
      const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } }
      const claimRef = { namespace: 'shop', name: `data-db-${index}` }
      return named('PersistentVolume', `pv-${index}`, { claimRef, nodeAffinity })
    }),
  ]
  const one = (replicas: number, kind: string, name: string) => {
    const objects = pinned(replicas)
    const object = objects.find((each) => each.kind === kind && each.metadata?.name === name)
    return judge(
      'storage-zone-conflict',
      object ?? {},
      objects.filter((each) => each !== object),
    )
  }
  for (const [kind, stem] of [
    ['PersistentVolumeClaim', 'data-db-'],
    ['PersistentVolume', 'pv-'],
  ] as const) {
    t.same(one(300, kind, `${stem}2`).found, [], kind)
    t.same(
      one(300, kind, `${stem}3`).found.map(({ reason }) => reason),
      ['pv-vs-pod'],
      kind,
    )
    t.equal(one(300, kind, `${stem}2`).looks, one(10, kind, `${stem}2`).looks, kind)
  }
})

t.test('of many missing names a few get the nearest', async (t) => {
  const volumes = numbers(40).map((index) => ({ persistentVolumeClaim: { claimName: `dta-${index}` } }))
  const workload = named('Deployment', 'web', { template: { spec: { volumes } } })
  const claims = numbers(40).map((index) => named('PersistentVolumeClaim', `data-${index}`, {}))
  const { found } = judge('storage-claim-missing', workload, claims)
  t.equal(found.length, 40)
  t.equal(suggestions(found, 'claimName: data-'), 5)
})

t.test('of many missing backends too', async (t) => {
  const paths = numbers(40).map((index) => ({
    path: `/${index}`,
    pathType: 'Prefix',
    backend: { service: { name: `wbe-${index}`, port: { number: 80 } } },
  }))
  const ingress = named('Ingress', 'web', { rules: [{ http: { paths } }] })
  const services = numbers(40).map((index) => named('Service', `web-${index}`, { ports: [{ port: 80 }] }))
  const { found } = judge('network-ingress-backend-missing', ingress, services)
  t.equal(found.length, 40)
  t.equal(suggestions(found, 'write name: web-'), 5)
})
