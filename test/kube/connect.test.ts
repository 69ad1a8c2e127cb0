import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createAuthority } from '../../certs/authority.ts'
import { connect } from '../../src/kube/connect.ts'
import { FakeApiServer } from './fake-api-server.ts'

const nodes = '/api/v1/nodes'
const server = new FakeApiServer()
await server.start({ [nodes]: 'Node', '/apis/apps/v1/deployments': 'Deployment' })
t.teardown(() => server.stop())
t.beforeEach(() => {
  server.token = 'first'
  server.faults.length = 0
  server.forbidden.clear()
})

t.test('raw JSON over few connections', async (t) => {
  server.put(nodes, { metadata: { name: 'n1' }, spec: { brandNewField: { from: 1, _from: 2 } } })
  const connection = await connect({ kubeconfig: server.kubeconfig(t.testdir()) })
  t.teardown(() => connection.close())
  const before = server.connections
  for (let i = 0; i < 20; i++) await connection.request(nodes, { query: { limit: 5, continue: undefined } })
  t.equal(server.connections - before, 1)
  t.equal(server.requests.at(-1), `list ${nodes}?limit=5`)
  t.match(await connection.request(nodes), { items: [{ spec: { brandNewField: { from: 1, _from: 2 } } }] })
})

t.test('what a user reads when it does not work', async (t) => {
  const connection = await connect({ kubeconfig: server.kubeconfig(t.testdir()) })
  t.teardown(() => connection.close())
  const { url } = server
  const sentence = async (path: string, query = {}) => {
    const error: unknown = await connection.request(path, { query }).catch((error: unknown) => error)
    return error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : 'no failure'
  }

  server.token = 'another'
  t.equal(
    await sentence(nodes),
    `D2_KUBE_UNAUTHORIZED the API server ${url} does not accept our credentials (401): the token or client certificate is wrong or has expired; renew it`,
  )
  server.token = 'first'

  server.forbidden.add('list nodes').add('watch deployments')
  t.equal(
    await sentence(nodes),
    'D2_KUBE_FORBIDDEN not allowed to list nodes of API group "" in the whole cluster (403); grant "system:serviceaccount:day2:webhook" the verb "list" on "nodes"',
  )
  t.equal(
    await sentence('/apis/apps/v1/deployments', { watch: true }),
    'D2_KUBE_FORBIDDEN not allowed to watch deployments of API group "apps" in the whole cluster (403); grant "system:serviceaccount:day2:webhook" the verb "watch" on "deployments"',
  )
  server.faults.push({ status: 403 })
  t.equal(
    await sentence('/apis/apps/v1/namespaces/shop/deployments/web'),
    'D2_KUBE_FORBIDDEN not allowed to get deployments of API group "apps" in namespace "shop" (403); grant our user the verb "get" on "deployments"',
  )

  server.faults.push({ status: 500, body: { message: 'etcd\nis  away' } }, { status: 502, body: '<html>' })
  t.equal(await sentence(nodes), `D2_KUBE_ANSWER the API server ${url} answered 500 to list ${nodes}: etcd is away`)
  t.equal(await sentence(nodes), `D2_KUBE_ANSWER the API server ${url} answered 502 to list ${nodes}`)
  server.faults.push({ status: 200, body: '<html>' })
  t.equal(
    await sentence(nodes),
    `D2_KUBE_ANSWER the API server ${url} sent no JSON for ${nodes}; is it behind a proxy?`,
  )
  server.faults.push({ status: 429, headers: { 'retry-after': '7' } })
  const throttled: unknown = await connection.request(nodes).catch((error: unknown) => error)
  t.match(throttled, { code: 'D2_KUBE_THROTTLED', retryAfterMs: 7000, status: 429 })
  t.equal(
    await sentence('/apis/nope/v1/things'),
    'D2_KUBE_NOT_FOUND the API server does not serve /apis/nope/v1/things (404)',
  )

  server.faults.push({ hangUp: 'mid-line' })
  t.equal(
    await sentence(nodes),
    `D2_KUBE_UNREACHABLE cannot reach the API server ${url}: the connection was reset; check that it runs and that its address is right`,
  )
})

t.test('an API server that is not there, or not the one we trust', async (t) => {
  const other = new FakeApiServer()
  await other.start({ [nodes]: 'Node' })
  other.kubeconfig(t.testdir())
  const { ca, url } = other
  other.ca = (await createAuthority('stranger', { now: new Date(), days: 1 })).certificate
  const distrusting = await connect({ kubeconfig: other.kubeconfig(t.testdirName) })
  await t.rejects(distrusting.request(nodes), {
    code: 'D2_KUBE_TLS',
    message: `the certificate of the API server ${url} is not signed by the certificate authority given (UNABLE_TO_VERIFY_LEAF_SIGNATURE); check its address and certificate authority`,
  })
  other.ca = ca
  other.url = url.replace('127.0.0.1', '127.0.0.2')
  const misnamed = await connect({ kubeconfig: other.kubeconfig(t.testdirName) })
  await other.stop()
  await t.rejects(misnamed.request(nodes), {
    code: 'D2_KUBE_UNREACHABLE',
    message: `cannot reach the API server ${other.url}: connection refused; check that it runs and that its address is right`,
  })
})

t.test('a connection that the server closed while it was idle is replaced without a word', async (t) => {
  const connection = await connect({ kubeconfig: server.kubeconfig(t.testdir()) })
  t.teardown(() => connection.close())
  await connection.request(nodes)
  server.faults.push({ hangUp: 'at once' })
  t.match(await connection.request(nodes), { kind: 'NodeList' })
})

