import type { Log } from '../server/log.ts'

/** Something to do on SIGHUP. */
export type Hangup = () => Promise<void>

/** Resolves on the first SIGTERM or SIGINT; a second one ends the process at once. SIGHUP reads files again. */
export async function untilSignal(log: Log, hangups: readonly Hangup[]): Promise<void> {
  const onHangup = () => {
    log.info({ signal: 'SIGHUP' }, 'reading certificate and settings again')
    for (const hangup of hangups) void hangup()
  }
  process.on('SIGHUP', onHangup)
  await new Promise<void>((resolve) => {
    let signals = 0
    const onSignal = (signal: NodeJS.Signals) => {
      if (++signals === 1) {
        log.info({ signal }, 'ending')
        resolve()
        return
      }
      log.warn({ signal }, 'ending at once on a second signal')
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
