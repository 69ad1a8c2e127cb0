/**
 * Bytes of standard base64 as a latin1 string, undefined where the text is none. `atob` is three times as fast as
 * Buffer on values of the size of a key (0.24 against 0.77 µs on Node 20), and no slower on a MiB.
 */
export function decodeBase64(text: string): string | undefined {
  try {
    return atob(text)
  } catch {
    return undefined
  }
}

/**
 * What a value hides one level deeper: people encode once more what the API server will encode. Undefined unless the
 * whole value is strict base64 of printable text.
 */
export function decodeNested(text: string): string | undefined {
  const trimmed = text.trimEnd()
  if (trimmed.length < 24 || !strictBase64.test(trimmed)) return undefined
  const inner = decodeBase64(trimmed)
  return inner === undefined || binary.test(inner) || !letters.test(inner) ? undefined : inner
}

/** True for values with control characters: archives, keystores, images. Only their names are looked at. */
export function isBinary(text: string): boolean {
  return binary.test(text)
}

const strictBase64 = /^[A-Za-z0-9+/\s]+={0,2}$/
const binary = /[\0-\x08\x0e-\x1f\x7f]/
const letters = /^[\s\x20-\x7e\x80-\xff]*$/
