/** A file or directory whose content is followed. */
export interface Reloaded<T> {
  /** Reads and validates; rejects with an error for people. */
  readonly read: () => Promise<T>
  /** Changes when the content does and at no other time. */
  readonly hash: () => Promise<string>
  readonly onChange: (value: T) => void
  readonly onError: (error: unknown) => void
}

export interface Reloader {
  /** Looks now, and resolves when that is done. */
  check(): Promise<void>
  stop(): void
}

/**
 * Follows content by looking at it every few seconds: Secrets and ConfigMaps are mounted by swapping a link, which a
 * watch on the file does not see. What cannot be used is told once for each content, and the old value stays.
 */
export function startReloading<T>(reloaded: Reloaded<T>, firstHash: string, everyMs: number): Reloader {
  let seen = firstHash
  let running: Promise<void> | undefined

  async function look(): Promise<void> {
    const hash = await reloaded.hash().catch((error: unknown) => ({ error }))
    if (typeof hash === 'object') {
      const failure = `error ${hash.error instanceof Error ? hash.error.message : ''}`
      if (seen !== failure) reloaded.onError(hash.error)
      seen = failure
      return
    }
    if (hash === seen) return
    seen = hash
    try {
      reloaded.onChange(await reloaded.read())
    } catch (error) {
      reloaded.onError(error)
    }
  }

  // One look at a time: a second one waits for the first and then looks again, because a signal means "now".
  async function check(): Promise<void> {
    const before = running
    const mine = (before ?? Promise.resolve()).then(look)
    running = mine
    await mine
    if (running === mine) running = undefined
  }

  const timer = setInterval(() => void check(), everyMs).unref()
  return { check, stop: () => clearInterval(timer) }
}
