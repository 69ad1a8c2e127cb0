import { setTimeout as sleep } from 'node:timers/promises'

/** How long what must happen may take, in ms: far longer than on a quiet machine. */
export const patience = 180_000

export interface WaitOptions<T> {
  /** When the value is good; by default when it is truthy. */
  readonly until?: (value: T) => boolean
  /** In ms; a wait ends at its event, and this only where that never comes, however busy the machine is. */
  readonly timeout?: number
  /** True if an error of `look` will not go away. */
  readonly fatal?: () => boolean
}

/**
 * Looks again and again until the value is good, and returns it. Errors thrown by `look` count as not yet;
 * the value or error seen last is in the message if the time runs out.
 */
export async function waitFor<T>(
  description: string,
  look: () => Promise<T> | T,
  options: WaitOptions<T> = {},
): Promise<T> {
  const { until = Boolean, timeout = patience, fatal = () => false } = options
  const end = Date.now() + timeout
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 250)) {
    let seen: string
    try {
      const value = await look()
      if (until(value)) return value
      seen = JSON.stringify(value) ?? String(value)
    } catch (error) {
      if (fatal()) throw error
      seen = String(error)
    }
    if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s for ${description}; last seen: ${seen}`)
    await sleep(pause)
  }
}
