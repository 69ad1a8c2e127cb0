/** Waiting and chance, injected so that tests need neither. */
export interface Waiting {
  /** Resolves after so many milliseconds, or rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** At least 0, below 1. */
  readonly random: () => number
}

export interface Backoff {
  /** Milliseconds to wait before the next try. `atLeast` is what the API server asked for. */
  next(atLeast?: number): number
  /** Something worked: the next failure is a first one again. */
  reset(): void
  readonly failures: number
}

/** Doubles from `firstMs` to `mostMs`; each wait is drawn from its upper half, so that replicas do not return in step. */
export function backoff(random: () => number, firstMs = 500, mostMs = 30_000): Backoff {
  let failures = 0
  return {
    next(atLeast = 0) {
      const full = Math.min(mostMs, firstMs * 2 ** Math.min(failures++, 30))
      return Math.round(Math.max(full * (0.5 + random() / 2), Math.min(atLeast, 2 * mostMs)))
    },
    reset: () => void (failures = 0),
    get failures() {
      return failures
    },
  }
}
