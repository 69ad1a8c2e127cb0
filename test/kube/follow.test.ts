import t from 'tap'
import { kinds } from '../../src/sdk/kinds.ts'
import { backoff } from '../../src/kube/backoff.ts'
import { connect } from '../../src/kube/connect.ts'
import { follow, type Change } from '../../src/kube/follow.ts'
import { sleep } from '../../src/kube/sleep.ts'
import { FakeApiServer } from './fake-api-server.ts'

const path = '/apis/autoscaling/v2/horizontalpodautoscalers'
const info = kinds.get('HorizontalPodAutoscaler')
if (!info) throw new Error('no such kind')
const hpa = (name: string, more = {}) => ({ metadata: { name, namespace: 'shop', ...more } })

interface Scope {
  teardown(fn: () => unknown): unknown
  testdir(): string
}

/** Follows the collection on a server of its own; `next` is the next change in short, `waits` what was waited for. */
async function followed(t: Scope, serve = true) {
  const server = new FakeApiServer()
  await server.start(serve ? { [path]: 'HorizontalPodAutoscaler' } : {})
  const connection = await connect({ kubeconfig: server.kubeconfig(t.testdir()) })
  const stopping = new AbortController()
  const waits: number[] = []
  let now = 0
  const changes = follow(connection, info as NonNullable<typeof info>, {
    signal: stopping.signal,
    now: () => now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      waits.push(ms)
      now += ms
      signal.throwIfAborted()
    },
    keep: (object) => ({ ...object, kept: true }),
    limit: 2,
  })
  t.teardown(async () => {
    stopping.abort()
    await changes.next()
    connection.close()
    await server.stop()
  })
  const next = async (): Promise<string> => {
    const { value } = await changes.next()
    return value ? short(value) : 'ended'
  }
  return { server, next, waits, stop: () => stopping.abort(), advance: (ms: number) => (now += ms) }
}

function short(change: Change): string {
  if (change.type === 'replaced') return `replaced ${change.objects.map(({ metadata }) => metadata?.name).join(' ')}`
  if (change.type === 'put' || change.type === 'deleted') return `${change.type} ${change.object.metadata?.name}`
  if (change.type === 'failed') return `${change.lost ? 'lost' : 'failed'} ${change.failure.code}`
  return change.type
}

t.test('lists, watches, and keeps what it was told to keep', async (t) => {
  const { server, next } = await followed(t)
  for (const name of ['a', 'b', 'c']) server.put(path, hpa(name))
  t.equal(await next(), 'replaced a b c')
  t.match(server.requests.at(-1), /^watch .*watch=true&allowWatchBookmarks=true&resourceVersion=103&timeoutSeconds=40$/)
  server.put(path, hpa('d'))
  server.put(path, hpa('a', { labels: { grüße: '日本' } }))
  server.delete(path, 'shop', 'b')
  server.bookmark()
  t.equal(await next(), 'put d')
  t.equal(await next(), 'put a')
  t.equal(await next(), 'deleted b')
  t.equal(await next(), 'current')
})

t.test('a watch that ends or breaks goes on where it was', async (t) => {
  const { server, next, waits, advance } = await followed(t)
  server.pieces = 7
  t.equal(await next(), 'replaced ')
  server.put(path, hpa('a'))
  t.equal(await next(), 'put a')

  const ended = next()
  server.endWatches()
  server.put(path, hpa('b'))
  t.equal(await ended, 'put b', 'an end in order is no failure')
  t.strictSame(waits, [])

  const broken = next()
  server.endWatches('mid-line')
  server.put(path, hpa('c'))
  t.equal(await broken, 'failed D2_KUBE_UNREACHABLE')
  t.equal(await next(), 'put c')
  t.strictSame(waits, [375])

  server.bookmark(200)
  t.equal(await next(), 'current')
  const resumed = next()
  advance(2000)
  server.faults.push({ when: 'watch', status: 429, headers: { 'retry-after': '9' } })
  server.faults.push({ when: 'watch', status: 500 })
  server.endWatches()
  t.equal(await resumed, 'failed D2_KUBE_THROTTLED')
  t.equal(await next(), 'failed D2_KUBE_ANSWER')
  const last = next()
  await waitUntil(() => server.watches === 1)
  t.match(server.requests.at(-1), 'resourceVersion=200&')
  t.strictSame(waits, [375, 9000, 750], 'no sooner than asked for, and longer each time')
  t.equal(server.requests.filter((request) => request.startsWith('list')).length, 1)
  server.bookmark()
  t.equal(await last, 'failed D2_KUBE_GONE', 'a server that is behind what we saw was restored from a backup')
})

t.test('a watch that lasted as long as agreed and ended in order proves that nothing is outstanding', async (t) => {
  const { server, next, waits, advance } = await followed(t)
  t.equal(await next(), 'replaced ')
  const ended = next()
  advance(40_000)
  server.endWatches()
  t.equal(await ended, 'current')
  const cut = next()
  await waitUntil(() => server.watches === 1)
  server.endWatches()
  await waitUntil(() => server.watches === 1)
  t.strictSame(waits, [375], 'one that ends at once is not asked for again at once')
  server.bookmark()
  t.equal(await cut, 'current')
})

