import { entraChecksum } from './entra-secret.ts'
import { marvinBytes } from './marvin.ts'

/** The names by which examples ask for a made-up credential. */
export type SampleName = keyof typeof makers

/**
 * Replaces `{{sample.<name>}}`, and `{{sample.<name>|base64}}`, by a made-up credential of that form. Examples hold
 * these tokens instead of values, so that neither the catalogue nor its pages hold anything that looks like a
 * credential. The same seed gives the same values. Throws on an unknown name.
 */
export function expandSamples(text: string, seed = 1): string {
  return text.replaceAll(/\{\{sample\.([\w.]+)(\|base64)?\}\}/g, (_, name: string, encoded?: string) => {
    if (!Object.hasOwn(makers, name)) throw new Error(`no sample is called ${name}`)
    // Just checked to be one of the names.
    const value = sample(name as SampleName, seed)
    return encoded ? btoa(value) : value
  })
}

/** One made-up credential: well-formed, with valid checksums, and of no account anywhere. */
export function sample(name: SampleName, seed = 1): string {
  let state = 0
  for (const character of name) state = Math.imul(state, 31) + character.charCodeAt(0)
  return makers[name](generator(state ^ Math.imul(seed, 0x9e3779b1)))
}

/** Draws so many characters of an alphabet. */
type Draw = (alphabet: string, length: number) => string

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const letters = `${upper}${upper.toLowerCase()}`
const digits = '0123456789'
const base32 = `${upper}234567`
const base62 = `${letters}${digits}`
const base64 = `${base62}+/`
const base64url = `${base62}-_`
const hex = '0123456789abcdef'
const unreserved = `${base62}.-_~`

const makers = {
  // The fifth character of ids issued since 2019; the account that they carry is nobody's.
  'aws.keyId': (draw: Draw) => `AKIA${draw('QRSTUVWXYZ234567', 1)}${draw(base32, 15)}`,
  'aws.oldKeyId': (draw: Draw) => `AKIA${draw('ABCDEFGHIJKLMNOP', 1)}${draw(base32, 15)}`,
  'aws.temporaryKeyId': (draw: Draw) => `ASIA${draw('QRSTUVWXYZ234567', 1)}${draw(base32, 15)}`,
  'aws.secretKey': secretKey,
  'aws.sessionToken': (draw: Draw) => `IQoJb3JpZ2luX2Vj${draw(base64, 400)}`,
  'aws.credentialsFile': (draw: Draw) =>
    `[default]\naws_access_key_id = AKIAQ${draw(base32, 15)}\naws_secret_access_key = ${secretKey(draw)}\n`,
  'aws.bedrockKey': (draw: Draw) => `ABSKQmVkcm9ja0FQSUtleS1${draw(base62, 108)}=`,
  'aws.appSyncKey': (draw: Draw) => `da2-${draw('abcdefghijklmnopqrstuvwxyz234567', 25)}7`,
  'google.serviceAccountKey': serviceAccountKey,
  'google.userCredentials': (draw: Draw) =>
    JSON.stringify({
      type: 'authorized_user',
      client_id: `${draw(digits, 12)}-${draw(hex, 32)}.apps.googleusercontent.com`,
      client_secret: `GOCSPX-${draw(base64url, 28)}`,
      refresh_token: `1//0${draw(base64url, 99)}`,
    }),
  'google.federation': (draw: Draw) =>
    JSON.stringify({
      type: 'external_account',
      audience: `//iam.googleapis.com/projects/${draw(digits, 12)}/locations/global/workloadIdentityPools/pool/providers/cluster`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: '/var/run/secrets/tokens/gcp/token' },
    }),
  'google.hmacKeyId': (draw: Draw) => `GOOG1E${draw(`${upper}${digits}`, 55)}`,
  'google.apiKey': (draw: Draw) => `AIza${draw(base64url, 34)}${draw(base62, 1)}`,
  'google.oauthClientSecret': (draw: Draw) => `GOCSPX-${draw(base64url, 28)}`,
  'google.accessToken': (draw: Draw) => `ya29.${draw(base64url, 120)}`,
  'azure.clientId': guid,
  'azure.tenantId': guid,
  'azure.clientSecret': clientSecret,
  'azure.oldClientSecret': (draw: Draw) => `${draw(unreserved, 3)}7Q~${draw(unreserved, 31)}`,
  // Before 2021 secrets had no form of their own.
  'azure.shapelessClientSecret': (draw: Draw) => draw(`${base62}.-_`, 34),
  'azure.storageKey': (draw: Draw) => identifiableKey(draw, '+ASt', 64, 'Default0'),
  'azure.oldStorageKey': (draw: Draw) => `${draw(base64, 85)}${draw('AQgw', 1)}==`,
  'azure.serviceBusKey': (draw: Draw) => identifiableKey(draw, '+ASb', 32, 'Manage00'),
  'azure.registryKey': (draw: Draw) => identifiableKey(draw, '+ACR', 39, 'ACRDflt0'),
  'azure.storageConnectionString': (draw: Draw) =>
    `DefaultEndpointsProtocol=https;AccountName=example;AccountKey=${draw(base64, 85)}A==;EndpointSuffix=core.windows.net`,
  'azure.annotatedKey': annotatedKey,
  'azure.refreshToken': (draw: Draw) => `0.A${draw(base64url, 60)}.AgAB${draw(base64url, 600)}`,
  'azure.accessSignature': (draw: Draw) =>
    `sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2027-01-01T00:00:00Z&spr=https&sig=${draw(base62, 42)}%3D`,
  'alibaba.keyId': (draw: Draw) => `LTAI5t${draw(base62, 18)}`,
  'alibaba.secretKey': (draw: Draw) => `aB3${draw(base62, 27)}`,
  'oracle.configuration': (draw: Draw) =>
    `[DEFAULT]\nuser=ocid1.user.oc1..${draw('abcdefghijklmnopqrstuvwxyz234567', 60)}\nfingerprint=${Array.from({ length: 16 }, () => draw(hex, 2)).join(':')}\nkey=${privateKey(draw)}`,
  'tencent.secretId': (draw: Draw) => `AKID${draw(base62, 32)}`,
  'digitalocean.token': (draw: Draw) => `dop_v1_${draw(hex, 64)}`,
  'scaleway.keyId': (draw: Draw) => `SCW${draw(`${upper}${digits}`, 17)}`,
  'cloudflare.token': (draw: Draw) => `cfut_${draw(base62, 40)}${draw(hex, 8)}`,
  'terraform.token': (draw: Draw) => `${draw(base62, 14)}.atlasv1.${draw(base62, 67)}`,
  'cloudflare.originKey': (draw: Draw) => `v1.0-${draw(hex, 24)}-${draw(hex, 146)}`,
  'alibaba.temporaryKeyId': (draw: Draw) => `STS.${draw(base62, 25)}`,
  'ibm.apiKey': (draw: Draw) => draw(base64url, 44),
  'ibm.storageSecret': (draw: Draw) => draw(hex, 48),
  'linode.token': (draw: Draw) => draw(hex, 64),
  'hetzner.token': (draw: Draw) => draw(base62, 64),
  'vultr.key': (draw: Draw) => draw(`${upper}${digits}`, 36),
  'cloudflare.oldToken': (draw: Draw) => draw(base64url, 40),
  'cloudflare.key': (draw: Draw) => draw(hex, 37),
  'digitalocean.spacesKey': (draw: Draw) => `DO${draw(`${upper}${digits}`, 18)}`,
  'vault.token': (draw: Draw) => `hvs.${draw(base62, 95)}`,
  'kubernetes.clientKey': privateKey,
  // User and password of a registry, as `auth` holds them in base64.
  'registry.awsLogin': (draw: Draw) => `AWS:${draw(base64, 400)}`,
  'registry.googleTokenLogin': (draw: Draw) => `oauth2accesstoken:ya29.${draw(base64url, 120)}`,
  'registry.googleKeyLogin': (draw: Draw) => `_json_key:${serviceAccountKey(draw)}`,
  'registry.azureTokenLogin': (draw: Draw) => `00000000-0000-0000-0000-000000000000:${draw(base64url, 400)}`,
  'registry.azurePrincipalLogin': (draw: Draw) => `${guid(draw)}:${clientSecret(draw)}`,
  'registry.login': (draw: Draw) => `robot:${draw(base62, 40)}`,
  'registry.password': (draw: Draw) => draw(base62, 40),
} as const

