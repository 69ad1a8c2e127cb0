import { connect } from 'node:tls'
import fc from 'fast-check'
import t from 'tap'
import { budgetMs, durationMs } from '../../src/server/deadline.ts'
import { isNestedDeeper } from '../../src/server/body.ts'
import { defaultLimits } from '../../src/server/app.ts'
import { review, reviewText } from '../support/reviews.ts'
import { authority, startTestWebhook, type TestWebhook } from '../support/webhook.ts'

t.test('an AdmissionReview is answered with 200 and its own uid', async (t) => {
  const webhook = await startTestWebhook(t)
  const denied = await webhook.send(reviewText('deployment-create-no-requests'))
  t.match(denied, { status: 200, headers: { 'content-type': /^application\/json/ } })
  t.match(denied.json, {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: review('deployment-create-no-requests').request.uid, allowed: false, status: { code: 403 } },
  })
  t.equal(denied.headers.connection, 'keep-alive')
  t.match((await webhook.send(reviewText('deployment-create'))).json, { response: { allowed: true } })
  t.match(
    await webhook.send(reviewText('deployment-create'), {
      headers: { 'content-type': 'application/json; charset=utf-8' },
    }),
    { status: 200 },
  )
})

t.test('keys such as __proto__ are keys', async (t) => {
  const webhook = await startTestWebhook(t)
  t.match(await webhook.send(reviewText('configmap-odd-keys')), { status: 200 })
  t.match(await webhook.send('{"__proto__":{"apiVersion":"admission.k8s.io/v1"}}'), { status: 400 })
})

