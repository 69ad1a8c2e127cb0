import { isVariable } from './variables.ts'

/**
 * What the API server says against a name of a port, in its own words; undefined for a name that it takes. A string of
 * digits is a name, and one without a letter (apimachinery/pkg/util/validation IsValidPortName).
 */
export function portNameFault(name: string): string | undefined {
  if (isVariable(name)) return undefined
  if (name.length > 15) return 'must be no more than 15 characters'
  if (!/^[-a-z0-9]+$/.test(name)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
  if (!/[a-z]/.test(name)) return 'must contain at least one letter (a-z)'
  if (name.includes('--')) return 'must not contain consecutive hyphens'
  return /^-|-$/.test(name) ? 'must not begin or end with a hyphen' : undefined
}

/** What to write in place of a name that is refused: the number without quotes, or a name that is allowed. */
export function portInstead(name: string): string {
  if (/^[0-9]{1,5}$/.test(name)) return `${Number(name)} (without quotes)`
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 15)
    .replace(/^-|-$/g, '')
  return portNameFault(plain) === undefined ? plain : 'http'
}
