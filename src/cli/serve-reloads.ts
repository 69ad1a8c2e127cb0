import { contentHash, readServed, type Served } from '../../certs/directory.ts'
import { policies } from '../../policies/index.ts'
import type { Settings } from '../engine/settings.ts'
import { errorFields, type Log } from '../server/log.ts'
import type { Metrics } from '../server/metrics.ts'
import { startReloading, type Reloader } from '../server/reload.ts'
import { isExpected } from './failure.ts'
import { readSettingsWithProblems, settingsHash } from './settings-file.ts'

const everyMs = 5000

/** Hands over the certificate of a directory whenever its content changes; one that cannot serve is told and left. */
export function followCertificate(directory: string, hash: string, log: Log, use: (served: Served) => void): Reloader {
  return startReloading(
    {
      read: () => readServed(directory, new Date()),
      hash: () => contentHash(directory),
      onChange(fresh) {
        use(fresh)
        const { notAfter, names } = fresh.leaf
        log.info({ certificate_ends: notAfter.toISOString(), names }, 'certificate replaced')
      },
      onError: (error) => log.error(explain(error), 'certificate not replaced: the old one is still served'),
    },
    hash,
    everyMs,
  )
}

/** The same for a settings file. */
export function followSettings(
  file: string,
  hash: string,
  log: Log,
  metrics: Metrics,
  use: (settings: Settings) => void,
): Reloader {
  return startReloading(
    {
      read: () => loadSettings(file, log),
      hash: () => settingsHash(file),
      onChange(fresh) {
        use(fresh)
        metrics.settingsReload('success')
        log.info({ profile: fresh.profile, mode: fresh.mode }, 'settings replaced')
      },
      onError(error) {
        metrics.settingsReload('failure')
        log.error(explain(error), 'settings not replaced: the old ones still hold')
      },
    },
    hash,
    everyMs,
  )
}

/** Reads settings, and tells what is doubtful in them. @throws an error of code `D2_…` */
export async function loadSettings(file: string, log: Log): Promise<Settings> {
  const { settings, problems } = await readSettingsWithProblems(file, policies)
  for (const { code, line, message } of problems)
    log.warn({ code, file, line, problem: message }, 'settings are doubtful')
  return settings
}

/** What the log may hold of an error: our own sentences in full, of any other error its class. */
function explain(error: unknown): { readonly [field: string]: string } {
  return isExpected(error) ? { code: error.code, problem: error.message } : errorFields(error)
}
