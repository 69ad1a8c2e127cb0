import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { readExamples } from '../../src/cli/examples-folder.ts'
import { defaulted } from '../../src/cli/as-api-server.ts'
import { repository } from '../control-plane/repository.ts'
import { day2Main } from '../support/day2.ts'
import { nodeCommand } from '../support/node-command.ts'
import { reviewText } from '../support/reviews.ts'
import { send } from '../support/webhook.ts'

/** `day2 serve --dev`, once it has shown everything and says where it listens. */
async function startDev(t: { teardown(fn: () => unknown): unknown }, port: number) {
  const args = [day2Main, 'serve', '--dev', '--port', String(port), '--probe-port', '0']
  const child = spawn(...nodeCommand(...args))
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`ended: ${stdout}${stderr}`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.includes('Stop with Ctrl-C.\n')) resolve()
    })
  })
  const [, webhook, probes] =
    /https:\/\/127\.0\.0\.1:(\d+)\/validate[^]*http:\/\/127\.0\.0\.1:(\d+) /.exec(stdout) ?? []
  return { child, stdout, stderr: () => stderr, port: Number(webhook), probePort: Number(probes) }
}

t.test('shows each example as kubectl would, and goes on serving', async (t) => {
  const occupied = createServer().listen(0, '127.0.0.1')
  await once(occupied, 'listening')
  t.teardown(() => occupied.close())
  const taken = (occupied.address() as AddressInfo).port
  const dev = await startDev(t, taken)
  t.not(dev.port, taken, 'a port in use is replaced by a free one')

  const shown = new Map(
    dev.stdout.split('$ kubectl apply -f ').flatMap((part) => {
      const [path = '', ...lines] = part.split('\n')
      return path.startsWith('examples/') ? [[path, lines.join('\n')] as const] : []
    }),
  )
  const known = new Set(policies.map(({ id }) => id))
  for (const { rule, files } of readExamples().filter((folder) => known.has(folder.rule))) {
    for (const { path } of files) {
      const output = shown.get(path) ?? ''
      if (path.endsWith('mended.yaml')) {
        t.match(output, /^[a-z]+(\.[a-z0-9.]+)?\/[a-z-]+ created\n/, path)
        t.notMatch(output, /Warning|denied/, path)
      } else {
        const denied = `Error from server \\(Forbidden\\): error when creating "${path}": admission webhook "(namespaced|cluster)\\.day2-admission\\.dev" denied the request: .*${rule}`
        t.match(
          output,
          new RegExp(`${denied}|^Warning: \\[${rule}\\] |^# kept for the audit log: .*"${rule}"`, 'm'),
          path,
        )
      }
    }
  }
  const { status } = await send(reviewText('deployment-create'), { port: dev.port, rejectUnauthorized: false })
  t.equal(status, 200)
  const metrics = await (await fetch(`http://127.0.0.1:${dev.probePort}/metrics`)).text()
  t.match(metrics, /^day2_certificate_expiry_seconds\{role="serving"\} 3\d{7}/m)

  dev.child.kill('SIGINT')
  t.strictSame(await once(dev.child, 'exit'), [0, null])
  t.equal(dev.stderr(), '', 'no log is mixed into it')
})

t.test('a signal to npm alone ends the server of npm start too', async (t) => {
  // Without the scripts that come before: they would compile under the feet of the other tests.
  const args = ['start', '--ignore-scripts', '--', '--port', '0', '--probe-port', '0']
  const { NODE_OPTIONS: _hooks, ...env } = process.env
  const npm = spawn('npm', args, { cwd: repository, detached: true, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => killGroup(npm.pid))
  const gone = once(npm, 'exit')
  const port = await new Promise<number>((resolve, reject) => {
    let stdout = ''
    npm.once('exit', () => reject(new Error(`ended: ${stdout}`)))
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const [, listening] = /https:\/\/127\.0\.0\.1:(\d+)\/validate/.exec(stdout) ?? []
      if (listening !== undefined) resolve(Number(listening))
    })
  })
  t.equal(await answers(port), true)
  npm.kill('SIGTERM')
  await gone
  t.equal(await answers(port), false, 'nobody listens any more')
})

t.test('objects get what the API server would add', async (t) => {
  const secret = JSON.parse(
    '{"kind":"Secret","data":{"a":"QQ=="},"stringData":{"b":"text","__proto__":"x"},"metadata":{"name":"s"}}',
  ) as object
  const sent = defaulted(secret, 'Secret', 'default')
  t.notOk('stringData' in sent)
  t.match(sent, { metadata: { name: 's', namespace: 'default' } })
  const { data } = sent as { data?: object }
  t.strictSame(Object.entries(data ?? {}), [
    ['a', 'QQ=='],
    ['b', 'dGV4dA=='],
    ['__proto__', 'eA=='],
  ])
  t.match(defaulted({ kind: 'StorageClass' }, 'StorageClass', ''), { volumeBindingMode: 'Immediate' })
  const late = { kind: 'StorageClass', volumeBindingMode: 'WaitForFirstConsumer' }
  t.match(defaulted(late, 'StorageClass', ''), late)
})

t.test('every loop has an example, and each is of a rule', async (t) => {
  const folders = new Set(readExamples().map(({ rule }) => rule))
  const shown = policies.filter(({ id }) => folders.has(id))
  t.equal(shown.length, folders.size)
  t.strictSame(new Set(shown.map(({ loop }) => loop)), new Set(policies.map(({ loop }) => loop)))
  t.throws(() => readExamples(t.testdir({ 'some-rule': { 'faulty.yaml': '' } })), {
    code: 'D2_EXAMPLES',
    message: /faulty\.yaml holds no object/,
  })
  t.throws(() => readExamples(t.testdir({ 'some-rule': { 'faulty.yaml': 'a: [' } })), { code: 'D2_EXAMPLES' })
})

/** Whether somebody listens on a port of loopback. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}
