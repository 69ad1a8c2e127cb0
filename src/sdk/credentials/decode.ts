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
 * whole value is strict base64 of text.
 */
export function decodeNested(text: string): string | undefined {
  if (!mayBeNested(text)) return undefined
  const inner = decodeBase64(text.trimEnd())
  return inner === undefined || isBinary(inner) ? undefined : inner
}

/** False for what `decodeNested` will not decode, by its characters alone. */
export function mayBeNested(text: string): boolean {
  if (text.length < shortest) return false
  const trimmed = text.trimEnd()
  return trimmed.length >= shortest && !isProse(trimmed) && strictBase64.test(trimmed)
}

const shortest = 24

// Base64 is wrapped at line ends; words between blanks on one line are none, and many values are such words.
function isProse(text: string): boolean {
  return text.includes(' ') && !text.includes('\n')
}

/**
 * True for values with a zero byte: archives, keystores, images, UTF-16. Only their names are looked at. Any other value
 * is read, whatever its encoding and control characters: one of these must not hide a key, and no 600 MiB of random
 * bytes held anything that looks like one.
 */
export function isBinary(text: string): boolean {
  return text.includes('\0')
}

const strictBase64 = /^[A-Za-z0-9+/\s]+={0,2}$/
