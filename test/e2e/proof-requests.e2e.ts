import t from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { settled } from './support/drain.ts'
import { findingOf, record, seen, snippetOf } from './support/evidence.ts'
import { openNamespace, type Namespace } from './support/namespace.ts'
import { addPool, deployment, inPool, poolOf, soundResources } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const rule = 'compute-requests-required'
// A memory limit but no request would be defaulted to one, so the limits are missing too.
const nothing = { resources: {} }

t.test('requests', async (t) => {
  t.jobs = 2
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-requests')

  t.test(`${rule}: a quota`, async (t) => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'team' },
      spec: { hard: { 'requests.cpu': '4', 'requests.memory': '8Gi' } },
    }
    const open = await openNamespace(cluster, 'proof-quota')
    await open.accept(quota, deployment(nothing))
    const rejected = /failed quota: team: must specify requests\.cpu for: web; requests\.memory for: web/
    const events = await waitFor('the ReplicaSet to fail', () => open.events('FailedCreate'), {
      until: (messages) => messages.some((message) => rejected.test(message)),
    })
    t.same((await open.get('pods')).at('items').value, [], 'no Pod of the accepted Deployment exists')

    const guarded = await openNamespace(cluster, 'proof-quota-mended', webhook.name)
    await guarded.accept(quota)
    const refused = await webhook.refusal(() => guarded.apply(deployment(nothing)))
    t.match(refused, rule)
    await guarded.accept(deployment({ resources: typed(refused) }))
    await settled(guarded)
    record({
      rule,
      name: 'quota',
      applied: 'a Deployment without requests, in a namespace with a ResourceQuota',
      outage: 'the Deployment is accepted and has no Pod',
      by: 'ReplicaSet controller, event FailedCreate',
      message: seen(events.join('\n'), rejected),
      finding: findingOf(refused, rule),
      mended: 'with requests all Pods run',
    })
  })

  t.test(`${rule}: a full node`, async (t) => {
    const full = { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } }
    const pool = 'proof-packing'
    const [node = ''] = await addPool(cluster, pool, ['zone-0'], '2')
    const open = await openNamespace(cluster, pool)
    await open.accept(deployment({ name: 'full', replicas: 1, resources: full, pod: inPool(pool) }))
    await settled(open, 'full')
    await open.accept(deployment({ name: 'more', replicas: 20, resources: {}, pod: inPool(pool) }))
    await settled(open, 'more')
    const described = await open.kubectl(['describe', 'node', node])
    const allocated = /cpu\s+2 \(100%\)/
    t.match(described.stdout, /Non-terminated Pods:\s+\(21 in total\)/)
    t.match(described.stdout, allocated, 'the scheduler believes that they take nothing')

    const guarded = await openNamespace(cluster, `${pool}-mended`, webhook.name)
    const more = { name: 'more', replicas: 2, pod: inPool(pool) }
    const refused = await webhook.refusal(() => guarded.apply(deployment({ ...more, resources: {} })))
    await guarded.accept(deployment({ ...more, resources: typed(refused) }))
    const insufficient = /Insufficient cpu/
    await waitFor('the scheduler to see that the node is full', () => unschedulable(guarded), {
      until: (messages) => messages.length === 2 && messages.every((message) => insufficient.test(message)),
    })
    await cluster.addNode({ name: `${pool}-second`, zone: 'zone-1', ...poolOf(pool) })
    t.equal(await settled(guarded, 'more'), `${pool}-second`, 'all run on the node with room')
    record({
      rule,
      name: 'full node',
      applied: 'twenty Pods without requests, on a node whose cpu is requested to the last millicore',
      outage:
        'the scheduler packs all twenty there: they get only what the others leave, and are the first to be evicted',
      by: '`kubectl describe node`, with 21 Pods on the node',
      message: seen(described.stdout, allocated).replace(/\s+/g, ' '),
      finding: findingOf(refused, rule),
      mended: 'with requests the scheduler says `Insufficient cpu`, and places the Pods on the next node with room',
    })
  })
})

t.test('quantities', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-quantities')

  t.test('compute-quantity-suspicious: cores for millicores', async (t) => {
    const slip = {
      resources: {
        ...soundResources,
        requests: { cpu: '500', memory: '128Mi' },
        limits: { cpu: '500', memory: '128Mi' },
      },
    }
    const open = await openNamespace(cluster, 'proof-cores')
    await open.accept(deployment(slip))
    const insufficient = /Insufficient cpu/
    const messages = await waitFor('the scheduler to find no node', () => unschedulable(open), {
      until: (all) => all.length === 2 && all.every((message) => insufficient.test(message)),
    })
    const guarded = await openNamespace(cluster, 'proof-cores-mended', webhook.name)
    const refused = await webhook.refusal(() => guarded.apply(deployment(slip)))
    t.match(refused, '500m', 'says what to type')
    await guarded.accept(deployment({ resources: { ...soundResources, requests: { cpu: '500m', memory: '128Mi' } } }))
    await settled(guarded)
    record({
      rule: 'compute-quantity-suspicious',
      name: 'cores for millicores',
      applied: 'a Deployment whose containers request `cpu: "500"`',
      outage: 'no Pod is ever placed',
      by: 'scheduler',
      message: seen(messages.join('\n'), insufficient),
      finding: findingOf(refused, 'compute-quantity-suspicious'),
      mended: 'with `500m` all Pods run',
    })
  })
})

/** The resources that the denial says to type. */
function typed(refused: string): object {
  return Object(snippetOf(refused, rule).at('resources').value) as object
}

async function unschedulable(namespace: Namespace): Promise<string[]> {
  const pods = (await namespace.get('pods')).at('items').items
  const conditions = pods.flatMap((pod) => pod.at('status', 'conditions').items)
  return conditions.filter((each) => each.at('reason').text === 'Unschedulable').map((each) => each.at('message').text)
}