t.test('what gets no answer gets a status, a stable code and one sentence', async (t) => {
  const webhook = await startTestWebhook(t)
  const refusals: [name: string, status: number, code: string, answer: ReturnType<typeof webhook.send>][] = [
    ['broken JSON', 400, 'D2_BODY_NOT_JSON', webhook.send('{"password": CANARY')],
    ['nothing', 400, 'D2_BODY_EMPTY', webhook.send('')],
    ['not a review', 400, 'D2_REVIEW_KIND', webhook.send('{"kind":"Pod","CANARY":1}')],
    ['a list', 400, 'D2_REVIEW_NOT_OBJECT', webhook.send('["CANARY"]')],
    ['null', 400, 'D2_BODY_EMPTY', webhook.send('null')],
    ['v1beta1', 400, 'D2_REVIEW_VERSION', webhook.send(reviewText('v1beta1'))],
    ['no uid', 400, 'D2_REVIEW_NO_UID', webhook.send('{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}')],
    ['text', 415, 'D2_MEDIA_TYPE', webhook.send('CANARY', { headers: { 'content-type': 'text/plain' } })],
    [
      'a form',
      415,
      'D2_MEDIA_TYPE',
      webhook.send('a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    ],
    ['packed', 415, 'D2_MEDIA_TYPE', webhook.send('{}', { headers: { 'content-encoding': 'gzip' } })],
    ['GET', 405, 'D2_METHOD', webhook.send('', { method: 'GET' })],
    ['PUT', 405, 'D2_METHOD', webhook.send('CANARY', { method: 'PUT', headers: { 'content-type': 'text/plain' } })],
    ['elsewhere', 404, 'D2_NOT_FOUND', webhook.send('{}', { path: '/CANARY' })],
    ['metrics', 404, 'D2_NOT_FOUND', webhook.send('', { path: '/metrics', method: 'GET' })],
    ['a bad path', 404, 'D2_NOT_FOUND', webhook.send('{}', { path: '/%CA%ARY' })],
  ]
  for (const [name, status, code, answer] of refusals) {
    const { json, ...rest } = await answer
    t.equal(rest.status, status, name)
    t.match(
      json,
      { kind: 'Status', status: 'Failure', code: status, reason: code, message: new RegExp(`\\(${code}\\)$`) },
      name,
    )
    t.notMatch(rest.text, /CANARY|at .*\.[jt]s:\d/, 'quotes nothing of the request and shows no stack')
  }
  t.match(await webhook.send('', { method: 'GET' }), { headers: { allow: 'POST' } })
  t.notMatch(JSON.stringify(webhook.lines()), /CANARY/)
  t.match(
    await webhook.metrics.text(),
    /day2_admission_reviews_total\{operation="other",resource="other",verdict="invalid"\} 10\n/,
  )
})

t.test('body limit: an object and its old self pass, 9 MiB do not', async (t) => {
  const webhook = await startTestWebhook(t)
  const large = review('deployment-create')
  large.request['padding'] = 'x'.repeat(7 * 1024 * 1024)
  t.match(await webhook.send(JSON.stringify(large)), { status: 200 })
  t.match(await webhook.send(Buffer.alloc(9 * 1024 * 1024, 0x20)), {
    status: 413,
    json: { reason: 'D2_BODY_TOO_LARGE' },
  })
  t.match(await webhook.send(reviewText('deployment-create')), { status: 200 }, 'goes on serving')
})

t.test('nesting: a thousand levels are judged, a million are refused', async (t) => {
  const webhook = await startTestWebhook(t)
  const nested = (levels: number) => {
    const body = reviewText('configmap-odd-keys').replace('"x"', () => '['.repeat(levels) + ']'.repeat(levels))
    return webhook.send(body)
  }
  t.match(await nested(990), { status: 200 })
  t.match(await nested(1001), { status: 400, json: { reason: 'D2_BODY_TOO_DEEP' } })
  t.match(await webhook.send('['.repeat(1_000_000)), { status: 400, json: { reason: 'D2_BODY_TOO_DEEP' } })
  t.match(await webhook.send('{"a":'.repeat(1_000_000)), { status: 400, json: { reason: 'D2_BODY_TOO_DEEP' } })

  const bytes = (text: string) => Buffer.from(text)
  t.notOk(isNestedDeeper(bytes('[[]]'), 2))
  t.ok(isNestedDeeper(bytes('[[[]]]'), 2))
  t.notOk(isNestedDeeper(bytes('[[],[],[]]'), 2), 'siblings do not add up')
  t.notOk(isNestedDeeper(bytes('["[[[[", "\\"[[[[\\\\"]'), 1), 'text is no structure')
})

t.test('a slow client is told, and cut off', async (t) => {
  const webhook = await startTestWebhook(t)
  const head = 'POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  const stalled = await Promise.all([
    open(webhook.port, `${head}content-length: 100\r\n\r\n{`),
    open(webhook.port, head),
  ])
  // Answered after what the stalled ones sent was read.
  t.match(await webhook.send(reviewText('deployment-create')), { status: 200 })
  const restore = nothingInTime(webhook)
  const [body, header] = await Promise.all(stalled.map(({ answer }) => answer))
  t.match(body, /^HTTP\/1\.1 408 .*\(D2_TIMEOUT\)/s, 'a body that stops')
  t.match(header, /^HTTP\/1\.1 408 .*\(D2_TIMEOUT\)/s, 'a header that stops')
  restore()
  t.match(await raw(webhook.port, 'GARBAGE\r\n\r\n'), /^HTTP\/1\.1 400 .*\(D2_REQUEST\)/s)
  t.match(await raw(webhook.port, `${head}x-long: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 .*\(D2_HEADERS\)/s)
  t.match(await webhook.send(reviewText('deployment-create')), { status: 200 })
})

t.test('connections outlive those of the API server, and speak HTTP/1.1', async (t) => {
  const webhook = await startTestWebhook(t)
  t.ok(webhook.app.server.keepAliveTimeout > 90_000, 'the API server closes idle connections after 90 s, and first')
  t.equal(defaultLimits.bodyBytes, 8 * 1024 * 1024)
  t.equal(webhook.app.server.requestTimeout, 10_000)
  const protocol = await new Promise((resolve) => {
    const socket = connect(
      { port: webhook.port, host: '127.0.0.1', ca: authority.certificate, ALPNProtocols: ['h2', 'http/1.1'] },
      () => {
        resolve(socket.alpnProtocol)
        socket.destroy()
      },
    )
  })
  t.equal(protocol, 'http/1.1')
  const old = new Promise((resolve) => {
    const options = {
      port: webhook.port,
      host: '127.0.0.1',
      ca: authority.certificate,
      maxVersion: 'TLSv1.1' as const,
      minVersion: 'TLSv1' as const,
      ciphers: 'DEFAULT@SECLEVEL=0',
    }
    connect(options, () => resolve('connected')).on('error', () => resolve('refused'))
  })
  t.equal(await old, 'refused', 'TLS 1.2 at least')
})

t.test('an idle connection is used again after the time that a header may take', async (t) => {
  const webhook = await startTestWebhook(t)
  const first = await webhook.send(reviewText('deployment-create'))
  const stalled = await open(webhook.port, 'POST /validate HTTP/1.1\r\n')
  const restore = nothingInTime(webhook)
  // One that stalls is cut off; the idle one was there for longer, and is not.
  await stalled.answer
  restore()
  const second = await webhook.send(reviewText('deployment-create'))
  t.match([first.status, second.status], [200, 200])
  t.equal(second.localPort, first.localPort)
})

t.test('the deadline of the caller', async (t) => {
  t.equal(durationMs('10s'), 10_000)
  t.equal(durationMs('1m2.5s'), 62_500)
  t.equal(durationMs('500ms'), 500)
  for (const bad of ['', '10', 's', '-1s', '1d', '0s', '10s ', 'constructor', '9'.repeat(40)])
    t.equal(durationMs(bad), undefined)
  t.equal(budgetMs('3s'), 2400)
  t.equal(budgetMs('30s'), 8000)
  t.equal(budgetMs(undefined), 8000)
  t.equal(budgetMs(['1s', '2s']), 8000)

  const webhook = await startTestWebhook(t)
  const late = await webhook.send(reviewText('deployment-create-no-requests'), { path: '/validate?timeout=1ns' })
  t.match(late.json, { response: { allowed: true, auditAnnotations: { 'policy-errors': /compute-test-requests/ } } })
  t.match(
    webhook.lines().filter(({ level }) => level === 'error'),
    [{ rule: 'compute-test-broken', error: 'OutOfTime' }],
  )
  const odd = await webhook.send(reviewText('deployment-create-no-requests'), {
    path: '/validate?timeout=soon&timeout=7',
  })
  t.match(odd.json, { response: { allowed: false } })
})

t.test('arbitrary JSON: no crash, no 5xx, an answer wherever there is a uid', async (t) => {
  const webhook = await startTestWebhook(t, { level: 'error' })
  await fc.assert(
    fc.asyncProperty(fc.json(), async (text) => {
      const { status } = await webhook.send(text)
      return status === 400
    }),
    { numRuns: 100 },
  )
  const envelope = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }
  const base = review('deployment-create').request
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.constantFrom('object', 'oldObject', 'kind', 'userInfo', 'operation', 'name', 'subResource'),
      async (uid, object, value, key) => {
        const request = {
          ...base,
          uid,
          object: { ...(base.object as object), spec: object, metadata: value },
          [key]: value,
        }
        const { status, json } = await webhook.send(JSON.stringify({ ...envelope, request }))
        return status === 200 && (json as { response: { uid: string } }).response.uid === uid
      },
    ),
    { numRuns: 200 },
  )
  t.strictSame(
    webhook.lines().filter(({ msg }) => /internal fault/.test(String(msg))),
    [],
  )
})

/** Lets every request that has begun be too slow, until it is called off. */
function nothingInTime({ app: { server } }: TestWebhook): () => void {
  const { headersTimeout, requestTimeout } = server
  Object.assign(server, { headersTimeout: 1, requestTimeout: 1 })
  return () => void Object.assign(server, { headersTimeout, requestTimeout })
}

/** A new connection on which the text was written; `answer` is what comes back until it is closed. */
function open(port: number, text: string): Promise<{ answer: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate }, () => {
      socket.off('error', reject).on('error', () => {})
      socket.write(text, () => resolve({ answer: closed }))
    })
    socket.once('error', reject)
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    const closed = new Promise<string>((end) => socket.on('close', () => end(answer)))
  })
}

async function raw(port: number, text: string): Promise<string> {
  return (await open(port, text)).answer
}
