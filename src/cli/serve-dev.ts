import { UsageError } from './failure.ts'
import type { ServeOptions } from './serve-options.ts'

/** Serves without a cluster. */
export function serveDev(_options: ServeOptions): Promise<number> {
  return Promise.reject(new UsageError('day2 serve --dev is not built yet'))
}
