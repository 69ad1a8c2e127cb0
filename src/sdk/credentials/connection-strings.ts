import { isEmulatorKey } from './azure-keys.ts'
import { entropy, invented } from './characters.ts'
import type { Match } from './hit.ts'
import { WordTable } from './word-table.ts'

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
  return { matches: stringsBetween(text, start, end), end }
}

/** Judges the shared access signature around `at`: a query string with its version, permissions and signature. */
export function accessSignature(text: string, at: number, from: number): Found {
  signatureValue.lastIndex = at
  if (!signatureValue.test(text)) return { matches: [], end: at }
  const start = beginning(text, at, from, true)
  const end = ending(text, at, true)
  const fields = queryOf(text, start, end)
  const signature = fields.get('sig') ?? ''
  const storage = /^\d{4}-\d\d-\d\d$/.test(fields.get('sv') ?? '') && (fields.has('se') || fields.has('si'))
  const messaging = fields.has('sr') && fields.has('se')
  const signed = /^[A-Za-z0-9%+/=]{40,}$/.test(signature) && entropy(signature) >= 3.5 && !invented(signature)
  // A signature expires; how soon, only a clock could tell.
  const match: Match = { detector: 'azure-access-signature', cloud: 'Azure', level: 'possible' }
  return { matches: signed && (storage || messaging) ? [match] : [], end }
}

function judge(pairs: Pairs): Match | undefined {
  if (pairs.get('usedevelopmentemulator') === 'true' || pairs.get('accountname') === 'devstoreaccount1')
    return undefined
  const key = pairs.get('accountkey') ?? pairs.get('sharedaccesskey') ?? pairs.get('secret') ?? ''
  if (entropy(key) < 3.5 || invented(key)) return undefined
  const verdict = service(pairs, key)
  return verdict && !isEmulatorKey(key)
    ? { detector: verdict[0], cloud: 'Azure', level: verdict[1] ? 'certain' : 'possible' }
    : undefined
}

function service(pairs: Pairs, key: string): readonly [detector: string, azure: boolean] | undefined {
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
function storageHosted(pairs: Pairs): boolean {
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

/** The pairs of one string, by their names in lower case. */
class Pairs {
  #size = 0
  readonly #values: (string | undefined)[] = pairNames.map(() => undefined)

  get(name: string): string | undefined {
    return this.#values[pairNames.indexOf(name)]
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Takes a pair down, by the place of its name. */
  add(place: number, value: string): void {
    this.#size++
    this.#values[place] = value
  }

  holds(place: number): boolean {
    return this.#values[place] !== undefined
  }

  clear(): void {
    if (this.#size > 0) this.#values.fill(undefined)
    this.#size = 0
  }
}

// A string ends at a blank without a `;` beside it, and at a name that it has already. What stands before a pair, such as
// `CONNECTION=`, belongs to the file around it. One pass, and only what has a key is judged.
function stringsBetween(text: string, start: number, end: number): readonly Match[] {
  const matches: Match[] = []
  const pairs = new Pairs()
  let key = false
  const finish = () => {
    const match = key ? judge(pairs) : undefined
    if (match) matches.push(match)
    pairs.clear()
    key = false
  }
  for (let at = start, word = start; at < end;) {
    const code = text.charCodeAt(at)
    if (isLetter(code)) {
      at++
      continue
    }
    if (code === 0x20 || code === 0x09) {
      const first = at
      while (at < end && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) at++
      if (!joins(text, first - 1, start, end) && !joins(text, at, start, end)) finish()
    } else {
      const name = code === 0x3d && at > word ? places.get(text, word, at) : undefined
      at++
      if (name !== undefined) {
        const from = at
        while (at < end && !closes(text.charCodeAt(at))) at++
        if (pairs.holds(name)) finish()
        pairs.add(name, text.slice(from, at))
        key ||= at > from && keys.has(name)
      }
    }
    word = at
  }
  finish()
  return matches
}

function joins(text: string, at: number, start: number, end: number): boolean {
  return at >= start && at < end && /[;\s]/.test(text.charAt(at))
}

function isLetter(code: number): boolean {
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
}

const pairNames =
  'accountendpoint accountkey accountname blobendpoint queueendpoint tableendpoint fileendpoint endpointsuffix endpoint hostname id secret sharedaccesskey usedevelopmentemulator'.split(
    ' ',
  )
const places = new WordTable(pairNames.map((name, place) => [name, place] as const))
const keys = new Set(['accountkey', 'sharedaccesskey', 'secret'].map((name) => pairNames.indexOf(name)))

function closes(code: number): boolean {
  return code < 128 ? closing[code] === 1 : code >= 0xa0 && /\s/.test(String.fromCharCode(code))
}

const closing = new Uint8Array(128)
for (let code = 0; code < 128; code++) closing[code] = /[\s;,<>|\\`)\]}]/.test(String.fromCharCode(code)) ? 1 : 0

// Of each pair the first of these names, at its beginning or behind another `=`; the last pair of a name counts.
function queryOf(text: string, from: number, to: number): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (let at = from, name = ''; at <= to; at++) {
    // At the beginning of a pair, or behind its `=`.
    name = text.charCodeAt(at) === 0x73 ? (parameters.find((parameter) => text.startsWith(parameter, at)) ?? '') : ''
    if (at + name.length > to) name = ''
    let end = at
    while (end < to && !separates(text, end) && (name !== '' || text.charCodeAt(end) !== 0x3d)) end++
    if (name !== '') {
      const value = text.slice(at + name.length, end)
      const escaped = text.charCodeAt(end) === 0x3b && end < to && value.endsWith('amp')
      fields.set(name.slice(0, -1), escaped ? value.slice(0, -3) : value)
    }
    at = text.startsWith('\\u0026', end) ? end + 5 : end
  }
  return fields
}

const parameters = ['sv=', 'se=', 'si=', 'sr=', 'sig=']

function separates(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (code === 0x5c) return text.startsWith('\\u0026', at)
  return code === 0x3f || code === 0x26 || code === 0x3b || code === 0x2c
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
