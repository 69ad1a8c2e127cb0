import { alphanumeric, anyBase64, base64, begins, bounded, entropy, invented, leastVariety } from './characters.ts'
import type { Match, Matcher } from './hit.ts'

/**
 * Matchers of AWS tokens. Only the prefixes of credentials: AGPA, AIDA, AIPA, ANPA, ANVA, APKA, AROA and ASCA name users,
 * roles and the like, which are public
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids).
 */
export const awsMatchers: readonly (readonly [sentinel: string, matcher: Matcher])[] = [
  ['AKIA', accessKeyId],
  ['ASIA', accessKeyId],
  ['ABIA', accessKeyId],
  ['ACCA', accessKeyId],
  ['ABSK', bedrockKey],
  ['bedrock-api-key-', bedrockToken],
  ['da2-', appSyncKey],
]

/** Accounts whose keys are bait: nobody is told that they are there. As published by github.com/trufflesecurity/trufflehog. */
export const knownCanaryAccounts: readonly string[] = [
  '052310077262',
  '171436882533',
  '266735846894',
  '534261010715',
  '595918472158',
  '717712589309',
  '730335385048',
  '819147034852',
  '893192397702',
  '992382622183',
]

/** True for a string of the form of a secret access key: 40 characters of random base64, which a SHA-1 never is. */
export function isSecretAccessKey(token: string): boolean {
  // 200,000 random keys had no less than 4.11 bits, 200,000 hexadecimal hashes no more than 3.97.
  return token.length === 40 && isMixed(token) && entropy(token) >= 4.05 && !invented(token)
}

/** Offset of the first secret access key in a text, -1 where there is none. Linear: every character is looked at once. */
export function findSecretAccessKey(text: string): number {
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && base64.has(text.charCodeAt(i))) continue
    if (i - start === 40 && text.charCodeAt(i) !== 0x3d && isSecretAccessKey(text.slice(start, i))) return start
    start = i + 1
  }
  return -1
}

/** True for the beginnings that session tokens of STS have. */
export function isSessionToken(token: string): boolean {
  return token.length >= 100 && /^(?:IQoJb3JpZ2luX2Vj|FwoGZXIvYXdz|FQoGZXIvYXdz|FQoDYXdz)[A-Za-z0-9+/]+=*$/.test(token)
}

// Base64 with letters of both cases.
function isMixed(token: string): boolean {
  let [upper, lower] = [false, false]
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i)
    if (!base64.has(code)) return false
    if (code >= 0x61) lower = true
    else if (code >= 0x41) upper = true
  }
  return upper && lower
}

function accessKeyId(text: string, at: number): Match | undefined {
  if (!bounded(text, at, at + 20, alphanumeric)) return undefined
  for (let i = at + 4; i < at + 20; i++) if (!isUpperOrDigit(text.charCodeAt(i))) return undefined
  if (invented(text, at, at + 20)) return undefined
  // Eleven of twenty characters that differ make 2.66 bits, whatever the others are.
  if (leastVariety(text, at, at + 20) < 11 && entropy(text, at, at + 20) < 2.6) return undefined
  if (isSigner(text, at)) return { detector: 'aws-presigned-url', cloud: 'AWS', level: 'possible' }
  const bits = base32(text, at + 4)
  if (bits === undefined) return { detector: 'aws-malformed-key-id', cloud: 'AWS', level: 'possible' }
  // Ids of the older kind carry no account, and half of the words that look like an id look like one of them.
  const fresh = bits >= 2 ** 47
  const match = verdicts[fresh ? 'fresh' : 'old'].get(text.charCodeAt(at + 1))
  if (!fresh || !match) return match
  const account = String(Math.floor((bits - 2 ** 47) / 128)).padStart(12, '0')
  const { detector, cloud, level, half } = match
  return half ? { detector, cloud, level, account, half } : { detector, cloud, level, account }
}

function isUpperOrDigit(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39)
}

// A presigned URL names the key that signed it with the day of the signature, and expires within a week.
function isSigner(text: string, at: number): boolean {
  const quoting = text.charCodeAt(at - 1)
  if (quoting !== 0x3d && quoting !== 0x44) return false
  scopeDay.lastIndex = at + 20
  return /Credential(?:=|%3D)$/.test(text.slice(Math.max(0, at - 13), at)) && scopeDay.test(text)
}

const scopeDay = /(?:\\?\/|%2F)\d{8}/iy

const verdicts = { fresh: verdictsOn(true), old: verdictsOn(false) }

// By the second letter of the prefix.
function verdictsOn(fresh: boolean): ReadonlyMap<number, Match> {
  const verdicts: readonly (readonly [string, Match])[] = [
    ['AKIA', { detector: 'aws-access-key', cloud: 'AWS', level: 'likely', half: { of: 'aws', fresh } }],
    ['ASIA', { detector: 'aws-temporary-key', cloud: 'AWS', level: 'possible' }],
    ['ABIA', { detector: 'aws-service-token', cloud: 'AWS', level: 'possible' }],
    ['ACCA', { detector: 'aws-service-token', cloud: 'AWS', level: 'possible' }],
  ]
  return new Map(verdicts.map(([prefix, verdict]) => [prefix.charCodeAt(1), verdict]))
}

// First 48 bits behind the prefix: one for the kind of id, 40 for the account (as found by WithSecure and trufflehog).
function base32(text: string, at: number): number | undefined {
  let bits = 0
  for (let i = at; i < at + 16; i++) {
    const code = text.charCodeAt(i)
    const value = code >= 0x41 ? code - 0x41 : code - 0x32 + 26
    if (value < 0 || value > 31 || (code < 0x41 && value < 26)) return undefined
    if (i < at + 10) bits = bits * 32 + value
  }
  return Math.floor(bits / 4)
}

const bedrock = /ABSKQmVkcm9ja0FQSUtleS[A-Za-z0-9+/]{91,251}={0,2}/y

// The body decodes to "BedrockAPIKey-…".
function bedrockKey(text: string, at: number): Match | undefined {
  bedrock.lastIndex = at
  if (!begins(text, at, base64) || !bedrock.test(text) || !bounded(text, at, bedrock.lastIndex, base64))
    return undefined
  if (invented(text.slice(at, bedrock.lastIndex))) return undefined
  return { detector: 'aws-bedrock-key', cloud: 'AWS', level: 'certain' }
}

function bedrockToken(text: string, at: number): Match | undefined {
  if (!text.startsWith('YmVkcm9jay5hbWF6b25hd3MuY29t', at + 16)) return undefined
  return { detector: 'aws-bedrock-token', cloud: 'AWS', level: 'possible' }
}

const appSync = /da2-[a-z0-9]{26}/y

// The key of one API, not of an account.
function appSyncKey(text: string, at: number): Match | undefined {
  appSync.lastIndex = at
  if (!begins(text, at, anyBase64) || !appSync.test(text) || !bounded(text, at, at + 30, anyBase64)) return undefined
  const key = text.slice(at, at + 30)
  if (entropy(key) < 3.2 || invented(key) || !/\d/.test(key.slice(4))) return undefined
  return { detector: 'aws-appsync-key', cloud: 'AWS', level: 'possible' }
}
