import type { LogLevel } from '../server/log.ts'

/** What `day2 serve` was told. */
export interface ServeOptions {
  readonly port: number
  readonly probePort: number
  /** Undefined: the default of the mode. */
  readonly host: string | undefined
  readonly certDir: string | undefined
  readonly settings: string | undefined
  readonly kubeconfig: string | undefined
  readonly inventory: boolean
  /** How long readiness waits for the inventory. */
  readonly syncSeconds: number
  readonly drainSeconds: number
  readonly logLevel: LogLevel | undefined
}
