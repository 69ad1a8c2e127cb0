import { isEmulatorKey } from './azure-keys.ts'
import { entropy, invented } from './characters.ts'
import type { Match } from './hit.ts'

/** The connection strings or the signed URL of a stretch of text, and where it ends: all up to there is judged. */
export interface Found {
  readonly matches: readonly Match[]
  readonly end: number
}

/**
 * Judges the connection strings around `at`, up to a quote or the end of the line: `;`-separated pairs, in any order and
 * case. A blank without a `;` beside it ends one, and so does a name that it has already. Formats: learn.microsoft.com/azure (storage, Service Bus, IoT Hub, Cosmos DB, App Configuration).
 */
export function connectionString(text: string, at: number, from: number): Found {
  keyValue.lastIndex = at
  if (!keyValue.test(text)) return { matches: [], end: at }
  const start = beginning(text, at, from, false)
  const end = ending(text, at, false)
  const stretches = text.slice(start, end).split(between)
  return { matches: stretches.flatMap((stretch) => stringsOf(stretch).flatMap((pairs) => judge(pairs) ?? [])), end }
}

/** Judges the shared access signature around `at`: a query string with its version, permissions and signature. */
export function accessSignature(text: string, at: number, from: number): Found {
  signatureValue.lastIndex = at
  if (!signatureValue.test(text)) return { matches: [], end: at }
  const start = beginning(text, at, from, true)
  const end = ending(text, at, true)
  const fields = new Map<string, string>()
  for (const pair of text.slice(start, end).split(/[?&;,]|amp;|\\u0026/)) {
    const [, name, value] = /(?:^|[= ])(sv|se|si|sr|sig)=(.*)$/s.exec(pair) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, value)
  }
  const signature = fields.get('sig') ?? ''
  const storage = /^\d{4}-\d\d-\d\d$/.test(fields.get('sv') ?? '') && (fields.has('se') || fields.has('si'))
  const messaging = fields.has('sr') && fields.has('se')
  const signed = /^[A-Za-z0-9%+/=]{40,}$/.test(signature) && entropy(signature) >= 3.5 && !invented(signature)
  // A signature expires; how soon, only a clock could tell.
  const match: Match = { detector: 'azure-access-signature', cloud: 'Azure', level: 'possible' }
  return { matches: signed && (storage || messaging) ? [match] : [], end }
}

function judge(pairs: ReadonlyMap<string, string>): Match | undefined {
  if (pairs.get('usedevelopmentemulator') === 'true' || pairs.get('accountname') === 'devstoreaccount1')
    return undefined
  const key = pairs.get('accountkey') ?? pairs.get('sharedaccesskey') ?? pairs.get('secret') ?? ''
  if (invented(key) || entropy(key) < 3.5 || isEmulatorKey(key)) return undefined
  const verdict = service(pairs, key)
  return verdict && { detector: verdict[0], cloud: 'Azure', level: verdict[1] ? 'certain' : 'possible' }
}

function service(
  pairs: ReadonlyMap<string, string>,
  key: string,
): readonly [detector: string, azure: boolean] | undefined {
  const endpoint = pairs.get('endpoint') ?? pairs.get('hostname') ?? ''
  if (pairs.has('accountendpoint') && key64.test(key)) {
    return ['azure-cosmos-connection-string', cosmosHost.test(pairs.get('accountendpoint') ?? '')]
  }
  if (pairs.has('accountname') && key64.test(key)) return ['azure-storage-connection-string', storageHosted(pairs)]
  if (serviceBusHost.test(endpoint) && key32.test(key)) return ['azure-service-bus-connection-string', true]
  if (iotHost.test(endpoint) && key32.test(key)) return ['azure-iot-connection-string', true]
  if (configurationHost.test(endpoint) && pairs.has('id') && /^[A-Za-z0-9+/]{43,}={0,2}$/.test(key)) {
    return ['azure-app-configuration-connection-string', true]
  }
  return undefined
}

// Without an endpoint the SDK builds one in the public cloud.
function storageHosted(pairs: ReadonlyMap<string, string>): boolean {
  const suffix = pairs.get('endpointsuffix')
  if (suffix !== undefined) return storageSuffix.test(suffix)
  const endpoints = ['blobendpoint', 'queueendpoint', 'tableendpoint', 'fileendpoint'].flatMap(
    (name) => pairs.get(name) ?? [],
  )
  return endpoints.every((url) => storageSuffix.test(url.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')))
}

// What must follow a sentinel before its surroundings are worth reading.
const keyValue = /[;A-Za-z]+=[A-Za-z0-9+/]{43}/y
const signatureValue = /sig=[A-Za-z0-9%+/=]{40}/y
const key64 = /^[A-Za-z0-9+/]{86}==$/
const key32 = /^[A-Za-z0-9+/]{43}=$/
const storageSuffix = /(?:^|\.)core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn|cloudapi\.de)$/
const cosmosHost = /\.documents\.azure\.(?:com|us|cn)(?::\d+)?\/?$/
const serviceBusHost = /\.servicebus\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn|cloudapi\.de)\/?$/
const iotHost = /\.azure-devices\.(?:net|us|cn)$/
const configurationHost = /\.azconfig(?:\.azure)?\.(?:io|us|cn)\/?$/

const between = /(?<![;\s])[ \t]+(?![;\s])/
const connectionPair =
  /(?<![A-Za-z])(AccountEndpoint|AccountKey|AccountName|(?:Blob|Queue|Table|File)Endpoint|EndpointSuffix|Endpoint|HostName|Id|Secret|SharedAccessKey|UseDevelopmentEmulator)=([^\s;,<>|\\`)\]}]*)/gi

// What stands before a pair, such as `CONNECTION=`, belongs to the file around it.
function stringsOf(text: string): readonly ReadonlyMap<string, string>[] {
  let pairs = new Map<string, string>()
  const found = [pairs]
  for (const [, name = '', value = ''] of text.matchAll(connectionPair)) {
    const key = name.toLowerCase()
    if (pairs.has(key)) found.push((pairs = new Map<string, string>()))
    pairs.set(key, value)
  }
  return found
}

// Backwards only as far as the search has come, so that no character is looked at twice.
function beginning(text: string, at: number, from: number, spaces: boolean): number {
  let start = at
  while (start > from && !ends(text.charCodeAt(start - 1), spaces)) start--
  return start
}

function ending(text: string, at: number, spaces: boolean): number {
  let end = at
  while (end < text.length && !ends(text.charCodeAt(end), spaces)) end++
  return end
}

// Quotes and line ends; blanks and angle brackets too where a URL is looked for.
function ends(code: number, spaces: boolean): boolean {
  return (
    code === 0x22 ||
    code === 0x27 ||
    code === 0x0a ||
    code === 0x0d ||
    (spaces && (code === 0x20 || code === 0x09 || code === 0x3c || code === 0x3e))
  )
}