t.test('a request can be given up', async (t) => {
  const connection = await connect({ kubeconfig: server.kubeconfig(t.testdir()) })
  t.teardown(() => connection.close())
  await t.rejects(connection.request(nodes, { signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' })
})

t.test('in a Pod, the token is read again when the API server no longer accepts it', async (t) => {
  const root = t.testdir()
  const mount = join(root, 'var/run/secrets/kubernetes.io/serviceaccount')
  mkdirSync(mount, { recursive: true })
  writeFileSync(join(mount, 'ca.crt'), server.ca)
  writeFileSync(join(mount, 'token'), 'first\n')
  const { hostname, port } = new URL(server.url)
  process.env['KUBERNETES_SERVICE_HOST'] = hostname
  process.env['KUBERNETES_SERVICE_PORT'] = port
  t.teardown(() => {
    delete process.env['KUBERNETES_SERVICE_HOST']
    delete process.env['KUBERNETES_SERVICE_PORT']
  })
  const env = { KUBERNETES_SERVICE_HOST: hostname, HOME: root }
  const connection = await connect({ serviceAccountRoot: root, env })
  t.teardown(() => connection.close())
  t.match(await connection.request(nodes), { kind: 'NodeList' })
  server.token = 'second'
  await t.rejects(connection.request(nodes), { code: 'D2_KUBE_UNAUTHORIZED' })
  writeFileSync(join(mount, 'token'), 'second')
  t.match(await connection.request(nodes), { kind: 'NodeList' })
})

t.test('an exec plugin gives the token, is told whom it serves, and its failure shows no token', async (t) => {
  const folder = t.testdir()
  const plugin = join(folder, 'plugin')
  const write = (body: string): void => {
    writeFileSync(plugin, `#!/bin/sh\necho run >>${folder}/runs\n${body}\n`)
    chmodSync(plugin, 0o755)
  }
  write(
    `case "$KUBERNETES_EXEC_INFO" in *'"kind":"ExecCredential"'*) echo '{"status":{"token":"first"}}';; *) exit 3;; esac`,
  )
  const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } }
  const connection = await connect({ kubeconfig: server.kubeconfig(folder, user) })
  t.teardown(() => connection.close())
  await Promise.all([connection.request(nodes), connection.request(nodes), connection.request(nodes)])
  t.equal(readFileSync(join(folder, 'runs'), 'utf8'), 'run\n', 'once for all')

  const token = `ey${'A9'.repeat(40)}`
  write(`echo "expired: ${token}" >&2; exit 1`)
  server.token = 'second'
  await t.rejects(connection.request(nodes), {
    code: 'D2_KUBE_CREDENTIALS',
    message: `the credential plugin "${plugin}" failed: expired: …`,
  })
})

t.test('a kubeconfig that cannot be used', async (t) => {
  const folder = t.testdir()
  const attempt = async (text: string, more = {}): Promise<string> => {
    writeFileSync(join(folder, 'config'), text)
    const error: unknown = await connect({ kubeconfig: join(folder, 'config'), ...more }).catch(
      (error: unknown) => error,
    )
    return error instanceof Error ? error.message.replaceAll(folder, 'DIR') : 'no failure'
  }
  const good = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1/' } }],
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u' } },
      { name: 'two', context: { cluster: 'gone', user: 'u' } },
    ],
    users: [{ name: 'u', user: { token: 'x' } }],
  })
  t.equal(await attempt(good), 'kubeconfig DIR/config names no current context; choose one of: one, two')
  t.equal(
    await attempt(good, { context: 'three' }),
    'kubeconfig DIR/config has no context "three"; choose one of: one, two',
  )
  t.equal(await attempt(good, { context: 'one' }), 'no failure')
  t.equal(await attempt(good, { context: 'two' }), 'context "two" of DIR/config names no cluster with a server')
  t.equal(
    await attempt(good.replace('"token"', '"tokenFile"'), { context: 'one' }),
    'context "one" of kubeconfig DIR/config has no user with a token, client certificate, plugin or password (tokenFile is not read)',
  )
  t.equal(
    await attempt(good.replace('https:', 'http:'), { context: 'one' }),
    'the server http://127.0.0.1:1 is not https; credentials are only sent over TLS',
  )
  t.equal(
    await attempt('token: topsecret\n  bad: ["'),
    'kubeconfig DIR/config cannot be read: it is not YAML at line 2',
  )
  t.equal(await attempt(''), 'kubeconfig DIR/config cannot be read: it is not a kubeconfig')
  t.equal(
    await attempt('clusters: [{name: x}]'),
    'kubeconfig DIR/config cannot be read: clusters[0].cluster is missing',
  )
  await t.rejects(connect({ kubeconfig: folder }), {
    code: 'D2_KUBE_CONFIG',
    message: `kubeconfig ${folder} is not a file`,
  })
  await t.rejects(connect({ env: { HOME: folder } }), {
    message: `no cluster given: not in a Pod, KUBECONFIG is not set and ${folder}/.kube/config is missing`,
  })
  await t.rejects(connect({ env: { KUBECONFIG: join(folder, 'none') } }), {
    message: `kubeconfig ${folder}/none does not exist`,
  })
})

t.test('several files in KUBECONFIG: the first to define a name wins', async (t) => {
  const folder = t.testdir({ users: '', rest: '' })
  writeFileSync(join(folder, 'users'), JSON.stringify({ users: [{ name: 'me', user: { token: 'first' } }] }))
  server.kubeconfig(folder, { token: 'wrong' })
  const env = { KUBECONFIG: `${join(folder, 'users')}:${join(folder, 'kubeconfig')}` }
  const connection = await connect({ env })
  t.teardown(() => connection.close())
  t.match(await connection.request(nodes), { kind: 'NodeList' })
})
