import { tellingName, tellingNameIn } from './telling-names.ts'
import type { TellingName } from './telling-names.ts'

/**
 * Telling `name = value`, `name: value` and `export name=value` lines: INI, env files, properties, TOML, scalars of YAML,
 * and the variables of a pod spec, whose value stands in the line after their name.
 * No parser of these formats: in the time that a YAML parser takes for one value this reads sixty. Lines count from 1.
 */
export function visitLines(text: string, entry: (name: TellingName, value: string, line: number) => void): void {
  let variable = ''
  for (let start = 0, line = 1; start < text.length; line++) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const first = nameStart(text, start, end)
    const last = nameEnd(text, first, end)
    const name = isWord(text, first, last, 'value') ? tellingName(variable) : tellingNameIn(text, first, last)
    // What is too short with its quotes is too short without them.
    if (name && end - last > name.least) entry(name, scalar(text.slice(last + 1, end)), line)
    variable = isWord(text, first, last, 'name') ? scalar(text.slice(last + 1, end)) : ''
    start = end + 1
  }
}

function isWord(text: string, start: number, end: number, word: string): boolean {
  return end - start === word.length && text.startsWith(word, start)
}

// Past indentation, the dash of a YAML list, and `export`.
function nameStart(text: string, start: number, end: number): number {
  let at = start
  while (at < end && (text.charCodeAt(at) <= 0x20 || text.charCodeAt(at) === 0x2d)) at++
  return text.startsWith('export ', at) ? at + 7 : at
}

// Offset of the first `=` or `:` within the length that a telling name may have; no further than the start if there is none.
function nameEnd(text: string, start: number, end: number): number {
  const limit = Math.min(end, start + 64)
  for (let i = start; i < limit; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x3d || code === 0x3a) return i
  }
  return start
}

function scalar(text: string): string {
  const value = (text.startsWith('=') ? text.slice(1) : text).trim()
  const quote = value.charCodeAt(0)
  if (quote === 0x22 || quote === 0x27) {
    const close = value.indexOf(value.charAt(0), 1)
    if (close > 0) return value.slice(1, close)
  }
  const comment = value.indexOf(' #')
  const bare = comment < 0 ? value : value.slice(0, comment).trimEnd()
  return /[,;]$/.test(bare) ? bare.slice(0, -1) : bare
}
