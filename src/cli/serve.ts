import { UsageError } from './failure.ts'

/** Serves the admission webhook until a signal ends it. */
export function run(_args: string[]): Promise<number> {
  return Promise.reject(new UsageError('day2 serve is not built yet'))
}
