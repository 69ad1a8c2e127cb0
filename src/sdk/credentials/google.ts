import { anyBase64, base64, begins, bounded, entropy, invented, unreserved } from './characters.ts'
import type { Level, Match, Matcher } from './hit.ts'

/** Matchers of Google tokens. Keys that lie in JSON documents are judged by `googleDocument`. */
export const googleMatchers: readonly (readonly [sentinel: string, matcher: Matcher])[] = [
  ['GOOG', hmacKeyId],
  ['AIza', fixed(/AIza[A-Za-z0-9_-]{35}/y, 'gcp-api-key')],
  ['GOCSPX-', fixed(/GOCSPX-[A-Za-z0-9_-]{28}/y, 'gcp-oauth-client-secret')],
  ['ya29.', accessToken],
]

/** An object as JSON.parse makes it. */
export interface ParsedObject {
  readonly [key: string]: unknown
}

/** What a credential document says of itself; undefined for documents that are none. `harmless` ones are known to hold no key. */
export type DocumentVerdict = { readonly detector: string; readonly level: Level } | 'harmless' | undefined

/**
 * Judges one JSON object by the formats of google-auth-library (cloud.google.com/docs/authentication/application-default-credentials).
 * `external_account` is workload identity federation: the pattern that replaces keys.
 */
export function googleDocument(node: ParsedObject): DocumentVerdict {
  switch (node['type']) {
    case 'service_account':
      return serviceAccount(node)
    case 'authorized_user':
      return userCredentials(node)
    case 'external_account_authorized_user':
      return random(node['refresh_token'], 20) ? { detector: 'gcp-user-credentials', level: 'certain' } : 'harmless'
    case 'gdch_service_account':
      return isPrivateKey(String(node['private_key'])) ? { detector: 'gcp-gdch-key', level: 'possible' } : 'harmless'
    case 'external_account':
      return 'harmless'
    default:
      return undefined
  }
}

function serviceAccount(node: ParsedObject): DocumentVerdict {
  const email = node['client_email']
  // The key that the Kubernetes end-to-end tests publish.
  if (email === 'image-pulling@authenticated-image-pulling.iam.gserviceaccount.com') return 'harmless'
  if (!isPrivateKey(String(node['private_key']))) return 'harmless'
  const known = typeof email === 'string' && email.endsWith('.gserviceaccount.com')
  return { detector: 'gcp-service-account-key', level: known ? 'certain' : 'possible' }
}

function userCredentials(node: ParsedObject): DocumentVerdict {
  const token = node['refresh_token']
  if (!random(token, 20)) return 'harmless'
  const level = /^1\/\/0.{40}/.test(token) && typeof node['client_secret'] === 'string' ? 'certain' : 'possible'
  return { detector: 'gcp-user-credentials', level }
}

/** True for text with a private key in PEM that is not a stand-in for one. */
export function isPrivateKey(key: string): boolean {
  const body = /-----BEGIN (?:[A-Z]{2,9} )?PRIVATE KEY-----([^-]{60,16384})-----END/.exec(key)?.[1]
  return body !== undefined && entropy(body) >= 4 && !/redacted|example|(.)\1{15}/i.test(body)
}

function random(token: unknown, length: number): token is string {
  return (
    typeof token === 'string' &&
    token.length >= length &&
    !/[<>${}\s]/.test(token) &&
    entropy(token) >= 3 &&
    !invented(token)
  )
}

const hmac = /GOOG[A-Z0-9]{20,57}/y

// Service accounts have ids of 61 characters. Those of users are said to have 24, which no source confirms.
function hmacKeyId(text: string, at: number): Match | undefined {
  hmac.lastIndex = at
  if (!begins(text, at, base64) || !hmac.test(text) || !bounded(text, at, hmac.lastIndex, base64)) return undefined
  const id = text.slice(at, hmac.lastIndex)
  if ((id.length !== 61 && id.length !== 24) || entropy(id) < 2.6 || invented(id)) return undefined
  const half = id.length === 61 ? { half: { of: 'google', fresh: false } as const } : {}
  return { detector: 'gcp-hmac-key', cloud: 'Google Cloud', level: 'possible', ...half }
}

// Public by design in browsers and apps (API keys), or of a single sign-on client: never more than possible.
function fixed(pattern: RegExp, detector: string): Matcher {
  return (text, at) => {
    pattern.lastIndex = at
    if (!begins(text, at, anyBase64) || !pattern.test(text) || !bounded(text, at, pattern.lastIndex, anyBase64))
      return undefined
    const token = text.slice(at, pattern.lastIndex)
    if (entropy(token) < 3.5 || invented(token)) return undefined
    return { detector, cloud: 'Google Cloud', level: 'possible' }
  }
}

function accessToken(text: string, at: number): Match | undefined {
  if (!begins(text, at, unreserved)) return undefined
  const token = /^ya29\.[A-Za-z0-9_.-]{20,64}/.exec(text.slice(at, at + 69))?.[0]
  if (token === undefined || entropy(token) < 3.5 || invented(token)) return undefined
  return { detector: 'gcp-access-token', cloud: 'Google Cloud', level: 'possible' }
}
