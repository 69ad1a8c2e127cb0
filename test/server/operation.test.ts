import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect } from 'node:tls'
import fc from 'fast-check'
import t from 'tap'
import { issueLeaf } from '../../certs/leaf.ts'
import { definePolicy } from '../../src/sdk/policy.ts'
import { drainAndClose } from '../../src/server/drain.ts'
import { readIdentity, zoneOfLabels } from '../../src/server/identity.ts'
import { listen } from '../../src/server/listen.ts'
import { createLog, errorFields } from '../../src/server/log.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createProbes } from '../../src/server/probes.ts'
import { Readiness } from '../../src/server/readiness.ts'
import { startReloading } from '../../src/server/reload.ts'
import { review, reviewText } from '../support/reviews.ts'
import { authority, startTestWebhook } from '../support/webhook.ts'

const contract = ['time', 'level', 'msg', 'trace_id', 'namespace', 'pod', 'node', 'zone']

t.test('every line carries the contract, whatever the request', async (t) => {
  const webhook = await startTestWebhook(t)
  const names = [
    'deployment-create',
    'deployment-create-no-requests',
    'pod-generate-name',
    'deployment-delete',
    'v1beta1',
  ]
  for (const name of names) await webhook.send(reviewText(name))
  await webhook.send('no JSON')
  webhook.log.info({ anything: 1 }, 'outside of a request')
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }), async (fields) => {
      await webhook.send(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          request: { uid: 'u', ...fields },
        }),
      )
    }),
    { numRuns: 50 },
  )
  const lines = webhook.lines()
  t.ok(lines.length > 50)
  for (const line of lines) {
    for (const field of contract) t.match(line[field], /./, `${field} of "${String(line['msg'])}"`)
    t.match(line['level'], /^(debug|info|warn|error)$/)
    t.match(line['time'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    t.match(line['trace_id'], /^[0-9a-f]{32}$/)
  }
})

t.test('the line of a review names subject, rules, verdict and time, and nothing of the object', async (t) => {
  const webhook = await startTestWebhook(t)
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const body = reviewText('deployment-create-no-requests').replaceAll('registry.example.com', 'CANARY')
  await webhook.send(body, { headers: { traceparent } })
  await webhook.send(reviewText('deployment-create'))
  await webhook.send(reviewText('pod-generate-name'))
  const [denied, allowed, generated] = webhook.lines()
  t.match(denied, {
    level: 'info',
    msg: 'review denied',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    trace_src: 'traceparent',
    span_id: '00f067aa0ba902b7',
    uid: review('deployment-create-no-requests').request.uid,
    operation: 'CREATE',
    subject: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    user: 'dev@example.com',
    verdict: 'denied',
    rules: ['compute-test-requests'],
    ms: Number,
  })
  t.match(allowed, { level: 'debug', verdict: 'allowed', trace_src: 'uid', unresolved: 1 })
  t.match(generated, { subject: { kind: 'Pod', name: '', generateName: 'web-' } })
  t.notMatch(JSON.stringify(webhook.lines()), /CANARY/)
})

t.test('what a mode keeps from the user is told at info', async (t) => {
  const webhook = await startTestWebhook(t, { level: 'info', settings: { mode: 'audit' } })
  await webhook.send(reviewText('deployment-create-no-requests'))
  await webhook.send(reviewText('deployment-create'))
  t.match(webhook.lines(), [{ verdict: 'allowed', findings: [{ severity: 'audit', from: 'deny', by: 'mode audit' }] }])
  t.equal(webhook.lines().length, 1)
})

t.test('lines stay below what a container runtime splits', async (t) => {
  const webhook = await startTestWebhook(t)
  const body = review('deployment-create')
  const long = '\u00e9'.repeat(100_000)
  const containers = Array.from({ length: 500 }, (_, index) => ({ name: `${index}${long.slice(0, 300)}` }))
  body.request['name'] = long
  body.request['namespace'] = long
  body.request['userInfo'] = { username: long }
  body.request.object = { metadata: { name: long }, spec: { template: { spec: { containers } } } }
  await webhook.send(JSON.stringify(body))
  const [line] = webhook.lines()
  t.match(line, { verdict: 'denied' })
  t.ok(Buffer.byteLength(JSON.stringify(line)) < 16_384)
})

t.test('who we are, from the downward API', async (t) => {
  t.strictSame(await readIdentity({}), { namespace: '-', pod: '-', node: '-', zone: '-' })
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAMESPACE: 'ns', POD_NAME: 'p', NODE_NAME: 'n', POD_ZONE: '' }
  const dir = t.testdir({ labels: 'app="web"\ntopology.kubernetes.io/zone="eu-1a"\n' })
  t.strictSame(await readIdentity({ ...env, POD_ZONE: 'eu-1b' }), {
    namespace: 'ns',
    pod: 'p',
    node: 'n',
    zone: 'eu-1b',
  })
  t.match(await readIdentity(env, `${dir}/labels`), { zone: 'eu-1a' }, 'an empty variable is none')
  t.match(await readIdentity(env, `${dir}/none`), { zone: 'unknown' })
  t.match(await readIdentity({ KUBERNETES_SERVICE_HOST: 'x', HOSTNAME: 'h' }, `${dir}/none`), {
    pod: 'h',
    node: 'unknown',
  })
  t.equal(zoneOfLabels({ 'failure-domain.beta.kubernetes.io/zone': 'old' }), 'old')
  t.equal(zoneOfLabels(undefined), undefined)
  t.strictSame(errorFields(new TypeError('CANARY')), { error: 'TypeError' })
  t.strictSame(errorFields('CANARY'), { error: 'string' })
})

