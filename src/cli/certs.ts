import { UsageError } from './failure.ts'

/** Issues or inspects the certificate of the webhook. */
export function run(_args: string[]): Promise<number> {
  return Promise.reject(new UsageError('day2 certs is not built yet'))
}
