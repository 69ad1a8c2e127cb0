import { alphanumeric, begins, bounded, invented } from './characters.ts'
import { decodeBase64 } from './decode.ts'
import type { Match } from './hit.ts'
import { marvinBytes } from './marvin.ts'

/** Keys since 2024 ("common annotated security keys"), 84 or 88 characters, which carry the month of their making. */
export function commonAnnotatedKey(text: string, at: number): Match | undefined {
  const start = at - 52
  if (!begins(text, start, alphanumeric)) return undefined
  annotated.lastIndex = start
  if (!annotated.test(text)) return undefined
  const end = annotated.lastIndex
  if (!bounded(text, start, end, alphanumeric)) return undefined
  const key = text.slice(start, end)
  if (invented(key.slice(0, 52))) return undefined
  // H marks the hash of something, made with a key, not a key.
  const level = key.charAt(57) !== 'H' && annotatedChecksum(key) ? 'certain' : 'possible'
  return { detector: 'azure-annotated-key', cloud: 'Azure', level, created: createdIn(key) }
}

function annotatedChecksum(key: string): boolean {
  const bytes = decodeBase64(key.slice(0, 80))
  if (bytes === undefined) return false
  const sum = marvinBytes(bytes, 'Default0')
  const given = key.slice(80).replace('==', '')
  // Of the last character of a long key only the first two bits belong to the checksum.
  const compared = Math.min(given.length, 5)
  return base62(sum).startsWith(given.slice(0, compared)) || btoa(sum).startsWith(given.slice(0, compared))
}

function base62(bytes: string): string {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  let value = 0
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes.charCodeAt(i)
  let digits = ''
  for (; value > 0; value = Math.floor(value / 62)) digits = alphabet.charAt(value % 62) + digits
  const leading = Math.min(/^\0*/.exec(bytes)?.[0].length ?? 0, bytes.length - 1)
  return ('0'.repeat(leading) + (digits || '0')).padEnd(6, '0')
}

function createdIn(key: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  const month = key.charCodeAt(59) - 0x40
  return `${2024 + alphabet.indexOf(key.charAt(58))}-${String(month).padStart(2, '0')}`
}

const annotated = /[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}[A-Za-z][A-Za-z0-9]{7}(?:[A-Za-z0-9]{2}==)?/y
