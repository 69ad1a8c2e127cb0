/**
 * A value as a JSON object, undefined if it is anything else. Objects under review may be wrongly typed at any depth:
 * files are not validated, and no schema stands between them and the rules.
 */
export function recordOf(value: unknown): { readonly [key: string]: unknown } | undefined {
  // The test leaves objects only; their keys are read through `unknown`.
  return isRecord(value) ? (value as { readonly [key: string]: unknown }) : undefined
}

/** A value as a list, empty if it is anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/**
 * An own member of a JSON object; undefined if the value is no object or has no such member. Safe for keys that users
 * choose: what a JSON object inherits are functions, which JSON has not, and `__proto__`, which is asked for as its own.
 */
export function memberOf(value: unknown, key: string): unknown {
  if (!isRecord(value)) return undefined
  // The test leaves objects only; their keys are read through `unknown`.
  const member = (value as { readonly [key: string]: unknown })[key]
  if (typeof member === 'function') return undefined
  return key === '__proto__' && !Object.hasOwn(value, key) ? undefined : member
}

/** A value as a string, undefined if it is anything else. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/**
 * A scalar as messages show it; '' for a list or an object. `String` would throw at one that says what its `toString` is.
 */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : ''
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
