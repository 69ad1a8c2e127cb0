import t from 'tap'
import {
  startLiveInventory,
  type CollectionChange,
  type Follow,
  type InventoryEvent,
} from '../../src/inventory/live.ts'
import { trim } from '../../src/inventory/trim.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { kinds, type KindInfo } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'

/** Collections that change when the test says so. */
function scripted(...names: KindName[]) {
  const queues = new Map<KindName, { changes: CollectionChange[]; wake: () => void }>()
  const follow: Follow = async function* ({ kind }, signal) {
    const queue = { changes: [] as CollectionChange[], wake: () => {} }
    queues.set(kind, queue)
    signal.addEventListener('abort', () => queue.wake())
    while (!signal.aborted) {
      const change = queue.changes.shift()
      if (change) yield change
      else await new Promise<void>((resolve) => (queue.wake = resolve))
    }
  }
  const infos = names.map((name) => kinds.get(name)).filter((info): info is KindInfo => info !== undefined)
  let now = 1000
  const events: InventoryEvent[] = []
  const live = startLiveInventory(follow, infos, {
    now: () => now,
    maxStalenessSeconds: 60,
    admittedSeconds: 10,
    onEvent: (event) => events.push(event),
  })
  const say = async (kind: KindName, ...changes: CollectionChange[]): Promise<void> => {
    const queue = queues.get(kind)
    queue?.changes.push(...changes)
    queue?.wake()
    while (queue?.changes.length) await tick()
    await tick()
  }
  return { live, say, events, advance: (seconds: number) => (now += seconds * 1000) }
}

const tick = () => new Promise((resolve) => setImmediate(resolve))
const named = (name: string, namespace?: string) => ({ metadata: { name, ...(namespace ? { namespace } : {}) } })
const forbidden = { code: 'D2_KUBE_FORBIDDEN', message: 'not allowed to list nodes' }
const unreachable = { code: 'D2_KUBE_UNREACHABLE', message: 'cannot reach the API server' }

t.test('a kind is unknown until it is synced, and follows every change after', async (t) => {
  const { live, say, events } = scripted('Deployment', 'Node')
  t.teardown(() => live.stop())
  const { inventory } = live
  t.equal(inventory.complete, true)
  t.equal(inventory.list('Node'), unknown)
  t.equal(inventory.get('Deployment', 'shop', 'web'), unknown)
  t.equal(inventory.stale('Node'), true)
  t.equal(inventory.list('StorageClass'), unknown, 'a kind that is not followed')
  t.equal(inventory.stale('StorageClass'), true)
  t.equal(inventory.stale('Pod'), false, 'what nobody follows is unknown, and makes nothing beside it stale')

  await say('Deployment', {
    type: 'replaced',
    objects: [named('web', 'shop'), named('api', 'shop'), named('web', 'bank')],
  })
  t.equal(live.synced(), false)
  t.strictSame(inventory.list('Deployment', 'shop'), [named('web', 'shop'), named('api', 'shop')])
  t.strictSame(inventory.get('Deployment', 'bank', 'web'), named('web', 'bank'))
  t.equal(inventory.get('Deployment', 'bank', 'api'), undefined)
  t.equal(inventory.stale('Deployment'), false)
  t.equal(inventory.uncertain(named('web')), false)

  const newer = { ...named('web', 'shop'), spec: { replicas: 3 } }
  await say('Deployment', { type: 'put', object: newer }, { type: 'deleted', object: named('api', 'shop') })
  t.strictSame(inventory.list('Deployment', 'shop'), [newer])
  await say('Deployment', { type: 'replaced', objects: [named('only', 'shop')] })
  t.strictSame(inventory.list('Deployment'), [named('only', 'shop')])

  await say('Node', { type: 'replaced', objects: [] })
  t.equal(live.synced(), true)
  t.strictSame(events, [
    { type: 'synced', resource: 'deployments.apps', objects: 3 },
    { type: 'synced', resource: 'nodes', objects: 0 },
  ])
})

t.test('without progress for longer than allowed a kind is stale, and says how old it is', async (t) => {
  const { live, say, advance } = scripted('Node')
  t.teardown(() => live.stop())
  await say('Node', { type: 'replaced', objects: [named('n1')] })
  advance(60)
  t.equal(live.inventory.stale('Node'), false)
  advance(1)
  t.equal(live.inventory.stale('Node'), true)
  t.strictSame(live.inventory.list('Node'), [named('n1')], 'stale is still known')
  t.strictSame(live.status(), [{ resource: 'nodes', synced: true, stale: true, objects: 1, ageSeconds: 61 }])
  await say('Node', { type: 'current' })
  t.equal(live.inventory.stale('Node'), false)
})

