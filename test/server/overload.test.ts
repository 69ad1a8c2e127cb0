import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { defaultLimits } from '../../src/server/app.ts'
import { reviewText } from '../support/reviews.ts'
import { authority, startTestWebhook } from '../support/webhook.ts'

const head = 'POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'

t.test('bodies that are held back give way, oldest first; a review is answered all the same', async (t) => {
  t.ok(defaultLimits.bodiesBytes >= 4 * defaultLimits.bodyBytes)
  const webhook = await startTestWebhook(t, { limits: { bodyBytes: 100_000, bodiesBytes: 250_000 } })
  const unfinished = `${head}content-length: 100000\r\n\r\n${' '.repeat(99_989)}`
  const held = await Promise.all(Array.from({ length: 5 }, () => open(webhook.port, unfinished)))

  const refused: Opened[] = []
  for (const one of held) void one.closed.then(() => refused.push(one))
  // Two of five fit.
  await until(() => refused.length === 3)
  for (const { answer } of refused) {
    t.match(answer(), /^HTTP\/1\.1 503 .*\(D2_BUSY\)/s)
    t.match(answer(), /\r\nretry-after: 1\r\n/)
    t.match(answer(), /\r\nconnection: close\r\n/)
  }
  t.match(await webhook.send(reviewText('deployment-create')), { status: 200 })
  t.match(await webhook.metrics.text(), '{operation="other",resource="other",verdict="overloaded"} 3\n')
  t.match(
    webhook.lines().filter(({ code }) => code === 'D2_BUSY'),
    [{ level: 'warn' }, { level: 'warn' }, { level: 'warn' }],
  )

  const kept = held.filter((one) => !refused.includes(one))
  for (const { socket } of kept) socket.write('x'.repeat(11))
  await until(() => kept.every(({ answer }) => answer().includes('D2_BODY_NOT_JSON')))
  t.equal(kept.length, 2, 'who ends in time is answered')

  // What gave way or ended is not counted for ever.
  for (let i = 0; i < 5; i++) t.match(await webhook.send(' '.repeat(99_000)), { json: { reason: 'D2_BODY_NOT_JSON' } })
  const gone = await open(webhook.port, unfinished)
  gone.socket.destroy()
  t.match(await webhook.send(' '.repeat(99_000)), { json: { reason: 'D2_BODY_NOT_JSON' } })
})

t.test('a body without a length counts like one that has it, and many small pieces count more', async (t) => {
  const webhook = await startTestWebhook(t, { limits: { bodyBytes: 100_000, bodiesBytes: 250_000 } })
  const chunked = `${head}transfer-encoding: chunked\r\n\r\n`
  const large = await open(webhook.port, `${chunked}${(100_001).toString(16)}\r\n${' '.repeat(100_001)}`)
  await large.closed
  t.match(large.answer(), /^HTTP\/1\.1 413 .*\(D2_BODY_TOO_LARGE\)/s)
  const pieces = await open(webhook.port, `${chunked}${'1\r\n \r\n'.repeat(1000)}`)
  await pieces.closed
  t.match(pieces.answer(), /^HTTP\/1\.1 503 .*\(D2_BUSY\)/s)
})

t.test('connections are limited, and one that ends makes room', async (t) => {
  t.ok(defaultLimits.connections >= 256)
  const webhook = await startTestWebhook(t, { limits: { connections: 2 } })
  const opened = [await open(webhook.port, ''), await open(webhook.port, '')]
  const third = connect({ port: webhook.port, host: '127.0.0.1', ca: authority.certificate }).on('error', () => {})
  const outcome = new Promise((resolve) => {
    third.once('secureConnect', () => resolve('served')).once('close', () => resolve('closed'))
  })
  t.equal(await outcome, 'closed')
  for (const { socket } of opened) socket.destroy()
  let connections = 2
  await until(() => {
    webhook.app.server.getConnections((_error, count) => (connections = count))
    return connections === 0
  })
  t.match(await webhook.send(reviewText('deployment-create')), { status: 200 })
})

interface Opened {
  readonly socket: TLSSocket
  readonly closed: Promise<void>
  readonly answer: () => string
}

/** A connection on which the text is written; resolves then. */
async function open(port: number, text: string): Promise<Opened> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate })
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await once(socket, 'secureConnect')
  // The other side may close while we still write.
  socket.on('error', () => {})
  if (text !== '') await new Promise<void>((resolve) => socket.write(text, () => resolve()))
  return { socket, closed, answer: () => answer }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
