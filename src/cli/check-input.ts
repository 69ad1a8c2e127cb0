import type { Contents } from '../files/read.ts'
import type { LiveContext } from './live-context.ts'

/** What `day2 check` judges. */
export interface CheckInput {
  readonly paths: readonly string[]
  readonly contents: Contents
  /** What the rules may look up and the report leaves out. */
  readonly context: Contents
  /** Namespace of objects that name none. */
  readonly namespace: string
  readonly complete: boolean
  /** The cluster that the files are meant for. */
  readonly live?: LiveContext
  readonly now: number
}