t.test('failures are told once each, and what we may not read is unknown again', async (t) => {
  const { live, say, events } = scripted('Node', 'PersistentVolume')
  t.teardown(() => live.stop())
  await say(
    'Node',
    { type: 'failed', failure: unreachable, lost: false },
    { type: 'failed', failure: unreachable, lost: false },
  )
  await say('Node', { type: 'replaced', objects: [named('n1')] }, { type: 'failed', failure: unreachable, lost: false })
  t.strictSame(live.inventory.list('Node'), [named('n1')], 'a broken connection takes nothing away')
  await say('Node', { type: 'current' }, { type: 'failed', failure: forbidden, lost: true })
  t.equal(live.inventory.list('Node'), unknown)
  t.match(live.status()[0], { synced: false, objects: 0, error: forbidden.message })
  await say('Node', { type: 'replaced', objects: [named('n2')] })
  t.strictSame(live.inventory.list('Node'), [named('n2')])
  t.notOk('error' in (live.status()[0] ?? {}))
  const failed = (failure: object) => ({ type: 'failed', resource: 'nodes', ...failure })
  t.strictSame(events, [
    failed(unreachable),
    { type: 'synced', resource: 'nodes', objects: 1 },
    failed(unreachable),
    { type: 'recovered', resource: 'nodes' },
    failed(forbidden),
    { type: 'synced', resource: 'nodes', objects: 1 },
  ])
})

t.test('waiting ends when nothing is left to wait for', async (t) => {
  const { live, say } = scripted('Node', 'PersistentVolume')
  t.teardown(() => live.stop())
  const { signal } = new AbortController()
  let done = false
  const settled = live.settled(signal).then(() => (done = true))
  await say('Node', { type: 'replaced', objects: [] })
  t.equal(done, false)
  await t.rejects(live.settled(AbortSignal.abort(new Error('late'))), { message: 'late' })
  const limit = new AbortController()
  const limited = live.settled(limit.signal)
  limit.abort(new Error('the limit'))
  await t.rejects(limited, { message: 'the limit' })
  await say('PersistentVolume', { type: 'failed', failure: forbidden, lost: true })
  await settled
  t.equal(live.synced(), false, 'a right that is missing is not waited for')
  await live.settled(signal)
})

t.test('Pods, Secrets and ConfigMaps are never held', async (t) => {
  for (const kind of ['Pod', 'Secret', 'ConfigMap'] as const) {
    t.throws(() => scripted('Node', kind), { message: `the live inventory holds no ${kind}` })
  }
})

t.test('what is held of an object', async (t) => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', team: 'shop' }
  const metadata = { name: 'x', managedFields: [{ manager: 'kubectl' }], annotations, labels: { app: 'x' } }
  const kept = { name: 'x', annotations: { team: 'shop' }, labels: { app: 'x' } }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: 1 },
    status: { replicas: 1, conditions: [] },
  }
  const copy = structuredClone(deployment)
  t.strictSame(trim(deployment), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: kept,
    spec: { replicas: 1 },
    status: { replicas: 1 },
  })
  t.strictSame(deployment, copy, 'the argument stays as it is')

  const status = { allocatable: { cpu: '4' }, images: [{ names: ['a'] }], volumesAttached: [], conditions: [] }
  t.strictSame(trim({ kind: 'Node', metadata: { name: 'n' }, status } as object), {
    kind: 'Node',
    metadata: { name: 'n' },
    status: { allocatable: { cpu: '4' }, conditions: [] },
  })
  const owners = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', controller: true }]
  const ready = { ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 } } }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, ownerReferences: owners },
    spec: { containers: [{ name: 'web', image: 'x', ...ready }], volumes: [], hostNetwork: true, readinessGates: [] },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  }
  t.strictSame(
    trim(pod),
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x', labels: { app: 'x' }, ownerReferences: owners },
      spec: { containers: [{ name: 'web', ...ready }], hostNetwork: true, readinessGates: [] },
      status: { phase: 'Running' },
    },
    'of a Pod who it is, its labels, its owners, its phase, its ports and what makes it Ready',
  )
  const quota = { kind: 'ResourceQuota', status: { used: { pods: '1' } } }
  t.strictSame(trim(quota), quota)
  const odd = JSON.parse('{"kind":"Node","metadata":{"annotations":{"__proto__":"x"}},"status":null}') as object
  t.strictSame(JSON.stringify(trim(odd)), JSON.stringify(odd))
})

