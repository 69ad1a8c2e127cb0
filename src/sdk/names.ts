import { memberOf, stringOf } from './shape.ts'

/** The name of an object; '' where it has none, or none that is text. */
export function nameOf(object: unknown): string {
  return stringOf(memberOf(memberOf(object, 'metadata'), 'name')) ?? ''
}

/**
 * A name for a message: of a longer one the beginning and the end, which tell names apart. Names have up to 253
 * characters, and the API server cuts a warning after 256: the fix at its end must not be what is lost.
 */
export function brief(name: string, longest = 32): string {
  if (name.length <= longest) return name
  const tail = Math.floor(longest / 3)
  return `${name.slice(0, longest - tail - 1)}…${name.slice(-tail)}`
}
