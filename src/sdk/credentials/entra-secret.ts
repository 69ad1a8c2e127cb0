import { begins, bounded, entropy, invented, unreservedOrBase64 } from './characters.ts'
import type { Match } from './hit.ts'
import { marvin32 } from './marvin.ts'

/**
 * Client secret of an Entra application. Microsoft's own scanner goes by the shape and its exact length alone, and calls
 * it precisely classified (github.com/microsoft/security-utilities, AadClientAppIdentifiableCredentials.cs, SEC101/156);
 * the checksum is nowhere promised. So one that fails lowers the verdict, but no further than to likely.
 */
export function clientSecret(text: string, at: number): Match | undefined {
  const start = at - 3
  if (!begins(text, start, unreservedOrBase64)) return undefined
  entra.lastIndex = start
  if (!entra.test(text)) return undefined
  const end = entra.lastIndex
  if (!bounded(text, start, end, unreservedOrBase64)) return undefined
  const secret = text.slice(start, end)
  if (entropy(secret) < 3.5 || invented(secret)) return undefined
  const level =
    secret.charAt(3) === '7' || entraChecksum(secret.slice(0, -3)) === secret.slice(-3) ? 'certain' : 'likely'
  return { detector: 'azure-client-secret', cloud: 'Azure', level }
}

/** First three of the six characters that encode the checksum of a client secret. */
export function entraChecksum(secret: string): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~'
  let sum = marvin32(secret, 'AadPwd00')
  let encoded = ''
  for (; sum > 0; sum = Math.floor(sum / alphabet.length)) encoded = alphabet.charAt(sum % alphabet.length) + encoded
  return encoded.padStart(6, 'a').slice(0, 3)
}

const entra = /[A-Za-z0-9._~-]{3}(?:7Q~[A-Za-z0-9._~-]{31}|8Q~[A-Za-z0-9._~-]{34})/y
