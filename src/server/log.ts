import { randomBytes } from 'node:crypto'
import { pino, type DestinationStream } from 'pino'
import type { Identity } from './identity.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** Fields of one line. Ids, counts and codes; never an object of the cluster and never the text of an unknown error. */
export interface LogFields {
  readonly trace_id?: string
  readonly trace_src?: 'traceparent' | 'uid' | 'generated'
  readonly [field: string]: unknown
}

/** Writes lines of JSON that all carry time, level, msg, trace_id, namespace, pod, node and zone. */
export interface Log {
  /** Whether lines of this level are written: what nobody reads need not be gathered. */
  isLevelEnabled(level: LogLevel): boolean
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/**
 * The log of one process. What belongs to no request carries a trace id of the process. `identity` is read for every
 * line, because the zone may be learned late.
 */
export function createLog(identity: Identity, level: LogLevel, destination: DestinationStream): Log {
  const trace_id = generateTraceId()
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // The fields of a line win over these.
      mixin: () => ({ trace_id, trace_src: 'generated', ...identity }),
    },
    destination,
  )
}

/** Standard output or standard error, written at once: a line that waits in a buffer is lost when the process dies. */
export function logDestination(stream: 'stdout' | 'stderr'): DestinationStream {
  return pino.destination({ dest: stream === 'stdout' ? 1 : 2, sync: true })
}

/** Random 16 bytes as 32 hex digits: a W3C trace id. */
export function generateTraceId(): string {
  return randomBytes(16).toString('hex')
}

/** What may be told of an error that nobody expected: its class, and the code that Node gives it. */
export function errorFields(error: unknown): { readonly error: string; readonly code?: string } {
  const name = error instanceof Error ? error.name : typeof error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? { error: name, code } : { error: name }
}
