import type { Mark } from './marks.ts'

/** Thrown where the quick reader meets what it leaves to the exact one. Always the same object: its stack means nothing. */
export const beyond = new Error('beyond the quick reader')

export const Char = {
  Tab: 0x09,
  Newline: 0x0a,
  Space: 0x20,
  DoubleQuote: 0x22,
  Hash: 0x23,
  SingleQuote: 0x27,
  Comma: 0x2c,
  Minus: 0x2d,
  Colon: 0x3a,
  Question: 0x3f,
  OpenBracket: 0x5b,
  Backslash: 0x5c,
  CloseBracket: 0x5d,
  OpenBrace: 0x7b,
  Pipe: 0x7c,
  CloseBrace: 0x7d,
  Greater: 0x3e,
} as const

/** A place in a document's text, which ends with a newline and holds no tab outside scalars and no carriage return. */
export class Cursor {
  readonly text: string
  /** Whether marks are wanted. */
  readonly trace: boolean
  at = 0
  /** Column of the node that `nextLine` found, counted from 0; -1 at the end of the text. */
  column = -1
  depth = 0
  /** Marks inside the node read last, if they are wanted. */
  inner: Mark['inner'] = undefined

  constructor(text: string, trace: boolean) {
    this.text = text
    this.trace = trace
  }

  code(offset = 0): number {
    return this.text.charCodeAt(this.at + offset)
  }

  /** From the start of a line to the first character of the next line that has content; skips blank lines and comments. */
  nextLine(): void {
    const { text } = this
    let start = this.at
    while (start < text.length) {
      let at = start
      let code = text.charCodeAt(at)
      while (code === Char.Space) code = text.charCodeAt(++at)
      if (code === Char.Newline) {
        start = at + 1
        continue
      }
      if (code === Char.Hash) {
        start = text.indexOf('\n', at) + 1
        continue
      }
      if (code === Char.Tab) throw beyond
      this.column = at - start
      this.at = at
      return
    }
    this.at = text.length
    this.column = -1
  }

  /** Over spaces within the line. */
  skipSpaces(): void {
    while (this.code() === Char.Space) this.at++
    if (this.code() === Char.Tab) throw beyond
  }

  /** To the start of the next line; only spaces and a comment may be left on this one. */
  endLine(): void {
    this.skipSpaces()
    const code = this.code()
    if (code === Char.Hash && this.code(-1) === Char.Space) this.at = this.text.indexOf('\n', this.at)
    else if (code !== Char.Newline) throw beyond
    this.at++
  }

  /** True at a character that is followed by a space or the end of the line. */
  isIndicator(code: number, offset = 0): boolean {
    if (this.code(offset) !== code) return false
    const next = this.code(offset + 1)
    return next === Char.Space || next === Char.Newline
  }
}
