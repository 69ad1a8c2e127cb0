import { readBlockScalar } from './block-scalar.ts'
import { beyond, Char, Cursor } from './cursor.ts'
import { readFlow } from './flow.ts'
import { type Mark, maxDepth, ReadError, type Reading, setOwn, tooDeep } from './marks.ts'
import { findKeyEnd, readPlain, readPlainKey, startsPlain } from './plain.ts'
import { readQuoted } from './quoted.ts'

/**
 * Reads the YAML that people and tools write for Kubernetes, several times faster than the exact reader: block maps
 * and sequences, scalars, flow collections. Whatever else there is (anchors, tags, merge keys, duplicate keys, tabs,
 * carriage returns, errors) is left to the exact reader by answering undefined; so a reading is right or not there.
 * @throws ReadError where the nesting is too deep, which the exact reader would find out too late
 */
export function readQuickly(text: string, trace: boolean): Reading | undefined {
  // Separators of documents are cut out before; where one is left, it is no value.
  if (text.includes('\r') || markers.some((marker) => text.startsWith(marker) || text.includes(`\n${marker}`)))
    return undefined
  const cursor = new Cursor(text.endsWith('\n') ? text : `${text}\n`, trace)
  try {
    cursor.nextLine()
    const offset = cursor.at
    const value = cursor.column < 0 ? null : readNode(cursor, -1)
    if (cursor.column >= 0) return undefined
    return { value, mark: trace ? { offset, inner: cursor.inner } : undefined, duplicates: [] }
  } catch (error) {
    if (error === beyond) return undefined
    throw error
  }
}

const markers = ['---', '...'] as const

/** JSON values one after the other, as kubectl takes them; undefined where it is not plain JSON. */
export function readJsonStream(text: string): { start: number; end: number }[] | undefined {
  const cursor = new Cursor(`${text}\n`, false)
  const values: { start: number; end: number }[] = []
  try {
    for (;;) {
      while (/\s/.test(cursor.text.charAt(cursor.at))) cursor.at++
      if (cursor.at >= cursor.text.length) return values
      if (cursor.code() !== Char.OpenBrace) return undefined
      const start = cursor.at
      readFlow(cursor)
      values.push({ start, end: cursor.at })
    }
  } catch (error) {
    // What is nested too deep is said when the document itself is read.
    if (error === beyond || error instanceof ReadError) return undefined
    throw error
  }
}

// Every reader below begins at the first character of its node and ends at the next line with content (`nextLine`).

// A node deeper than `parent`, on a line of its own or behind a dash.
function readNode(cursor: Cursor, parent: number): unknown {
  cursor.inner = undefined
  if (cursor.isIndicator(Char.Minus)) return readSequence(cursor, cursor.column)
  switch (cursor.code()) {
    case Char.DoubleQuote:
    case Char.SingleQuote:
      return quotedKeyEnd(cursor) >= 0 ? readMap(cursor, cursor.column) : readInline(cursor, parent)
    case Char.OpenBrace:
    case Char.OpenBracket:
    case Char.Pipe:
    case Char.Greater:
      return readInline(cursor, parent)
    default:
      if (!startsPlain(cursor)) throw beyond
      return findKeyEnd(cursor) >= 0 ? readMap(cursor, cursor.column) : readInline(cursor, parent)
  }
}

function readMap(cursor: Cursor, column: number): Record<string, unknown> {
  if (++cursor.depth > maxDepth) throw tooDeep(cursor.at)
  const map: Record<string, unknown> = {}
  const marks = cursor.trace ? new Map<string, Mark>() : undefined
  do {
    const offset = cursor.at
    const key = readKey(cursor)
    if (Object.hasOwn(map, key)) throw beyond
    cursor.inner = undefined
    setOwn(map, key, readEntry(cursor, column))
    marks?.set(key, { offset, inner: cursor.inner })
    if (cursor.column > column || (cursor.column === column && cursor.isIndicator(Char.Minus))) throw beyond
  } while (cursor.column === column)
  cursor.inner = marks
  cursor.depth--
  return map
}

function readKey(cursor: Cursor): string {
  const code = cursor.code()
  if (code === Char.DoubleQuote || code === Char.SingleQuote) {
    const end = quotedKeyEnd(cursor)
    if (end < 0) throw beyond
    const key = readQuoted(cursor)
    cursor.at = end + 1
    return key
  }
  const end = startsPlain(cursor) ? findKeyEnd(cursor) : -1
  if (end < 0) throw beyond
  return readPlainKey(cursor, end)
}

// Offset of the colon behind a quoted key, or -1 where the quoted scalar is no key.
function quotedKeyEnd(cursor: Cursor): number {
  const start = cursor.at
  readQuoted(cursor)
  cursor.skipSpaces()
  const end = cursor.isIndicator(Char.Colon) ? cursor.at : -1
  if (end < 0 && cursor.code() === Char.Colon) throw beyond
  cursor.at = start
  return end
}

// The value behind a key and its colon.
function readEntry(cursor: Cursor, column: number): unknown {
  cursor.skipSpaces()
  if (!atLineEnd(cursor)) return readInline(cursor, column)
  cursor.endLine()
  cursor.nextLine()
  if (cursor.column > column) return readNode(cursor, column)
  return cursor.column === column && cursor.isIndicator(Char.Minus) ? readSequence(cursor, column) : null
}

function readSequence(cursor: Cursor, column: number): unknown[] {
  if (++cursor.depth > maxDepth) throw tooDeep(cursor.at)
  const items: unknown[] = []
  const marks: Mark[] | undefined = cursor.trace ? [] : undefined
  do {
    const dash = cursor.at++
    cursor.skipSpaces()
    cursor.inner = undefined
    if (atLineEnd(cursor)) {
      cursor.endLine()
      cursor.nextLine()
    } else {
      cursor.column = column + cursor.at - dash
    }
    const filled = cursor.column > column
    const offset = filled ? cursor.at : dash
    items.push(filled ? readNode(cursor, column) : null)
    marks?.push({ offset, inner: cursor.inner })
    if (cursor.column > column) throw beyond
  } while (cursor.column === column && cursor.isIndicator(Char.Minus))
  cursor.inner = marks
  cursor.depth--
  return items
}

// A value that is no block collection.
function readInline(cursor: Cursor, parent: number): unknown {
  let value: unknown
  switch (cursor.code()) {
    case Char.OpenBrace:
    case Char.OpenBracket:
      value = readFlow(cursor)
      cursor.endLine()
      break
    case Char.DoubleQuote:
    case Char.SingleQuote:
      value = readQuoted(cursor)
      cursor.endLine()
      break
    case Char.Pipe:
    case Char.Greater:
      value = readBlockScalar(cursor, parent)
      break
    default:
      if (!startsPlain(cursor)) throw beyond
      value = readPlain(cursor, parent)
  }
  cursor.nextLine()
  return value
}

function atLineEnd(cursor: Cursor): boolean {
  return cursor.code() === Char.Newline || (cursor.code() === Char.Hash && cursor.code(-1) === Char.Space)
}
