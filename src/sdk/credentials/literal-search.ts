/**
 * Finds the literals of a list in a text, the longest at each place. A table says for each character how far the literals
 * go on: a fraction of the time of a regular expression of as many alternatives, and no text makes it look back further
 * than one literal is long.
 */
export class LiteralSearch {
  /** Which literal the last search found, by its place in the list. */
  found = -1
  readonly #steps: Uint16Array
  readonly #ends: Int16Array

  constructor(literals: readonly string[]) {
    const most = literals.reduce((sum, { length }) => sum + length, 2)
    const steps = new Uint16Array(most * width)
    const ends = new Int16Array(most).fill(-1)
    let states = 2
    literals.forEach((literal, index) => {
      let state = root
      for (let i = 0; i < literal.length; i++) {
        const step = state * width + literal.charCodeAt(i)
        const next = steps[step]
        state = next || states++
        steps[step] = state
      }
      ends[state] = index
    })
    this.#steps = steps
    this.#ends = ends
  }

  /** Offset of the first literal that begins at `from` or behind it, -1 where there is none. */
  find(text: string, from: number): number {
    const steps = this.#steps
    const ends = this.#ends
    for (let start = from; start < text.length; start++) {
      let code = text.charCodeAt(start)
      let state = code < width ? (steps[width + code] ?? 0) : 0
      if (state === 0) continue
      let found = -1
      for (let at = start + 1; at < text.length; at++) {
        code = text.charCodeAt(at)
        state = code < width ? (steps[state * width + code] ?? 0) : 0
        if (state === 0) break
        const end = ends[state] ?? -1
        if (end >= 0) found = end
      }
      if (found < 0) continue
      this.found = found
      return start
    }
    return -1
  }
}

// The characters of ASCII; state 0 leads nowhere.
const width = 128
const root = 1
