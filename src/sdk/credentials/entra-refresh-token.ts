import { anyBase64, begins, entropy, invented } from './characters.ts'
import type { Match } from './hit.ts'

/**
 * Refresh token of Entra: the login of a person, which renews itself for months. Two parts with signatures of their own
 * (github.com/trufflesecurity/trufflehog, azure_entra/refreshtoken); what follows them is not looked at.
 */
export function refreshToken(text: string, at: number): Match | undefined {
  if (!begins(text, at, anyBase64)) return undefined
  token.lastIndex = at
  if (!token.test(text)) return undefined
  const found = text.slice(at, token.lastIndex)
  if (entropy(found) < 4 || invented(found)) return undefined
  return { detector: 'azure-refresh-token', cloud: 'Azure', level: 'possible' }
}

const token = /[01]\.A[\w-]{50,128}(?:\.\d)?\.Ag[\w-]{250}/y
