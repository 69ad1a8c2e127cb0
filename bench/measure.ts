/** One measured figure. Times are medians; ratios come from one run, both sides in turn. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'µs' | 'ms' | 's' | 'MiB' | 'ratio' | 'reviews/s' | 'count' | 'exponent'
  /** What the figure is to reach, and whether more or less is better. */
  readonly target?: { readonly value: number; readonly better: 'lower' | 'higher' }
}

export interface Benchmark {
  readonly name: string
  run(): Figure[] | Promise<Figure[]>
}

/**
 * Median CPU time of one call in microseconds. Every call gets an input of its own, made outside of what is measured:
 * a webhook never sees the same object in memory twice, so nothing may be remembered from one call to the next.
 */
export function cpuPerCall<T>(make: () => T, call: (input: T) => void, calls: number, rounds = 25): number {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const inputs = Array.from({ length: calls }, make)
    const start = process.cpuUsage()
    for (const input of inputs) call(input)
    const { user, system } = process.cpuUsage(start)
    // The first rounds belong to the compiler; a webhook runs for weeks.
    if (round >= rounds / 2) times.push((user + system) / calls)
  }
  return quantile(times, 0.5)
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN
}

/** Median time of one call in microseconds, over rounds of as many calls as fill about `roundMs`. */
export function timePerCall(call: () => void, options: { rounds?: number; roundMs?: number } = {}): number {
  const { rounds = 15, roundMs = 40 } = options
  const calls = callsFor(call, roundMs)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < calls; i++) call()
    times.push(Number(process.hrtime.bigint() - start) / 1e3 / calls)
  }
  return quantile(times, 0.5)
}

// Also warms up: the compiler has seen the code before the first round counts.
function callsFor(call: () => void, roundMs: number): number {
  const end = process.hrtime.bigint() + BigInt(roundMs * 4 * 1e6)
  let calls = 0
  while (process.hrtime.bigint() < end) {
    call()
    calls++
  }
  return Math.max(1, Math.round(calls / 4))
}
