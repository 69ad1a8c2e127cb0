import type { ReadError } from './yaml/marks.ts'
import type { Lines } from './lines.ts'

/** What could not be read as it was meant. An error makes the command end with exit code 2, a warning does not. */
export interface Problem {
  readonly level: 'error' | 'warning'
  /** Stable, `D2_…`. */
  readonly code: string
  readonly file: string
  /** Counted from 1, like the column. */
  readonly line?: number
  readonly column?: number
  /** One sentence: what is wrong and what to do. Holds no value of the file. */
  readonly message: string
}

/** A problem of one document, its offset turned into a place in the file. */
export function problemAt(error: ReadError, file: string, lines: Lines, offset: number): Problem {
  return { level: 'error', code: error.code, file, ...lines.placeOf(offset), message: error.message }
}

/** A problem of a whole file. */
export function problemOf(code: string, file: string, message: string): Problem {
  return { level: 'error', code, file, message }
}