t.test('a version that is gone means a new list, all at once', async (t) => {
  const { server, next } = await followed(t)
  server.put(path, hpa('a'))
  server.put(path, hpa('b'))
  t.equal(await next(), 'replaced a b')
  const gone = next()
  await server.stop()
  t.equal(await gone, 'failed D2_KUBE_UNREACHABLE')
  server.delete(path, 'shop', 'a')
  server.put(path, hpa('c'))
  server.compact()
  await server.start({})
  t.equal(await next(), 'replaced b c', 'which is no failure')

  const error = { type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version' } }
  server.sendAll(error)
  t.equal(await next(), 'replaced b c')
  server.sendAll({ type: 'ERROR', object: { code: 500, details: { retryAfterSeconds: 1 } } })
  t.equal(await next(), 'failed D2_KUBE_ANSWER')
  server.put(path, hpa('d'))
  t.equal(await next(), 'put d', 'a fault inside the API server is no reason to list')
  server.sendAll({ type: 'WHAT' })
  t.equal(await next(), 'failed D2_KUBE_ANSWER')
  t.equal(await next(), 'replaced b c d')
})

t.test('an empty list is announced only when its watch stands', async (t) => {
  const { server, next } = await followed(t)
  server.faults.push({ when: 'watch', hangUp: 'at once' }, { when: 'watch', hangUp: 'at once' })
  const first = next()
  t.equal(await first, 'failed D2_KUBE_UNREACHABLE')
  server.put(path, hpa('late'))
  t.equal(await next(), 'replaced ')
  t.equal(await next(), 'put late')
})

t.test('each verb that is missing is named, and asked for again', async (t) => {
  const { server, next } = await followed(t)
  server.forbidden.add('list horizontalpodautoscalers')
  t.equal(await next(), 'lost D2_KUBE_FORBIDDEN')
  server.forbidden.delete('list horizontalpodautoscalers')
  server.forbidden.add('watch horizontalpodautoscalers')
  t.equal(await next(), 'lost D2_KUBE_FORBIDDEN')
  server.forbidden.clear()
  t.equal(await next(), 'replaced ')
})

t.test('a resource that is not served is empty until it is', async (t) => {
  const { server, next, waits } = await followed(t, false)
  t.equal(await next(), 'replaced ')
  t.equal(await next(), 'replaced ')
  t.strictSame(waits, [22_500])
  server.serve('/apis/autoscaling/v1/horizontalpodautoscalers', 'HorizontalPodAutoscaler')
  t.equal(await next(), 'lost D2_KUBE_NOT_FOUND', 'served in another version only')
  server.serve(path, 'HorizontalPodAutoscaler')
  server.put(path, hpa('a'))
  t.equal(await next(), 'replaced a')
  server.faults.push({ status: 404 }, { status: 500 })
  server.endWatches()
  t.equal(await next(), 'failed D2_KUBE_ANSWER', 'discovery that fails proves nothing')
})

t.test('a kind that comes or goes at this moment is asked for again, and what is known of it stays', async (t) => {
  const { server, next } = await followed(t)
  t.equal(await next(), 'replaced ')
  server.put(path, hpa('a'))
  t.equal(await next(), 'put a')
  // Found among what is served, and not found itself: one of both lags behind.
  server.faults.push({ when: 'watch', status: 404 }, { when: 'list', status: 404 })
  server.endWatches()
  t.equal(await next(), 'replaced a')
  for (let times = 0; times < 6; times++) server.faults.push({ when: 'list', status: 404 })
  server.compact()
  server.sendAll({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version' } })
  t.equal(await next(), 'failed D2_KUBE_NOT_FOUND', 'told once it lasts')
  t.equal(await next(), 'replaced a')
})

t.test('it ends with its signal, also while it waits', async (t) => {
  const { server, next, stop } = await followed(t)
  await next()
  const last = next()
  stop()
  t.equal(await last, 'ended')
  t.equal(server.faults.length, 0)
  const stopping = new AbortController()
  const waiting = sleep(60_000, stopping.signal)
  stopping.abort()
  await t.rejects(waiting, { name: 'AbortError' })
})

t.test('back-off doubles up to a limit, with jitter, and starts anew', async (t) => {
  let chance = 0
  const waits = backoff(() => chance, 500, 4000)
  t.strictSame([waits.next(), waits.next(), waits.next(), waits.next(), waits.next()], [250, 500, 1000, 2000, 2000])
  chance = 0.999
  t.equal(waits.next(), 3998)
  t.equal(waits.next(3_600_000), 8000, 'no server makes us wait for ever')
  waits.reset()
  t.equal(waits.next(), 500)
})

async function waitUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
