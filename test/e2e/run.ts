import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { startControlPlane } from '../control-plane/start.ts'
import { clusterVariable, sharedAuditPolicy, sharedNodes } from './support/shared-cluster.ts'

/** Runs every *.e2e.js beside this file against one control plane, and ends with `N passed, N failed`. */
async function main(words: readonly string[]): Promise<number> {
  const started = Date.now()
  const all = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.e2e.js')).sort()
  const files = words.length ? all.filter((file) => words.some((word) => file.startsWith(word))) : all
  say(`starting the control plane for ${files.length} files`)
  const cluster = await startControlPlane({ nodes: sharedNodes, auditPolicy: sharedAuditPolicy, log: say })
  say(`up after ${seconds(started)} s`)
  const env = { ...process.env, [clusterVariable]: JSON.stringify(cluster.address), TAP_TIMEOUT: '600' }
  const queue = [...files]
  const outcomes: Outcome[] = []
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file; file = queue.shift()) outcomes.push(await runFile(file, env))
  }
  await Promise.all([worker(), worker()])
  await cluster.stopAll()

  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0)
  say(`${seconds(started)} s`)
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}

interface Outcome {
  readonly passed: number
  readonly failed: number
}

const fileTimeout = 600_000

async function runFile(file: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const started = Date.now()
  const { code, output } = await runNode(join(import.meta.dirname, file), env)
  const points = [...output.matchAll(/^(ok|not ok) \d+ - (.*)$/gm)].map(([, result, name = '']) => ({
    // Nothing passes by being skipped.
    ok: result === 'ok' && !/ # (SKIP|TODO)/i.test(name),
    name: name.replace(/ # time=.*/, '').replace(/ \{$/, ''),
  }))
  const failed = points.filter((point) => !point.ok).length
  const died = failed === 0 && (code !== 0 || points.length === 0)
  if (failed || died) say(output)
  say(`${file} ${seconds(started)} s${died ? `, not ok: ended with code ${code} after ${points.length} tests` : ''}`)
  for (const point of points) say(`  ${point.ok ? 'ok' : 'not ok'} ${point.name}`)
  return { passed: points.length - failed, failed: died ? 1 : failed }
}

function runNode(file: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = (): void => void child.kill('SIGKILL')
    const timer = setTimeout(kill, fileTimeout)
    process.on('exit', kill)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      process.off('exit', kill)
      resolve({ code: code ?? 1, output: signal ? `${output}\n${basename(file)} was ended by ${signal}\n` : output })
    })
  })
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

// Leaving through exit ends the children.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    say('0 passed, 1 failed')
    process.exit(1)
  },
)
