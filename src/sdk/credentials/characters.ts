/** Which characters may stand inside a token. A character outside the set bounds it. */
export interface CharacterSet {
  has(code: number): boolean
}

export const alphanumeric = characterSet('')
export const base64 = characterSet('+/')
/** Standard and URL-safe base64 at once: what may stand beside a token is judged by the wider set. */
export const anyBase64 = characterSet('+/-_')
export const unreserved = characterSet('-._~')
export const unreservedOrBase64 = characterSet('-._~+/')

/** True if no character of the set stands directly before `start` or at `end`. */
export function bounded(text: string, start: number, end: number, set: CharacterSet): boolean {
  return (
    start >= 0 &&
    end <= text.length &&
    (start === 0 || !set.has(text.charCodeAt(start - 1))) &&
    (end === text.length || !set.has(text.charCodeAt(end)))
  )
}

/** True if no character of the set stands directly before `start`: the cheap half of `bounded`. */
export function begins(text: string, start: number, set: CharacterSet): boolean {
  return start === 0 || (start > 0 && !set.has(text.charCodeAt(start - 1)))
}

/** Shannon entropy in bits per character of a stretch; characters beyond latin1 count as their lower byte. */
export function entropy(text: string, start = 0, end = text.length): number {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i) & 0xff
    counts[code] = (counts[code] ?? 0) + 1
  }
  // Each occurrence adds the logarithm of its character's count; the table is swept on the way.
  let repeated = 0
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i) & 0xff
    const count = counts[code] ?? 0
    repeated += weights[count] ?? count * Math.log2(count)
    counts[code] = 0
  }
  return end <= start ? 0 : Math.log2(end - start) - repeated / (end - start)
}

/** At least so many characters of a stretch differ from one another, and at most 32: cheap, where that decides already. */
export function leastVariety(text: string, start: number, end: number): number {
  let seen = 0
  for (let i = start; i < end; i++) seen |= 1 << (text.charCodeAt(i) & 31)
  let count = 0
  for (; seen !== 0; seen &= seen - 1) count++
  return count
}

/** True for tokens that a person made up: the documented EXAMPLE ones, one character repeated, an alphabet typed out. */
export function invented(text: string, start = 0, end = text.length): boolean {
  let same = 1
  let ascending = 1
  for (let i = start, before = NaN; i < end; i++) {
    const code = text.charCodeAt(i)
    const step = code - before
    before = code
    same = step === 0 ? same + 1 : 1
    ascending = step === 1 ? ascending + 1 : 1
    if (same >= 6 || ascending >= 8) return true
    if ((code | 0x20) === 0x65 && i + 7 <= end && isExample(text, i)) return true
  }
  return false
}

function isExample(text: string, at: number): boolean {
  return (text.charCodeAt(at + 1) | 0x20) === 0x78 && (text.startsWith('EXAMPLE', at) || text.startsWith('example', at))
}

const counts = new Uint32Array(256)
// n · log₂ n, for the counts that tokens have.
const weights = Array.from({ length: 128 }, (_, n) => (n < 2 ? 0 : n * Math.log2(n)))

function characterSet(extra: string): CharacterSet {
  const members = new Uint8Array(128)
  for (const character of `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${extra}`) {
    members[character.charCodeAt(0)] = 1
  }
  return { has: (code) => code < 128 && members[code] === 1 }
}
