import { beyond, Char, type Cursor } from './cursor.ts'
import { type Mark, maxDepth, setOwn, tooDeep } from './marks.ts'
import { finite, plainKey, startsPlain, trimEnd } from './plain.ts'
import { readQuoted } from './quoted.ts'
import { resolvePlain } from './scalar.ts'

/** A flow map or sequence, JSON among them; leaves the cursor behind its closing bracket. @throws ReadError if too deep */
export function readFlow(cursor: Cursor): unknown {
  if (++cursor.depth > maxDepth) throw tooDeep(cursor.at)
  const value = cursor.code() === Char.OpenBrace ? readMap(cursor) : readSequence(cursor)
  cursor.depth--
  return value
}

function readMap(cursor: Cursor): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  const marks = cursor.trace ? new Map<string, Mark>() : undefined
  cursor.at++
  for (;;) {
    skip(cursor)
    if (cursor.code() === Char.CloseBrace) break
    const offset = cursor.at
    const key = readKey(cursor)
    if (Object.hasOwn(map, key)) throw beyond
    skip(cursor)
    cursor.inner = undefined
    let value: unknown = null
    if (cursor.code() === Char.Colon) {
      cursor.at++
      skip(cursor)
      value = readValue(cursor)
    }
    setOwn(map, key, value)
    marks?.set(key, { offset, inner: cursor.inner })
    separate(cursor, Char.CloseBrace)
  }
  cursor.at++
  cursor.inner = marks
  return map
}

function readSequence(cursor: Cursor): unknown[] {
  const items: unknown[] = []
  const marks: Mark[] | undefined = cursor.trace ? [] : undefined
  cursor.at++
  for (;;) {
    skip(cursor)
    if (cursor.code() === Char.CloseBracket) break
    const offset = cursor.at
    if (cursor.code() === Char.Comma) throw beyond
    cursor.inner = undefined
    items.push(readValue(cursor))
    marks?.push({ offset, inner: cursor.inner })
    separate(cursor, Char.CloseBracket)
  }
  cursor.at++
  cursor.inner = marks
  return items
}

function readKey(cursor: Cursor): string {
  const code = cursor.code()
  if (code === Char.DoubleQuote || code === Char.SingleQuote) return readQuoted(cursor)
  return plainKey(takePlain(cursor))
}

function readValue(cursor: Cursor): unknown {
  switch (cursor.code()) {
    case Char.OpenBrace:
    case Char.OpenBracket:
      return readFlow(cursor)
    case Char.DoubleQuote:
    case Char.SingleQuote:
      return readQuoted(cursor)
    case Char.Comma:
    case Char.CloseBrace:
      return null
    default:
      return finite(resolvePlain(takePlain(cursor)))
  }
}

// A plain scalar on one line. What goes on over several, or holds a `?`, is left to the exact reader.
function takePlain(cursor: Cursor): string {
  if (!startsPlain(cursor) || (cursor.code() === Char.Minus && flowEnds(cursor.code(1)))) throw beyond
  const { text, at } = cursor
  for (let index = at; ; index++) {
    const code = text.charCodeAt(index)
    if (code === Char.Colon) {
      const next = text.charCodeAt(index + 1)
      if (next !== Char.Space && next !== Char.Newline && !flowEnds(next)) continue
    } else if (code === Char.Question || code === Char.Tab || Number.isNaN(code)) {
      throw beyond
    } else if (code !== Char.Newline && !flowEnds(code)) {
      if (code !== Char.Hash || text.charCodeAt(index - 1) !== Char.Space) continue
    }
    if (index === at) throw beyond
    cursor.at = index
    return trimEnd(text.slice(at, index))
  }
}

function flowEnds(code: number): boolean {
  return (
    code === Char.Comma ||
    code === Char.OpenBracket ||
    code === Char.CloseBracket ||
    code === Char.OpenBrace ||
    code === Char.CloseBrace
  )
}

// After an entry: a comma, or the end.
function separate(cursor: Cursor, end: number): void {
  skip(cursor)
  const code = cursor.code()
  if (code === Char.Comma) cursor.at++
  else if (code !== end) throw beyond
}

// Over spaces, line breaks and comments.
function skip(cursor: Cursor): void {
  const { text } = cursor
  for (;;) {
    const code = text.charCodeAt(cursor.at)
    if (code === Char.Space || code === Char.Newline || code === Char.Tab) cursor.at++
    else if (code !== Char.Hash) return
    else {
      const before = text.charCodeAt(cursor.at - 1)
      if (before !== Char.Space && before !== Char.Newline) throw beyond
      cursor.at = text.indexOf('\n', cursor.at)
    }
  }
}
