/**
 * Words by which a stretch of text is known, whatever its case and whatever separators stand in it: nothing but letters
 * and digits counts. Read from the end, where the words are few and most stretches end otherwise; nothing is copied.
 */
export class WordTable<Value> {
  readonly #steps: Uint16Array
  readonly #values: (Value | undefined)[] = []

  constructor(words: Iterable<readonly [word: string, value: Value]>) {
    const list = [...words]
    this.#steps = new Uint16Array(list.reduce((sum, [{ length }]) => sum + length, 2) * width)
    let states = 2
    for (const [word, value] of list) {
      let state = root
      for (let i = word.length - 1; i >= 0; i--) {
        const step = state * width + classOf(word.charCodeAt(i))
        state = this.#steps[step] || states++
        this.#steps[step] = state
      }
      this.#values[state] = value
    }
  }

  /** What the stretch says, undefined where it is none of the words. */
  get(text: string, start: number, end: number): Value | undefined {
    const steps = this.#steps
    let state = root
    for (let i = end - 1; i >= start; i--) {
      const kind = classOf(text.charCodeAt(i))
      if (kind === 0) continue
      state = steps[state * width + kind] ?? 0
      if (state === 0) return undefined
    }
    return this.#values[state]
  }
}

/** 0 for a separator, else a number for the letter, in either case, or the digit. */
export function classOf(code: number): number {
  return code < 128 ? (classes[code] ?? 0) : 0
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
const classes = new Uint8Array(128)
for (let i = 0; i < alphabet.length; i++) {
  classes[alphabet.charCodeAt(i)] = i + 1
  classes[alphabet.toUpperCase().charCodeAt(i)] = i + 1
}

// State 0 leads nowhere.
const width = alphabet.length + 1
const root = 1
