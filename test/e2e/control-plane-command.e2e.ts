import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findBinaries } from '../control-plane/binaries.ts'
import { waitFor } from '../control-plane/wait.ts'

const main = fileURLToPath(new URL('../control-plane/main.js', import.meta.url))

type Command = ChildProcessByStdio<null, Readable, Readable>

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
  return spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function outcome(command: Command): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  command.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
  command.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  return new Promise((resolve) => command.once('close', (code) => resolve({ code, stdout, stderr })))
}

t.test('npm run control-plane', async (t) => {
  await t.test('says what is missing, in one line', async (t) => {
    // No Go, and nothing compiled yet.
    const bare = { PATH: t.testdir(), XDG_CACHE_HOME: join(t.testdir(), 'cache'), KUBEBUILDER_ASSETS: '' }
    const { code, stdout, stderr } = await outcome(start([], bare))
    t.same([code, stdout], [1, ''])
    t.match(stderr, /^Go is not on the PATH: etcd, .* must be compiled once \(install Go [^\n]*\)\n$/)
    const assets = await outcome(start([], { KUBEBUILDER_ASSETS: t.testdir() }))
    t.match(assets.stderr, /^KUBEBUILDER_ASSETS \(.*\) holds no etcd, kube-apiserver, kubectl\n$/)
    const wrong = await outcome(start(['--nodes', 'many']))
    t.equal(wrong.code, 2)
    t.match(wrong.stderr, '--nodes takes a number')
  })

  await t.test('takes three binaries from KUBEBUILDER_ASSETS, and the others from the cache', async (t) => {
    const cached = await findBinaries()
    const folder = dirname(cached.get('etcd') ?? '')
    const before = process.env.KUBEBUILDER_ASSETS
    t.teardown(() =>
      before === undefined ? delete process.env.KUBEBUILDER_ASSETS : (process.env.KUBEBUILDER_ASSETS = before),
    )
    process.env.KUBEBUILDER_ASSETS = t.testdir({
      etcd: t.fixture('symlink', join(folder, 'etcd')),
      'kube-apiserver': t.fixture('symlink', join(folder, 'kube-apiserver')),
      kubectl: t.fixture('symlink', join(folder, 'kubectl')),
    })
    const mixed = await findBinaries()
    for (const [name, path] of mixed) {
      const given = ['etcd', 'kube-apiserver', 'kubectl'].includes(name)
      t.equal(dirname(path), given ? process.env.KUBEBUILDER_ASSETS : dirname(cached.get(name) ?? ''), name)
    }
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const)
    await t.test(`leaves nothing behind after ${signal}`, async (t) => {
      const command = start(['--nodes', '1'])
      t.teardown(() => command.kill())
      const ended = outcome(command)
      const line = await new Promise<string>((resolve) =>
        command.stdout.once('data', (text: Buffer) => resolve(text.toString())),
      )
      const kubeconfig = /^export KUBECONFIG=(\S+)\n$/.exec(line)?.[1] ?? ''
      t.ok(existsSync(kubeconfig), line)
      command.kill(signal)
      const { code } = await ended
      t.equal(code, signal === 'SIGTERM' ? 0 : null)
      await waitFor('its folder to be deleted', () => !existsSync(dirname(kubeconfig)))
      const left = spawn('pgrep', ['-f', dirname(kubeconfig)], { stdio: ['ignore', 'pipe', 'pipe'] })
      t.equal((await outcome(left)).stdout, '', 'no process of it runs')
    })
})
