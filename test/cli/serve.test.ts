import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { issueLeaf, type Leaf } from '../../certs/leaf.ts'
import { day2, day2Main } from '../support/day2.ts'
import { nodeCommand } from '../support/node-command.ts'
import { reviewText } from '../support/reviews.ts'
import { weakLeaf } from '../support/weak-leaf.ts'
import { authority, leaf, send } from '../support/webhook.ts'

const base = ['serve', '--no-inventory', '--host', '127.0.0.1', '--port', '0', '--probe-port', '0']

function certDir(t: Test, { certificate, key }: Leaf): string {
  return t.testdir({ 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.certificate })
}

type Line = Record<string, unknown>

/** `day2 serve` in a process of its own; resolves once it says that it serves. */
async function startServe(t: Test, args: string[], env: Record<string, string> = {}) {
  const child = spawn(...nodeCommand(day2Main, ...base, ...args), { env: { ...process.env, ...env } })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: Line[] = []
  const waiting: { wanted: string; resolve: (line: Line) => void }[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Line
    lines.push(line)
    for (const { wanted, resolve } of waiting) if (line['msg'] === wanted) resolve(line)
  })
  const said = (wanted: string) =>
    new Promise<Line>((resolve, reject) => {
      waiting.push({ wanted, resolve })
      child.once('exit', () => reject(new Error(`ended without "${wanted}": ${JSON.stringify(lines)} ${stderr}`)))
    })
  const line = await said('serving')
  const [port, probePort] = [Number(line['port']), Number(line['probe_port'])]
  return { child, lines, said, port, probePort, stderr: () => stderr, exit: once(child, 'exit') }
}

