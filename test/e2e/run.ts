import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { startControlPlane } from '../control-plane/start.ts'
import { settleEvidence } from './support/evidence-page.ts'
import { evidenceVariable } from './support/evidence.ts'
import { clusterVariable, sharedAuditPolicy, sharedNodes } from './support/shared-cluster.ts'

const writeOption = '--write-evidence'

/**
 * Runs every *.e2e.js beside this file against one control plane, or only those whose names begin with a word given, and
 * ends with `N passed, N failed`. A whole run also compares what was seen with docs/reference/evidence.md, or writes it.
 */
async function main(words: readonly string[]): Promise<number> {
  const started = Date.now()
  const wanted = words.filter((word) => word !== writeOption)
  const all = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.e2e.js')).sort()
  const chosen = wanted.length ? all.filter((file) => wanted.some((word) => file.startsWith(word))) : all
  // Those that take minutes first, so that none of them is left over at the end.
  const files = [...chosen].sort((a, b) => Number(isLong(b)) - Number(isLong(a)))
  say(`starting the control plane for ${files.length} files`)
  const cluster = await startControlPlane({ nodes: sharedNodes, auditPolicy: sharedAuditPolicy, log: say })
  say(`up after ${seconds(started)} s`)
  const evidence = await mkdtemp(join(tmpdir(), 'day2-evidence-'))
  process.on('exit', () => rmSync(evidence, { recursive: true, force: true }))
  const env = {
    ...process.env,
    [clusterVariable]: JSON.stringify(cluster.address),
    [evidenceVariable]: evidence,
    TAP_TIMEOUT: '2400',
  }
  const queue = [...files]
  const outcomes: Outcome[] = []
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file; file = queue.shift()) outcomes.push(await runFile(file, env))
  }
  // Three, though the machine may have two cores: much of the time goes into waiting for controllers.
  await Promise.all([worker(), worker(), worker()])
  await cluster.stopAll()

  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)
  let failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0)
  const proofs = outcomes.filter(({ file }) => file.startsWith('proof-'))
  if (files.length === all.length && proofs.every((outcome) => outcome.failed === 0)) {
    const wrong = await settleEvidence(evidence, words.includes(writeOption))
    for (const sentence of wrong) say(`not ok ${sentence}`)
    failed += wrong.length
  }
  say(`${seconds(started)} s`)
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}

function isLong(file: string): boolean {
  return /^(policies|three-ways|proof-budgets|proof-volumes|orders|stale|bursts|kustomize)/.test(file)
}

interface Outcome {
  readonly file: string
  readonly passed: number
  readonly failed: number
}

const fileTimeout = 2_400_000

async function runFile(file: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const started = Date.now()
  const { code, output } = await runNode(join(import.meta.dirname, file), env)
  const points = readPoints(output)
  const failed = points.filter((point) => !point.ok).length
  const died = failed === 0 && (code !== 0 || points.length === 0)
  if (failed || died) say(output)
  say(`${file} ${seconds(started)} s${died ? `, not ok: ended with code ${code} after ${points.length} tests` : ''}`)
  for (const point of points) say(`  ${point.ok ? 'ok' : 'not ok'} ${point.name}`)
  return { file, passed: points.length - failed, failed: died ? 1 : failed }
}

interface Point {
  readonly ok: boolean
  readonly name: string
}

/** The tests of a file and those one level below; a test that has some below counts only if it failed by itself. */
function readPoints(output: string): Point[] {
  const points: Point[] = []
  let inner: Point[] = []
  for (const [, indent, result, name = ''] of output.matchAll(/^( {4})?(ok|not ok) \d+ - (.* # .*)$/gm)) {
    // Nothing passes by being skipped.
    const ok = result === 'ok' && !/ # (SKIP|TODO)/i.test(name)
    const point = { ok, name: name.replace(/ # .*/, '') }
    if (indent) {
      inner.push(point)
      continue
    }
    points.push(...inner)
    if (inner.length === 0 || (!ok && inner.every((each) => each.ok))) points.push(point)
    inner = []
  }
  return points
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
