/**
 * Milliseconds that judging may take, from the `timeout` that the API server puts into the URL: four fifths of it, so
 * that the answer still gets there. Anything malformed counts as not given.
 */
export function budgetMs(timeout: unknown): number {
  // An API server sends the same text again and again.
  if (timeout !== last.timeout) {
    const given = typeof timeout === 'string' ? durationMs(timeout) : undefined
    last = { timeout, budget: 0.8 * Math.min(given ?? longestMs, longestMs) }
  }
  return last.budget
}

// The API server waits for 30 s at most; our own requests end after 10 s.
const longestMs = 10_000
let last: { readonly timeout: unknown; readonly budget: number } = { timeout: undefined, budget: 0.8 * longestMs }

/** A Go duration such as `1m2.5s` in milliseconds; undefined for anything else, and for nothing and less. */
export function durationMs(text: string): number | undefined {
  if (text.length > 32 || !/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g))
    total += Number(amount) * (units.get(unit) ?? 0)
  return total > 0 ? total : undefined
}

const units: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