function secretKey(draw: Draw): string {
  return `${draw(upper, 1)}${draw(base64, 38)}${draw(upper.toLowerCase(), 1)}`
}

function serviceAccountKey(draw: Draw): string {
  const key = privateKey(draw)
  const email = `app@${draw(upper.toLowerCase(), 12)}.iam.gserviceaccount.com`
  return JSON.stringify({
    type: 'service_account',
    project_id: 'project',
    private_key_id: draw(hex, 40),
    private_key: key,
    client_email: email,
    client_id: draw(digits, 21),
    token_uri: 'https://oauth2.googleapis.com/token',
  })
}

function privateKey(draw: Draw): string {
  const body = draw(base64, 1600).replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN ${'PRIVATE'} KEY-----\n${body}-----END ${'PRIVATE'} KEY-----\n`
}

function guid(draw: Draw): string {
  return [8, 4, 4, 4, 12].map((length) => draw(hex, length)).join('-')
}

function clientSecret(draw: Draw): string {
  const secret = `${draw(unreserved, 3)}8Q~${draw(unreserved, 31)}`
  return secret + entraChecksum(secret)
}

// Random bytes, then the signature where base64 shows it, then the checksum (github.com/microsoft/security-utilities).
function identifiableKey(draw: Draw, signature: string, length: number, seed: string): string {
  const signatureAt = Math.ceil((length * 8) / 6) - 6 - signature.length
  const head = draw(base64, signatureAt) + signature
  const bytes = atob(`${head}A`.padEnd(Math.ceil(head.length / 4) * 4 + 4, 'A')).slice(0, length - 4)
  return btoa(bytes + marvinBytes(bytes, seed))
}

function annotatedKey(draw: Draw): string {
  const head = `${draw(base62, 52)}JQQJ99BC${draw(base62, 16)}ACOG`
  const sum = btoa(marvinBytes(atob(head), 'Default0')).replaceAll(/[+/]/g, '')
  return sum.length < 8 ? annotatedKey(draw) : head + sum.slice(0, 4)
}

// mulberry32: deterministic, so that an example reads the same in every run.
function generator(seed: number): Draw {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return (alphabet, length) =>
    Array.from({ length }, () => alphabet.charAt(Math.floor(next() * alphabet.length))).join('')
}
