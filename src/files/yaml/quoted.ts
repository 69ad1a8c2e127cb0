import { beyond, Char, type Cursor } from './cursor.ts'

/** A quoted scalar on one line; leaves the cursor behind the closing quote. */
export function readQuoted(cursor: Cursor): string {
  return cursor.code() === Char.SingleQuote ? readSingle(cursor) : readDouble(cursor)
}

function readSingle(cursor: Cursor): string {
  const { text } = cursor
  const start = cursor.at + 1
  let end = text.indexOf("'", start)
  let escaped = false
  while (end >= 0 && text.charCodeAt(end + 1) === Char.SingleQuote) {
    escaped = true
    end = text.indexOf("'", end + 2)
  }
  const value = oneLine(text, start, end)
  cursor.at = end + 1
  return escaped ? value.replaceAll("''", "'") : value
}

function readDouble(cursor: Cursor): string {
  const { text } = cursor
  const start = cursor.at + 1
  let end = start
  let escaped = false
  for (;;) {
    const code = text.charCodeAt(end)
    if (code === Char.DoubleQuote) break
    if (code === Char.Newline || end >= text.length) throw beyond
    if (code === Char.Backslash) {
      escaped = true
      end++
    }
    end++
  }
  cursor.at = end + 1
  const value = oneLine(text, start, end)
  return escaped ? value.replace(escape, unescape) : value
}

function oneLine(text: string, start: number, end: number): string {
  if (end < 0) throw beyond
  const value = text.slice(start, end)
  if (value.includes('\n')) throw beyond
  return value
}

const escape = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|(.?))/gs
const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['0', '\0'],
  ['b', '\b'],
  ['f', '\f'],
  [' ', ' '],
])

function unescape(
  _whole: string,
  byte: string | undefined,
  unit: string | undefined,
  letter: string | undefined,
): string {
  const hex = byte ?? unit
  if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16))
  const value = escapes.get(letter ?? '')
  if (value === undefined) throw beyond
  return value
}
