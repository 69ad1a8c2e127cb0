import { setTimeout as after } from 'node:timers/promises'

/** Waits so many milliseconds, or rejects at once when the signal is aborted. Does not keep the process alive. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await after(ms, undefined, { signal, ref: false })
}
