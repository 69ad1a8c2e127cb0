import t from 'tap'
import type { Connection } from '../../src/kube/connect.ts'
import { KubeFailure } from '../../src/kube/failure.ts'
import { retrying } from '../../src/kube/retrying.ts'

const busy = new KubeFailure('D2_KUBE_THROTTLED', 'slow down', { status: 429, retryAfterMs: 7000 })
const away = new KubeFailure('D2_KUBE_UNREACHABLE', 'connection refused')
const fault = new KubeFailure('D2_KUBE_ANSWER', 'the API server answered 503', { status: 503 })
const denied = new KubeFailure('D2_KUBE_FORBIDDEN', 'not allowed', { status: 403 })

t.test('what passes is tried again, as long as the server asks for', async (t) => {
  const { connection, waits } = scripted(busy, 'a', fault, away, 'b')
  t.equal(await connection.request('/'), 'a')
  t.equal(await connection.request('/'), 'b')
  t.strictSame(waits, [7000, 250, 500])
})

t.test('what does not pass fails at once', async (t) => {
  const { connection, waits } = scripted(away, 'a', denied)
  await t.rejects(connection.request('/'), away, 'it never answered')
  t.equal(await connection.request('/'), 'a')
  await t.rejects(connection.request('/'), denied)
  t.strictSame(waits, [])
})

t.test('patience ends, and begins anew with the next answer', async (t) => {
  const { connection, waits } = scripted('a', away, away, away, away, away, away, 'b', fault, 'c')
  await connection.request('/')
  await t.rejects(connection.request('/'), away)
  t.equal(waits.length, 4)
  await t.rejects(connection.request('/'), away, 'no second wait for a server that is gone')
  t.equal(waits.length, 4)
  t.equal(await connection.request('/'), 'b')
  t.equal(await connection.request('/'), 'c')
})

function scripted(...answers: readonly (string | KubeFailure)[]) {
  const waits: number[] = []
  const left = [...answers]
  const plain: Connection = {
    server: 'https://example',
    async request() {
      const next = left.shift()
      if (next instanceof Error) throw next
      return next
    },
    stream: () => Promise.reject(away),
    close: () => {},
  }
  const sleep = async (ms: number) => void waits.push(ms)
  return { waits, connection: retrying(plain, { sleep, random: () => 0 }, new AbortController().signal) }
}
