import { beyond, Char, type Cursor } from './cursor.ts'

/** A literal (`|`) or folded (`>`) scalar; leaves the cursor at the start of the line after it. */
export function readBlockScalar(cursor: Cursor, parent: number): string {
  const literal = cursor.code() === Char.Pipe
  cursor.at++
  const chomp = cursor.code()
  if (chomp === Char.Minus || chomp === Plus) cursor.at++
  // An explicit indentation (`|2`) is no end of line: left to the exact reader.
  cursor.endLine()
  const { lines, trailing } = takeLines(cursor, parent)
  const value = literal ? lines.join('\n') : fold(lines)
  if (chomp === Minus) return value
  const end = lines.length > 0 ? '\n' : ''
  return chomp === Plus ? value + end + '\n'.repeat(trailing) : value + end
}

const Plus = 0x2b
const Minus = Char.Minus

// The lines of the scalar without their indentation, blank ones as '', and how many blank lines follow the last.
function takeLines(cursor: Cursor, parent: number): { lines: string[]; trailing: number } {
  const { text } = cursor
  const lines: string[] = []
  let indent = -1
  let blank = 0
  let widest = 0
  let start = cursor.at
  while (start < text.length) {
    let index = start
    while (text.charCodeAt(index) === Char.Space && (indent < 0 || index - start < indent)) index++
    const code = text.charCodeAt(index)
    if (code === Char.Newline) {
      widest = Math.max(widest, index - start)
      blank++
      start = index + 1
      continue
    }
    const column = index - start
    if (indent < 0) {
      if (code === Char.Tab) throw beyond
      if (column <= parent) break
      // A blank line before the first that is indented deeper than it is an error.
      if (widest > column) throw beyond
      indent = column
    } else if (column < indent) {
      if (code === Char.Tab) throw beyond
      break
    }
    while (blank > 0) {
      lines.push('')
      blank--
    }
    const end = text.indexOf('\n', index)
    lines.push(text.slice(index, end))
    start = end + 1
  }
  cursor.at = start
  return { lines, trailing: blank }
}

// Neighbouring lines are joined by a space; blank lines and deeper indented ones keep their breaks (YAML 1.2, 8.1.3).
function fold(lines: readonly string[]): string {
  let value = ''
  let breaks = 0
  let started = false
  let deeper = false
  for (const line of lines) {
    if (line === '') {
      breaks++
      continue
    }
    const deep = line.startsWith(' ') || line.startsWith('\t')
    if (!started) value += '\n'.repeat(breaks)
    else if (deep || deeper) value += '\n'.repeat(breaks + 1)
    else value += breaks > 0 ? '\n'.repeat(breaks) : ' '
    value += line
    breaks = 0
    started = true
    deeper = deep
  }
  return value
}