const web = (resourceVersion: string, replicas: number) => ({
  metadata: { name: 'web', namespace: 'shop', resourceVersion },
  spec: { replicas },
})
const webRef = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const

async function withWeb(t: { teardown(fn: () => unknown): unknown }, ...objects: object[]) {
  const scripts = scripted('Deployment')
  t.teardown(() => scripts.live.stop())
  await scripts.say('Deployment', { type: 'replaced', objects })
  const replicas = () => {
    const found = scripts.live.inventory.get('Deployment', 'shop', 'web')
    return found === unknown ? 'unknown' : found?.spec?.replicas
  }
  const admit = (replicas: number, replaces?: string) =>
    scripts.live.admitted({ ...webRef, object: web(replaces ?? '', replicas), replaces })
  return { ...scripts, replicas, admit }
}

t.test('what was let in counts at once, and is confirmed by the watch', async (t) => {
  const { live, say, replicas, admit } = await withWeb(t)
  admit(3)
  t.equal(replicas(), 3)
  t.equal(live.inventory.unconfirmed?.(webRef), true)
  await say('Deployment', { type: 'put', object: web('7', 4) })
  t.equal(replicas(), 4, 'a mutating webhook may have come after us')
  t.equal(live.inventory.unconfirmed?.(webRef), false)
})

t.test('what nobody confirms was refused by somebody else', async (t) => {
  const { replicas, admit, advance, live } = await withWeb(t, web('5', 2))
  admit(0, '5')
  advance(9)
  t.equal(replicas(), 0)
  advance(2)
  t.equal(replicas(), 2, 'what was known before counts again')
  t.equal(live.inventory.unconfirmed?.(webRef), false)
})

t.test('a new object that nobody confirms is gone', async (t) => {
  const { live, replicas, admit, advance } = await withWeb(t)
  const count = () => live.status().find(({ resource }) => resource === 'deployments.apps')?.objects
  admit(3)
  t.equal(count(), 1)
  advance(11)
  t.equal(count(), 0, 'also where no review has asked since')
  t.equal(replicas(), undefined)
})

t.test('events that are older than what was let in do not undo it', async (t) => {
  const { say, replicas, admit, advance } = await withWeb(t, web('5', 2))
  admit(9, '10')
  await say('Deployment', { type: 'put', object: web('8', 3) })
  await say('Deployment', { type: 'put', object: web('10', 4) })
  t.equal(replicas(), 9)
  advance(11)
  t.equal(replicas(), 4, 'and count where it is not confirmed')
})

t.test('the deletion of an object that is made again comes late', async (t) => {
  const { say, replicas, admit } = await withWeb(t, web('5', 2))
  admit(6)
  await say('Deployment', { type: 'deleted', object: web('9', 2) })
  t.equal(replicas(), 6)
})

t.test('an object that was changed and then deleted is gone', async (t) => {
  const { say, replicas, admit } = await withWeb(t, web('5', 2))
  admit(6, '5')
  await say('Deployment', { type: 'deleted', object: web('9', 2) })
  t.equal(replicas(), undefined)
})

t.test('a fresh list keeps what it does not hold yet, and confirms what it does', async (t) => {
  const { say, replicas, admit, live } = await withWeb(t, web('5', 2))
  admit(6, '5')
  await say('Deployment', { type: 'replaced', objects: [web('5', 2)] })
  t.equal(replicas(), 6)
  await say('Deployment', { type: 'replaced', objects: [web('6', 7)] })
  t.equal(replicas(), 7)
  t.equal(live.inventory.unconfirmed?.(webRef), false)
})

t.test('a kind that is not known yet stays so', async (t) => {
  const { live } = scripted('Deployment')
  t.teardown(() => live.stop())
  live.admitted({ ...webRef, object: web('', 1), replaces: undefined })
  t.equal(live.inventory.get('Deployment', 'shop', 'web'), unknown)
})