t.test('metrics count what happened, by value', async (t) => {
  const webhook = await startTestWebhook(t)
  const exempt = review('deployment-create-no-requests')
  const { metadata } = exempt.request.object as { metadata: { annotations?: object } }
  metadata.annotations = {
    'day2-admission.dev/exempt': 'compute-test-requests',
    'day2-admission.dev/exempt-reason': 'legacy',
    'day2-admission.dev/exempt-until': new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
  }
  const failing = review('deployment-create')
  const broken = failing.request.object as { metadata: { annotations?: object } }
  broken.metadata.annotations = { break: 'yes' }
  const bodies = [
    ...Array.from({ length: 3 }, () => reviewText('deployment-create-no-requests')),
    reviewText('deployment-update-already-wrong'),
    reviewText('deployment-create'),
    reviewText('custom-resource'),
    reviewText('deployment-scale'),
    reviewText('deployment-status'),
    reviewText('deployment-delete'),
    JSON.stringify(exempt),
    JSON.stringify(failing),
    'broken',
  ]
  for (const body of bodies) await webhook.send(body)
  const text = await webhook.metrics.text()
  const reviews = (labels: string) => `day2_admission_reviews_total{${labels}}`
  const deployments = 'resource="deployments.apps"'
  for (const [series, value] of [
    [reviews(`operation="CREATE",${deployments},verdict="denied"`), 3],
    [reviews(`operation="CREATE",${deployments},verdict="allowed"`), 3],
    [reviews(`operation="UPDATE",${deployments},verdict="warned"`), 1],
    [reviews('operation="CREATE",resource="other",verdict="uncovered"'), 1],
    [reviews('operation="UPDATE",resource="deployments.apps/scale",verdict="unresolved"'), 1],
    [reviews('operation="UPDATE",resource="deployments.apps/status",verdict="skipped"'), 1],
    [reviews(`operation="DELETE",${deployments},verdict="skipped"`), 1],
    [reviews('operation="other",resource="other",verdict="invalid"'), 1],
    ['day2_admission_review_duration_seconds_count', 11],
    ['day2_findings_total{rule="compute-test-requests",severity="deny"}', 3],
    ['day2_findings_total{rule="compute-test-requests",severity="warn"}', 1],
    ['day2_exemptions_total{rule="compute-test-requests"}', 1],
    ['day2_policy_errors_total{rule="compute-test-broken"}', 1],
  ] as const)
    t.match(text, `\n${series} ${value}\n`, series)
  t.notMatch(text, /shop|"web"|dev@example/, 'no label holds a name of the cluster')
  t.match(text, /^nodejs_eventloop_lag_seconds /m, "Node's own are there")
})

t.test('probes and metrics over plain HTTP', async (t) => {
  let problem: string | undefined = 'not synced yet: nodes'
  const readiness = new Readiness()
  readiness.add('certificate', () => undefined)
  readiness.add('inventory', () => problem)
  const metrics = createMetrics({
    inventory: () => [{ resource: 'nodes', objects: 3, ageSeconds: 1.5 }],
    certificates: () => new Map([['serving', new Date(61_000)]]),
    now: () => 1000,
  })
  metrics.settingsReload('success')
  const log = createLog({ namespace: '-', pod: '-', node: '-', zone: '-' }, 'info', { write: () => {} })
  const app = createProbes({ readiness, metrics, log })
  t.teardown(() => app.close())
  const port = await listen(app, '127.0.0.1', 0)
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  t.match(await get('/livez'), { status: 200, text: 'ok\n' })
  t.match(await get('/readyz'), { status: 503, text: 'ok: certificate\nnot ready: inventory: not synced yet: nodes\n' })
  problem = undefined
  t.match(await get('/readyz'), { status: 200, text: 'ok: certificate\nok: inventory\n' })
  const shown = await get('/metrics')
  t.match(shown, { status: 200, type: /^text\/plain; version=0\.0\.4/ })
  t.match(shown.text, '\nday2_inventory_objects{resource="nodes"} 3\n')
  t.match(shown.text, '\nday2_inventory_age_seconds{resource="nodes"} 1.5\n')
  t.match(shown.text, '\nday2_certificate_expiry_seconds{role="serving"} 60\n')
  t.match(shown.text, '\nday2_settings_reloads_total{result="success"} 1\n')
  t.match(shown.text, '\nday2_settings_reloads_total{result="failure"} 0\n')
  t.match(await get('/validate'), { status: 404 })
})

