import { createAuthority } from '../../certs/authority.ts'
import { issueLeaf } from '../../certs/leaf.ts'
import { policies } from '../../policies/index.ts'
import { createEngine } from '../engine/engine.ts'
import { defaultSettings } from '../engine/settings.ts'
import { buildInventory } from '../inventory/files.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import { readIdentity } from '../server/identity.ts'
import { createLog, logDestination } from '../server/log.ts'
import { demonstrate } from './demonstrate.ts'
import { readExamples } from './examples-folder.ts'
import { describe, exitCodes, withCode } from './failure.ts'
import { paintFor } from './paint.ts'
import type { ServeOptions } from './serve-options.ts'
import { takeSignals } from './serve-signals.ts'
import { startServing } from './serving.ts'

const days = 365

/** Serves without a cluster: a certificate of its own, the examples sent through its own port, and then whatever comes. */
export async function serveDev(options: ServeOptions): Promise<number> {
  tellFaults()
  const log = createLog(await readIdentity(process.env), options.logLevel ?? 'warn', logDestination('stderr'))
  const { ended } = takeSignals(log)
  const examples = readExamples()
  const engine = createEngine(policies, await settingsOf(options))
  const now = new Date()
  const authority = await createAuthority('day2-admission development', { now, days })
  const names = { names: ['localhost'], ips: ['127.0.0.1', '::1'] }
  const leaf = await issueLeaf(authority, { ...names, now, days })
  const notAfter = new Date(now.getTime() + days * 86_400_000)

  let inventory: InventorySource = buildInventory([], { complete: true })
  const host = options.host ?? '127.0.0.1'
  const serving = await startServing({
    host,
    port: options.port,
    probePort: options.probePort,
    orFreePort: true,
    log,
    engine: () => engine,
    inventory: () => inventory,
    inventoryStatus: () => [],
    checks: new Map(),
    certificate: { cert: leaf.certificate, key: leaf.key, notAfter },
    drain: { seconds: 0, closeSeconds: 2 },
  })
  const paint = paintFor(process.stdout)
  const write = (text: string) => void process.stdout.write(text)
  const shown = demonstrate(examples, {
    address: { port: serving.port, authority: authority.certificate },
    policies,
    paint,
    write,
    setInventory: (next) => (inventory = next),
  })
  const isOver = await Promise.race([shown.then(() => false), ended.then(() => true)])
  if (!isOver) {
    const [webhook, probes] = [serving.port, serving.probePort].map((port) => `${host}:${port}`)
    write(`${paint('bold', 'Listening')} on https://${webhook}/validate with a certificate of its own;
probes and metrics on http://${probes} (/livez, /readyz, /metrics).
Stop with Ctrl-C.
`)
    await ended
  }
  // A signal may come in the middle; what is then cut off is no fault.
  shown.catch(() => {})
  await serving.stop()
  return exitCodes.clean
}

async function settingsOf({ settings }: ServeOptions) {
  if (settings === undefined) return defaultSettings
  const { readSettings } = await import('./settings-file.ts')
  return readSettings(settings, policies)
}

function tellFaults(): void {
  const end = (error: unknown) => {
    const failure = describe(error)
    process.stderr.write(`day2: ${withCode(failure)}\n`)
    process.exit(failure.exitCode)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
  // `npm start | head` is no fault.
  process.stdout.on('error', () => process.exit(exitCodes.clean))
}
