/**
 * Marvin32 of bytes given as a latin1 string, as Microsoft uses it to make key formats verifiable
 * (github.com/microsoft/SymCrypt lib/marvin32.c, github.com/microsoft/security-utilities). The seed is an ASCII word
 * of eight characters, most significant byte first. Answers with the two 32-bit halves of the state.
 */
export function marvin(bytes: string, seed: string): readonly [low: number, high: number] {
  let p0 = bigEndian(seed, 4)
  let p1 = bigEndian(seed, 0)
  const whole = bytes.length & ~3
  for (let i = 0; i <= whole; i += 4) {
    p0 = (p0 + (i < whole ? littleEndian(bytes, i) : remainder(bytes, whole))) | 0
    for (let round = i < whole ? 1 : 0; round < 2; round++) {
      p1 ^= p0
      p0 = rotate(p0, 20)
      p0 = (p0 + p1) | 0
      p1 = rotate(p1, 9)
      p1 ^= p0
      p0 = rotate(p0, 27)
      p0 = (p0 + p1) | 0
      p1 = rotate(p1, 19)
    }
  }
  return [p0 >>> 0, p1 >>> 0]
}

/** The 32-bit checksum: both halves folded together, unsigned. */
export function marvin32(bytes: string, seed: string): number {
  const [low, high] = marvin(bytes, seed)
  return (low ^ high) >>> 0
}

/** The checksum as the four bytes that a key carries, little endian, as a latin1 string. */
export function marvinBytes(bytes: string, seed: string): string {
  const sum = marvin32(bytes, seed)
  return String.fromCharCode(sum & 0xff, (sum >>> 8) & 0xff, (sum >>> 16) & 0xff, sum >>> 24)
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

// The last block: what is left of the bytes, and a marker behind it.
function remainder(bytes: string, from: number): number {
  let value = 0x80 << (8 * (bytes.length - from))
  for (let i = from; i < bytes.length; i++) value |= bytes.charCodeAt(i) << (8 * (i - from))
  return value
}

function littleEndian(bytes: string, at: number): number {
  return (
    bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  )
}

function bigEndian(bytes: string, at: number): number {
  return (
    bytes.charCodeAt(at + 3) |
    (bytes.charCodeAt(at + 2) << 8) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at) << 24)
  )
}