async function servedFingerprint(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

t.test('what cannot start says why in one sentence, and exits with 2', async (t) => {
  const dir = certDir(t, leaf)
  const start = (...args: string[]) => day2(...base, ...args)
  t.match(await day2('serve', '--help'), { code: 0, stdout: /^Usage: day2 serve/ })
  t.match(await start(), { code: 2, stderr: /^day2: day2 serve needs --cert-dir DIR .*\(D2_USAGE\)\n$/ })
  t.match(await start('--cert-dir', dir, 'extra'), { code: 2, stderr: /takes options only, not "extra"/ })
  t.match(await start('--cert-dir', dir, '--prot', '1'), {
    code: 2,
    stderr: /no option "--prot"; did you mean "--port"/,
  })
  t.match(await start('--cert-dir', dir, '--port', 'https'), { code: 2, stderr: /--port must be a whole number/ })
  t.match(await start('--cert-dir', dir, '--log-level', 'inof'), { code: 2, stderr: /did you mean "info"/ })
  t.match(await start('--cert-dir', dir, '--dev'), { code: 2, stderr: /leave --cert-dir out/ })
  t.match(await start('--cert-dir', join(dir, 'none')), {
    code: 2,
    stderr: /tls\.crt is missing; day2 certs issue makes one/,
  })
  t.match(await start('--cert-dir', dir, '--settings', join(dir, 'none.yaml')), { code: 2, stderr: /none\.yaml/ })

  const occupied = createServer().listen(0, '127.0.0.1')
  await once(occupied, 'listening')
  t.teardown(() => occupied.close())
  const { port } = occupied.address() as AddressInfo
  const inUse = new RegExp(`^day2: port ${port} is in use on 127\\.0\\.0\\.1; .*\\(D2_PORT_IN_USE\\)\\n$`)
  t.match(await start('--cert-dir', dir, '--port', String(port)), { code: 2, stderr: inUse })
  t.match(await start('--cert-dir', dir, '--probe-port', String(port)), { code: 2, stderr: inUse })
})

t.test('a certificate that cannot serve is refused at the start', async (t) => {
  const now = new Date(Date.now() - 10 * 86_400_000)
  const expired = await issueLeaf(authority, { names: ['localhost'], now, days: 1 })
  const start = (served: Leaf) => day2(...base, '--cert-dir', certDir(t, served))
  t.match(await start(expired), {
    code: 2,
    stderr: /tls\.crt: the certificate expired on \d{4}-.*\(D2_CERT_EXPIRED\)\n$/,
  })
  t.match(await start({ ...leaf, key: expired.key }), { code: 2, stderr: /belongs to another certificate/ })
  t.match(await start(weakLeaf(authority)), {
    code: 2,
    stderr: /^day2: .*tls\.crt: its key or signature is too weak for TLS .*\(D2_CERT_WEAK\)\n$/,
  })
  t.match(await start({ ...leaf, certificate: 'x' }), { code: 2, stderr: /holds no PEM certificate/ })
})

t.test('serves, replaces its certificate by content, drains and ends', async (t) => {
  const dir = certDir(t, leaf)
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAMESPACE: 'day2', POD_NAME: 'day2-0', NODE_NAME: 'n1' }
  const serve = await startServe(t, ['--cert-dir', dir, '--drain-seconds', '0', '--log-level', 'debug'], env)
  const { child, port, probePort } = serve
  const probe = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${probePort}${path}`)
    return { status: response.status, text: await response.text() }
  }
  t.match(await probe('/readyz'), { status: 200, text: 'ok: process\nok: certificate\n' })
  t.match(await send(reviewText('deployment-create'), { port }), { status: 200 })

  const before = await servedFingerprint(port)
  const fresh = await issueLeaf(authority, { names: ['localhost'], ips: ['127.0.0.1'], now: new Date(), days: 1 })
  const kept = serve.said('certificate not replaced: the old one is still served')
  writeFileSync(join(dir, 'tls.crt'), fresh.certificate)
  child.kill('SIGHUP')
  t.match(await kept, { level: 'error', code: 'D2_CERT_KEY_MISMATCH', problem: /belongs to another certificate/ })
  t.equal(await servedFingerprint(port), before)

  const replaced = serve.said('certificate replaced')
  writeFileSync(join(dir, 'new.key'), fresh.key)
  copyFileSync(join(dir, 'new.key'), join(dir, 'tls.key'))
  // Nothing but time makes it look again here.
  t.match(await replaced, { level: 'info', names: ['DNS:localhost', 'IP:127.0.0.1'] })
  t.not(await servedFingerprint(port), before)
  const { text } = await probe('/metrics')
  const left = Number(/^day2_certificate_expiry_seconds\{role="serving"\} (\d+)/m.exec(text)?.[1])
  t.ok(left > 86_000 && left <= 86_400)

  child.kill('SIGTERM')
  const [code] = (await serve.exit) as [number]
  t.equal(code, 0)
  t.equal(serve.stderr(), '')
  t.match(serve.lines.at(-1), { msg: 'ended' })
  t.match(serve.lines, [
    { level: 'warn', msg: /^no inventory/ },
    { level: 'warn', msg: /^the zone of this Pod/ },
  ])
  for (const line of serve.lines) {
    t.match(line, { namespace: 'day2', pod: 'day2-0', node: 'n1', zone: 'unknown', trace_id: /^[0-9a-f]{32}$/ })
    for (const field of ['time', 'level', 'msg']) t.match(line[field], /./)
  }
})

t.test('settings are read again when they change, and kept where the new ones are wrong', async (t) => {
  const head = 'apiVersion: day2-admission.dev/v1alpha1\nkind: Settings\n'
  const dir = certDir(t, leaf)
  const file = join(dir, 'settings.yaml')
  writeFileSync(file, `${head}profile: baseline\n`)
  const serve = await startServe(t, ['--cert-dir', dir, '--settings', file, '--drain-seconds', '0'])
  const change = async (text: string, wanted: string) => {
    const told = serve.said(wanted)
    writeFileSync(file, `${head}${text}`)
    serve.child.kill('SIGHUP')
    return told
  }
  const denied = async () => {
    const { json } = await send(reviewText('deployment-create-no-requests'), { port: serve.port })
    return (json as { response: { allowed: boolean } }).response.allowed === false
  }
  t.match(await change('profile: strict\n', 'settings replaced'), { level: 'info', profile: 'strict', mode: 'enforce' })
  const before = await denied()
  t.match(await change('profle: baseline\n', 'settings not replaced: the old ones still hold'), {
    level: 'error',
    code: 'D2_SETTINGS',
    problem: `${file}:3:1: the settings have no key "profle"; did you mean "profile"? (D2_SETTINGS_UNKNOWN_KEY)`,
  })
  t.equal(await denied(), before)
  t.match(await change('mode: audit\n', 'settings replaced'), { mode: 'audit' })
  t.equal(await denied(), false)
  const metrics = await (await fetch(`http://127.0.0.1:${serve.probePort}/metrics`)).text()
  t.match(metrics, '\nday2_settings_reloads_total{result="success"} 2\n')
  t.match(metrics, '\nday2_settings_reloads_total{result="failure"} 1\n')

  writeFileSync(file, `${head}profle: baseline\n`)
  const refused = await day2(...base, '--cert-dir', dir, '--settings', file)
  t.match(refused, { code: 2, stderr: /settings\.yaml:3:1: .*did you mean "profile"/ })
})

t.test('a second signal ends it at once', async (t) => {
  const serve = await startServe(t, ['--cert-dir', certDir(t, leaf), '--drain-seconds', '600'])
  const draining = serve.said('draining: not ready any more, still answering')
  serve.child.kill('SIGTERM')
  await draining
  const response = await fetch(`http://127.0.0.1:${serve.probePort}/readyz`)
  t.match(
    { status: response.status, text: await response.text() },
    { status: 503, text: 'not ready: process: draining' },
  )
  t.match(await send(reviewText('deployment-create'), { port: serve.port }), {
    status: 200,
    headers: { connection: 'close' },
  })
  serve.child.kill('SIGINT')
  t.strictSame(await serve.exit, [130, null])
})
