import { commonAnnotatedKey } from './azure-annotated-key.ts'
import { anyBase64, bounded, invented } from './characters.ts'
import { decodeBase64 } from './decode.ts'
import { refreshToken } from './entra-refresh-token.ts'
import { clientSecret } from './entra-secret.ts'
import type { Matcher } from './hit.ts'
import { marvin, marvinBytes } from './marvin.ts'

/**
 * Matchers of the key formats that Azure makes verifiable, by the signature inside the key. Shapes and checksum seeds:
 * github.com/microsoft/security-utilities, IdentifiableMetadata.cs. A valid checksum is certainty; a key of the right
 * shape whose checksum fails may have been altered for publication, and is only possible.
 */
export function azureKeyMatchers(): readonly (readonly [sentinel: string, matcher: Matcher])[] {
  return [
    ...families.map((family) => [family.signature, identifiable(family)] as const),
    ['JQQJ9', commonAnnotatedKey],
    ['7Q~', clientSecret],
    ['8Q~', clientSecret],
    ['0.A', refreshToken],
    ['1.A', refreshToken],
  ]
}

/** True for the two keys that Microsoft publishes for its emulators (Azurite and Cosmos DB); both are 64 bytes. */
export function isEmulatorKey(key: string): boolean {
  const bytes = decodeBase64(key)
  if (bytes?.length !== 64) return false
  const second = emulatorDigests.get(digest(bytes, 'Emulator'))
  return second !== undefined && digest(bytes, 'PublicK0') === second
}

interface Shape {
  readonly before: number
  readonly alphabet: string
  /** What follows the signature. */
  readonly tail: string
  readonly tailLength: number
}

interface Family {
  readonly detector: string
  readonly signature: string
  readonly shape: Shape
  readonly seeds: readonly string[]
}

const standard = '[A-Za-z0-9+/]'
const bytes64: Shape = { before: 76, alphabet: standard, tail: `${standard}{5}[AQgw]==`, tailLength: 8 }
const bytes32: Shape = { before: 33, alphabet: standard, tail: `[A-P]${standard}{5}=`, tailLength: 7 }
const bytes39: Shape = { before: 42, alphabet: standard, tail: `[A-D]${standard}{5}`, tailLength: 6 }
const search: Shape = { before: 42, alphabet: '[A-Za-z0-9]', tail: '[A-D][A-Za-z0-9]{5}', tailLength: 6 }
const urlSafe: Shape = {
  before: 44,
  alphabet: '[A-Za-z0-9_-]',
  tail: '[A-Za-z0-9_-]{5}[AQgw]==',
  tailLength: 8,
}
const messaging = ['Send0000', 'Manage00', 'Listen00', 'System00', 'Unknown0']

const families: readonly Family[] = [
  { detector: 'azure-storage-key', signature: '+ASt', shape: bytes64, seeds: ['Default0'] },
  {
    detector: 'azure-cosmos-key',
    signature: 'ACDb',
    shape: bytes64,
    seeds: ['MastRW00', 'MastRO00', 'SystRW00', 'SystRO00', 'SysAll00', 'Resour00', 'Encryp00'],
  },
  { detector: 'azure-batch-key', signature: '+ABa', shape: bytes64, seeds: ['AbAcct00'] },
  { detector: 'azure-ml-key', signature: '+AMC', shape: bytes64, seeds: ['Classic0'] },
  {
    detector: 'azure-api-management-key',
    signature: 'APIM',
    shape: bytes64,
    seeds: ['Tenant00', 'IoTHub00', 'Gatewy00', 'GitKey00'],
  },
  { detector: 'azure-service-bus-key', signature: '+ASb', shape: bytes32, seeds: messaging },
  { detector: 'azure-event-hub-key', signature: '+AEh', shape: bytes32, seeds: messaging },
  { detector: 'azure-relay-key', signature: '+ARm', shape: bytes32, seeds: messaging },
  { detector: 'azure-redis-key', signature: 'AzCa', shape: bytes32, seeds: ['Access00'] },
  { detector: 'azure-iot-key', signature: 'AIoT', shape: bytes32, seeds: ['IoTHub00', 'DpsKey00', 'Device00'] },
  { detector: 'azure-event-grid-key', signature: 'AZEG', shape: bytes32, seeds: ['SendRecv'] },
  { detector: 'azure-container-registry-key', signature: '+ACR', shape: bytes39, seeds: ['ACRDflt0'] },
  { detector: 'azure-functions-key', signature: 'AzFu', shape: urlSafe, seeds: ['Functi00', 'Master00', 'System00'] },
  { detector: 'azure-search-key', signature: 'AzSe', shape: search, seeds: ['Query000', 'PAdmin00'] },
]

// Two independently seeded 64-bit hashes of each key, so that the keys themselves need not be written down here.
const emulatorDigests: ReadonlyMap<string, string> = new Map([
  ['65fc566b-a48cc1a', '4aae0e49-de4e9283'],
  ['95c2f478-10a59970', 'e1145cf7-750ce713'],
])

function digest(bytes: string, seed: string): string {
  const [low, high] = marvin(bytes, seed)
  return `${low.toString(16)}-${high.toString(16)}`
}

function identifiable({ detector, signature, shape, seeds }: Family): Matcher {
  const length = shape.before + signature.length + shape.tailLength
  const pattern = new RegExp(`${shape.alphabet}{${shape.before}}${signature.replace('+', '\\+')}${shape.tail}`, 'y')
  const padded = shape.tail.endsWith('=')
  return (text, at) => {
    const start = at - shape.before
    // The cheap tests come first: they alone answer for a text made of signatures only.
    if (padded && text.charCodeAt(start + length - 1) !== 0x3d) return undefined
    if (!bounded(text, start, start + length, anyBase64)) return undefined
    pattern.lastIndex = start
    if (!pattern.test(text)) return undefined
    if (invented(text, start, start + length)) return undefined
    return {
      detector,
      cloud: 'Azure',
      level: checked(text.slice(start, start + length), seeds) ? 'certain' : 'possible',
    }
  }
}

// The last four bytes are the checksum of the rest.
function checked(key: string, seeds: readonly string[]): boolean {
  const bytes = decodeBase64(key.replaceAll('-', '+').replaceAll('_', '/'))
  if (bytes === undefined) return false
  const body = bytes.slice(0, -4)
  return seeds.some((seed) => {
    const sum = marvinBytes(body, seed)
    // Redis keys avoid + and / by letters put in afterwards.
    return (
      bytes.endsWith(sum) ||
      (seed === 'Access00' &&
        btoa(body + sum)
          .replaceAll('+', 'P')
          .replaceAll('/', 'F') === key)
    )
  })
}
