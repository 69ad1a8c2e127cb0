import { parseArgs } from 'node:util'
import type { Cluster } from '../control-plane/cluster.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { admission } from './admission.ts'
import { budgets } from './budgets.ts'
import { known } from './known.ts'
import { describe, Tally } from './report.ts'
import { requests } from './requests.ts'
import { scheduling } from './scheduling.ts'
import { volumes } from './volumes.ts'
import { trialOf, type Trial, type Tried } from './try-case.ts'

const usage = `usage: npm run test:truth -- [--minutes N] [--seed S] [--only NAME] [--case K] [--jobs J]

Makes random objects, applies them to a real control plane, and compares what the rules say with what it does.
  --minutes N  starts no new case after so long (default 2)
  --seed S     the same seed makes the same cases (default: another one each time)
  --only NAME  one comparison: NAMES
  --case K     only the case of that number
  --jobs J     cases at a time (default 6)
  --verbose    tells also of what goes wrong where no rule claims to see it
`

const trials: readonly Trial[] = [
  trialOf(budgets),
  trialOf(scheduling),
  trialOf(admission),
  trialOf(requests),
  trialOf(volumes),
]

async function main(): Promise<number> {
  const { minutes, seed, only, single, jobs, verbose } = readOptions()
  const chosen = trials.filter(({ name }) => !only || name === only)
  say(`seed ${seed}: starting the control plane`)
  const cluster = await startControlPlane({ nodes: 3, flags, log: say })
  const tallies = new Map(chosen.map(({ name }) => [name, new Tally()]))
  const started = Date.now()
  const enter = (label: string, trial: Trial, tried: Tried): void => {
    tallies.get(trial.name)?.add(tried)
    if (tried.error !== undefined) say(`not ok ${label}: ${tried.error}`)
    for (const { claim, detail } of verbose ? tried.verdicts.filter(({ outcome }) => outcome === 'unclaimed') : [])
      say(`${label}: ${claim}: ${detail}`)
    if (tried.unsteady) say(`unsteady ${label}, which held when it was tried again:\n${describe(tried.unsteady)}`)
    if (tried.disagreement) say(`not ok ${label}: we and the control plane disagree\n${describe(tried.disagreement)}`)
  }
  const queue = single === undefined ? knownCases(cluster, chosen, enter) : []
  let next = single ?? 0
  const ended = () => (single === undefined ? Date.now() - started > minutes * 60_000 : next > single)
  const worker = async (): Promise<void> => {
    for (let first = queue.shift(); first; first = queue.shift()) await first()
    while (!ended()) {
      const index = next++
      const trial = chosen[index % chosen.length]
      if (!trial) return
      const label = `--seed ${seed}${only ? ` --only ${only}` : ''} --case ${index} (${trial.name})`
      enter(label, trial, await trial.random(cluster, `case-${index}`, seedOf(seed, index)))
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  const seconds = (Date.now() - started) / 1000
  await cluster.stopAll()

  let [passed, failed] = [0, 0]
  for (const [name, tally] of tallies) {
    say(`${name}: ${tally.cases} cases, ${tally.failed} failed, ${tally.unsteady} unsteady`)
    for (const line of tally.lines()) say(line)
    const isEmpty = single === undefined && !tally.isTested
    if (isEmpty) say(`not ok ${name}: no case put a claim of it to the test`)
    passed += tally.cases - tally.failed
    failed += tally.failed + (isEmpty ? 1 : 0)
  }
  say(`${seconds.toFixed(0)} s, ${(((passed + failed) * 60) / seconds).toFixed(0)} cases a minute`)
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}

const flags = { 'kube-controller-manager': ['--horizontal-pod-autoscaler-sync-period=1s'] }

function knownCases(
  cluster: Cluster,
  chosen: readonly Trial[],
  enter: (label: string, trial: Trial, tried: Tried) => void,
): (() => Promise<void>)[] {
  return chosen.flatMap((trial) =>
    (known[trial.name] ?? []).map((plan, index) => async () => {
      const name = `known-${trial.name}-${index}`
      enter(name, trial, await trial.known(cluster, name, plan))
    }),
  )
}

/** fast-check takes seeds of 32 bits; neighbours must not give neighbours. */
function seedOf(seed: number, index: number): number {
  return (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 0
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '2' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        only: { type: 'string' },
        case: { type: 'string' },
        jobs: { type: 'string', default: '6' },
        verbose: { type: 'boolean', default: false },
      },
    })
    if (values.only !== undefined && !trials.some(({ name }) => name === values.only))
      throw new Error(`no comparison is called ${values.only}`)
    return {
      minutes: number('--minutes', values.minutes),
      seed: number('--seed', values.seed),
      only: values.only,
      single: values.case === undefined ? undefined : number('--case', values.case),
      jobs: number('--jobs', values.jobs),
      verbose: values.verbose,
    }
  } catch (error) {
    const names = trials.map(({ name }) => name).join(', ')
    say(`${error instanceof Error ? error.message : String(error)}\n\n${usage.replace('NAMES', names)}`)
    process.exit(2)
  }
}

function number(option: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`${option} takes a number, not ${text}`)
  return Number(text)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

// Leaving through exit ends the control plane.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    say('0 passed, 1 failed')
    process.exit(1)
  },
)
