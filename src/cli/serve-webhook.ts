import { contentHash, readServed, type Served } from '../../certs/directory.ts'
import { policies } from '../../policies/index.ts'
import { createEngine } from '../engine/engine.ts'
import { defaultSettings } from '../engine/settings.ts'
import { readIdentity } from '../server/identity.ts'
import { createLog, errorFields, logDestination, type Log } from '../server/log.ts'
import { startReloading } from '../server/reload.ts'
import { exitCodes, isExpected } from './failure.ts'
import type { ServeOptions } from './serve-options.ts'
import { startInventory } from './serve-inventory.ts'
import { untilSignal, type Hangup } from './serve-signals.ts'
import { startServing } from './serving.ts'
import { readSettings, settingsHash } from './settings-file.ts'
import { version } from './version.ts'

const reloadEveryMs = 5000

/** Serves with the certificate of a directory, following a cluster, until a signal ends it. */
export async function serve(options: ServeOptions & { readonly certDir: string }): Promise<number> {
  const identity = await readIdentity(process.env)
  const log = createLog(identity, options.logLevel ?? 'info', logDestination('stdout'))
  tellFaults(log)

  const { certDir, settings: settingsFile } = options
  const settings = settingsFile === undefined ? defaultSettings : await readSettings(settingsFile, policies)
  let engine = createEngine(policies, settings)
  let served = await readServed(certDir, new Date())
  const inventory = await startInventory(options, identity, log)

  const serving = await startServing({
    host: options.host ?? '::',
    port: options.port,
    probePort: options.probePort,
    log,
    engine: () => engine,
    inventory: () => inventory.source,
    inventoryStatus: inventory.status,
    checks: new Map([['inventory', inventory.check]]),
    certificate: () => certificateOf(served),
    drain: { seconds: options.drainSeconds, closeSeconds: 10 },
  })
  const { profile, mode } = settings
  const certificate = { certificate_ends: served.leaf.notAfter.toISOString(), names: served.leaf.names }
  log.info(
    {
      version,
      port: serving.port,
      probe_port: serving.probePort,
      profile,
      mode,
      rules: policies.length,
      ...certificate,
    },
    'serving',
  )

  const certificates = startReloading<Served>(
    {
      read: () => readServed(certDir, new Date()),
      hash: () => contentHash(certDir),
      onChange(fresh) {
        served = fresh
        serving.useCertificate(fresh)
        log.info(
          { certificate_ends: fresh.leaf.notAfter.toISOString(), names: fresh.leaf.names },
          'certificate replaced',
        )
      },
      onError: (error) => log.error(explain(error), 'certificate not replaced: the old one is still served'),
    },
    served.hash,
    reloadEveryMs,
  )
  const hangups: Hangup[] = [() => certificates.check()]
  const settingsReloads = settingsFile === undefined ? undefined : followSettings(settingsFile)
  if (settingsReloads) hangups.push(() => settingsReloads.then((reloader) => reloader.check()))

  await untilSignal(log, hangups)
  certificates.stop()
  await serving.stop()
  await inventory.stop()
  void settingsReloads?.then((reloader) => reloader.stop())
  log.info({}, 'ended')
  return exitCodes.clean

  async function followSettings(file: string) {
    return startReloading(
      {
        read: () => readSettings(file, policies),
        hash: () => settingsHash(file),
        onChange(fresh) {
          engine = createEngine(policies, fresh)
          serving.metrics.settingsReload('success')
          log.info({ profile: fresh.profile, mode: fresh.mode }, 'settings replaced')
        },
        onError(error) {
          serving.metrics.settingsReload('failure')
          log.error(explain(error), 'settings not replaced: the old ones still hold')
        },
      },
      await settingsHash(file),
      reloadEveryMs,
    )
  }
}

function certificateOf({ cert, key, leaf, authorityNotAfter }: Served) {
  return { cert, key, notAfter: leaf.notAfter, ...(authorityNotAfter ? { authorityNotAfter } : {}) }
}

/** What the log may hold of an error: our own sentences in full, of any other error its class. */
function explain(error: unknown): { readonly [field: string]: string } {
  return isExpected(error) ? { code: error.code, problem: error.message } : errorFields(error)
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
