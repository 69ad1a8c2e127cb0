/**
 * True for a string with a `${VARIABLE}` in it, as Flux, envsubst and their like fill in before anything is applied.
 * Such a value is unknown: no rule may judge it.
 */
export function isVariable(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const start = value.indexOf('${')
  return start >= 0 && value.indexOf('}', start) >= 0
}
