import { beyond, Char, type Cursor } from './cursor.ts'
import { resolveKey, resolvePlain, type Scalar } from './scalar.ts'

/** Offset of the colon that ends a plain key on this line, or -1 where the line is no key. */
export function findKeyEnd({ text, at }: Cursor): number {
  for (let index = at; ; index++) {
    const code = text.charCodeAt(index)
    if (code === Char.Newline) return -1
    if (code === Char.Tab) throw beyond
    if (code === Char.Hash && text.charCodeAt(index - 1) === Char.Space) return -1
    if (code !== Char.Colon) continue
    const next = text.charCodeAt(index + 1)
    if (next === Char.Space || next === Char.Newline) return index
  }
}

/** A plain key; leaves the cursor behind its colon. */
export function readPlainKey(cursor: Cursor, end: number): string {
  const written = trimEnd(cursor.text.slice(cursor.at, end))
  cursor.at = end + 1
  return plainKey(written)
}

/** The name of a plain key, if the quick reader may decide it. */
export function plainKey(written: string): string {
  const key = resolveKey(written)
  if (key === undefined || written === '<<' || written.length > 1000) throw beyond
  return key
}

/** A plain scalar in block context, on one line or several; leaves the cursor at the start of the line after it. */
export function readPlain(cursor: Cursor, parent: number): Scalar {
  let value = takeLine(cursor)
  for (let next = continuation(cursor, parent); next; next = continuation(cursor, parent)) {
    cursor.at = next.at
    value += (next.blank > 0 ? '\n'.repeat(next.blank) : ' ') + takeLine(cursor)
  }
  return finite(resolvePlain(value))
}

/** True where a plain scalar may begin; the rest is an indicator, and the exact reader's. */
export function startsPlain(cursor: Cursor): boolean {
  const code = cursor.code()
  if (code === Char.Minus || code === Char.Question || code === Char.Colon) return !cursor.isIndicator(code)
  return !indicators.has(code)
}

/** NaN and the infinities do not exist in JSON: the exact reader has the words for that. */
export function finite(value: Scalar): Scalar {
  if (typeof value === 'number' && !Number.isFinite(value)) throw beyond
  return value
}

export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === Char.Space) end--
  return end === text.length ? text : text.slice(0, end)
}

const indicators: ReadonlySet<number> = new Set([...',[]{}#&*!|>\'"%@`'].map((char) => char.charCodeAt(0)))

// One line of a plain scalar. A comment behind it is left to the exact reader where the scalar might go on after it.
function takeLine(cursor: Cursor): string {
  const { text, at } = cursor
  const end = text.indexOf('\n', at)
  const line = text.slice(at, end)
  if (line.includes(': ') || line.endsWith(':') || line.includes('\t')) throw beyond
  const comment = line.indexOf(' #')
  cursor.at = end + 1
  return trimEnd(comment < 0 ? line : line.slice(0, comment))
}

// Where the scalar goes on: the next line with content, if it is indented deeper than the parent and no comment.
function continuation({ text, at }: Cursor, parent: number): { at: number; blank: number } | undefined {
  let blank = 0
  for (let start = at; start < text.length;) {
    let index = start
    while (text.charCodeAt(index) === Char.Space) index++
    const code = text.charCodeAt(index)
    if (code === Char.Newline) {
      blank++
      start = index + 1
      continue
    }
    if (code === Char.Tab) throw beyond
    if (index - start <= parent || code === Char.Hash) return undefined
    // After a comment no scalar goes on: an error, which the exact reader reports.
    const before = text.slice(text.lastIndexOf('\n', at - 2) + 1, at)
    if (before.includes(' #')) throw beyond
    return { at: index, blank }
  }
  return undefined
}
