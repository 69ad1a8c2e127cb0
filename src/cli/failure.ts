/** The exit codes of every command. A fault of our own goes before wrong input, and that before findings. */
export const exitCodes = { clean: 0, findings: 1, usage: 2, fault: 3 } as const

/** Wrong usage: an unknown option, a missing argument. The message is one sentence and says what to do. */
export class UsageError extends Error {
  readonly code = 'D2_USAGE'
}

export interface Failure {
  readonly code: string
  readonly message: string
  readonly exitCode: number
}

/**
 * What to say of an error that ends a command. Errors that carry a code `D2_…` were written for people and mean wrong
 * usage or input; of any other only the class is named, because its text may quote a value.
 */
export function describe(error: unknown): Failure {
  if (isExpected(error)) return { code: error.code, message: error.message, exitCode: exitCodes.usage }
  const name = error instanceof Error ? error.name : typeof error
  return {
    code: 'D2_FAULT',
    message: `internal fault of day2 (${name}${systemCode(error)}); please report it with the command you ran`,
    exitCode: exitCodes.fault,
  }
}

/** What went wrong, with its code. Where a message tells of several things, each has a code of its own behind it. */
export function withCode({ message, code }: Failure): string {
  return /\(D2_[A-Z0-9_]+\)$/.test(message) ? message : `${message} (${code})`
}

/** An error whose message is meant for the user. */
export function isExpected(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('D2_')
}

// Codes of Node such as ENOSPC or ERR_OUT_OF_RANGE help to find the fault and hold no value.
function systemCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return ''
  return /^[A-Z][A-Z0-9_]*$/.test(error.code) ? ` ${error.code}` : ''
}
