import type { Log } from '../server/log.ts'

export interface Signals {
  /** Resolves on the first SIGTERM or SIGINT. */
  readonly ended: Promise<void>
  /** Adds something to do on SIGHUP. */
  onHangup(act: () => Promise<void>): void
}

/**
 * Takes the signals of the process from now on. Called before anything else starts, because a signal that nobody
 * listens for kills at once. A second SIGTERM or SIGINT ends the process without waiting.
 */
export function takeSignals(log: Log): Signals {
  const hangups: (() => Promise<void>)[] = []
  process.on('SIGHUP', () => {
    log.info({ signal: 'SIGHUP' }, 'reading certificate and settings again')
    for (const hangup of hangups) void hangup()
  })
  const ended = new Promise<void>((resolve) => {
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
  return { ended, onHangup: (act) => void hangups.push(act) }
}