t.test('a port in use, a port that is forbidden, a host that is not ours', async (t) => {
  const webhook = await startTestWebhook(t)
  const other = await startTestWebhook(t)
  await other.app.close()
  const app = createProbes({ readiness: new Readiness(), metrics: other.metrics, log: other.log })
  t.teardown(() => app.close())
  await t.rejects(listen(app, '127.0.0.1', webhook.port), {
    code: 'D2_PORT_IN_USE',
    message: `port ${webhook.port} is in use on 127.0.0.1; stop what listens there or choose another port`,
  })
  await t.rejects(listen(app, '203.0.113.1', 0), { code: 'D2_HOST' })
})

t.test(
  'draining: requests in flight and on open connections are answered, and each closes its connection',
  async (t) => {
    const webhook = await startTestWebhook(t)
    const before = await webhook.send(reviewText('deployment-create'))
    t.equal(before.headers.connection, 'keep-alive')

    // A request that has begun when the drain does, and ends when the server is closing.
    const slow = connect({ port: webhook.port, host: '127.0.0.1', ca: authority.certificate })
    await once(slow, 'secureConnect')
    const body = reviewText('deployment-create')
    const head = `POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
    const begun = once(webhook.app.server, 'request')
    slow.write(head)
    await begun

    const ended = drainAndClose(webhook.app, webhook.drain, { seconds: 0.2, closeSeconds: 60, log: webhook.log })
    t.ok(webhook.drain.draining)
    const during = await webhook.send(reviewText('deployment-create'))
    t.match(during, { status: 200, headers: { connection: 'close' } })
    t.match(await webhook.send('broken'), { status: 400, headers: { connection: 'close' } })

    while (webhook.app.server.listening) await nextTurn()
    let answer = ''
    slow.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    slow.write(body)
    await once(slow, 'close')
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
    t.match(answer, /connection: close/i)
    await ended
    await t.rejects(webhook.send(body), { code: 'ECONNREFUSED' })
  },
)

t.test('draining ends even if a client hangs', async (t) => {
  const webhook = await startTestWebhook(t)
  const hanging = connect({ port: webhook.port, host: '127.0.0.1', ca: authority.certificate })
  await once(hanging, 'secureConnect')
  const begun = once(webhook.app.server, 'request')
  hanging.write('POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{')
  await begun
  hanging.on('error', () => {})
  await drainAndClose(webhook.app, webhook.drain, { seconds: 0, closeSeconds: 0.05, log: webhook.log })
  t.match(webhook.lines().at(-1), { level: 'warn', msg: /took too long/ })
})

t.test('a new certificate is served from the next handshake on, and open connections go on', async (t) => {
  const webhook = await startTestWebhook(t)
  const served = async () => {
    const socket = connect({ port: webhook.port, host: '127.0.0.1', ca: authority.certificate })
    await once(socket, 'secureConnect')
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }
  const before = await served()
  const open = await webhook.send(reviewText('deployment-create'))
  const fresh = await issueLeaf(authority, { names: ['localhost'], ips: ['127.0.0.1'], now: new Date(), days: 1 })
  webhook.useCertificate({ cert: fresh.certificate, key: fresh.key })
  t.not(await served(), before)
  const still = await webhook.send(reviewText('deployment-create'))
  t.match(still, { status: 200, localPort: open.localPort })
})

t.test('content is followed by its hash; what cannot be used is told once and the old value stays', async (t) => {
  const told: string[] = []
  let content: string | Error = 'one'
  const reloader = startReloading(
    {
      hash: async () => {
        if (content instanceof Error) throw content
        return content
      },
      read: async () => {
        if (String(content).startsWith('bad')) throw new Error(`cannot use ${String(content)}`)
        return String(content)
      },
      onChange: (value) => told.push(`changed to ${value}`),
      onError: (error) => told.push(error instanceof Error ? error.message : ''),
    },
    'one',
    1_000_000,
  )
  t.teardown(() => reloader.stop())
  for (const next of ['one', 'two', 'two', 'bad', 'bad', new Error('gone'), new Error('gone'), 'two', 'bad', 'three']) {
    content = next
    await reloader.check()
  }
  t.strictSame(told, [
    'changed to two',
    'cannot use bad',
    'gone',
    'changed to two',
    'cannot use bad',
    'changed to three',
  ])
  content = 'four'
  await Promise.all([reloader.check(), reloader.check()])
  t.equal(told.length, 7, 'two looks at once are one change')
})

t.test('a policy that fails is told with its rule and nothing of the object', async (t) => {
  const secret = definePolicy({
    id: 'identity-test',
    summary: '',
    signatures: [],
    since: '0.1.0',
    on: ['Deployment'],
    reads: [],
    reasons: {},
    examples: { passes: [], fails: [] },

    *check({ object }) {
      throw new Error(JSON.stringify(object))
    },
  })
  const webhook = await startTestWebhook(t, { policies: [secret] })
  await webhook.send(reviewText('deployment-create'))
  t.match(webhook.lines(), [
    { level: 'error', rule: 'identity-test', error: 'Error', trace_id: '705ab4f5639311e8b7cc42010a800001' },
    { level: 'debug', verdict: 'allowed' },
  ])
  t.notMatch(JSON.stringify(webhook.lines()), /registry\.example/)
})
