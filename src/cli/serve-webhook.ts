import { policies } from '../../policies/index.ts'
import { readServed, type Served } from '../../certs/directory.ts'
import { createEngine } from '../engine/engine.ts'
import { defaultSettings, type Settings } from '../engine/settings.ts'
import { readIdentity } from '../server/identity.ts'
import { createLog, errorFields, logDestination, type Log } from '../server/log.ts'
import { exitCodes } from './failure.ts'
import { startInventory } from './serve-inventory.ts'
import type { ServeOptions } from './serve-options.ts'
import { followCertificate, followSettings, loadSettings } from './serve-reloads.ts'
import { takeSignals } from './serve-signals.ts'
import { startServing } from './serving.ts'
import { settingsHash } from './settings-file.ts'
import { version } from './version.ts'

/** Serves with the certificate of a directory, following a cluster, until a signal ends it. */
export async function serve(options: ServeOptions & { readonly certDir: string }): Promise<number> {
  const identity = await readIdentity(process.env)
  const log = createLog(identity, options.logLevel ?? 'info', logDestination('stdout'))
  tellFaults(log)
  const signals = takeSignals(log)

  const { certDir, settings: file } = options
  // Before the content: what changes in between is then seen as a change.
  const hash = file === undefined ? '' : await settingsHash(file)
  const settings = file === undefined ? defaultSettings : await loadSettings(file, log)
  let engine = createEngine(policies, settings)
  const served = await readServed(certDir, new Date())
  const inventory = await startInventory(options, identity, log)

  const serving = await startServing({
    host: options.host,
    port: options.port,
    probePort: options.probePort,
    log,
    engine: () => engine,
    inventory: () => inventory.source,
    admitted: ({ info, namespace, name, object, oldObject }) =>
      inventory.admitted({
        kind: info.kind,
        namespace,
        name,
        object,
        replaces: oldObject?.metadata?.resourceVersion ?? undefined,
      }),
    inventoryStatus: inventory.status,
    checks: new Map([['inventory', inventory.check]]),
    certificate: certificateOf(served),
    drain: { seconds: options.drainSeconds, closeSeconds: 10 },
  }).catch(async (error: unknown) => {
    // Watches that nobody ends keep the process for ever.
    await inventory.stop()
    throw error
  })
  tellStart(log, serving, settings, served)

  const certificate = followCertificate(certDir, served.hash, log, (fresh) => {
    serving.useCertificate(certificateOf(fresh))
  })
  signals.onHangup(() => certificate.check())
  const reloads = [certificate]
  if (file !== undefined) {
    const follower = followSettings(file, hash, log, serving.metrics, (fresh) => {
      engine = createEngine(policies, fresh)
    })
    signals.onHangup(() => follower.check())
    reloads.push(follower)
  }

  await signals.ended
  await serving.stop()
  await inventory.stop()
  for (const reload of reloads) reload.stop()
  log.info({}, 'ended')
  return exitCodes.clean
}

function tellStart(log: Log, ports: { port: number; probePort: number }, settings: Settings, { leaf }: Served): void {
  const { profile, mode } = settings
  const at = { version, port: ports.port, probe_port: ports.probePort }
  const certificate = { certificate_ends: leaf.notAfter.toISOString(), names: leaf.names }
  log.info({ ...at, profile, mode, rules: policies.length, ...certificate }, 'serving')
}

function certificateOf({ cert, key, leaf, authorityNotAfter }: Served) {
  return { cert, key, notAfter: leaf.notAfter, ...(authorityNotAfter ? { authorityNotAfter } : {}) }
}

// A fault that nobody caught leaves the process in an unknown state: it says so in one line and is started anew.
function tellFaults(log: Log): void {
  const end = (error: unknown) => {
    log.error(errorFields(error), 'internal fault: ending')
    process.exit(exitCodes.fault)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}
