import type { KindName } from './objects.ts'
import { parseQuantity, compareQuantities, isWhole, type Quantity } from './quantities.ts'
import { pathOf, quantitiesOf, type QuantityPlace, type QuantityUse } from './quantity-places.ts'

/** What is wrong with a quantity that the API server accepts. `huge-cpu` may or may not fit on a node. */
export type Slip =
  'fractional-bytes' | 'rounded-bytes' | 'tiny-memory' | 'tiny-request' | 'storage-bytes' | 'huge-memory' | 'huge-cpu'

const mebi = 2n ** 20n * 1_000_000_000n
const tebi = 2n ** 40n * 1_000_000_000n
// The API server stores 1000 as 1k: nobody types that, but a webhook and an audit see it.
const wholeCores = /^\s*\+?\d+(\.0*|k)?\s*$/
// M for m: nobody counts cores by the million.
const bigCores = /^\d+(?:[MGTPE]|[KMGTPE]i)$/
const leastHugeCpu = 100n * 1_000_000_000n

/** The slip of the unit that a quantity shows, if any. */
export function slipOf({ resource, use, value }: QuantityPlace, quantity: Quantity): Slip | undefined {
  const { nano } = quantity
  if (nano <= 0n || use === 'ratio' || use === 'metric') return undefined
  if (resource === 'cpu') return isHugeCpu(use, value, quantity) ? 'huge-cpu' : undefined
  if (!isBytes(resource)) return undefined
  if (!isWhole(quantity)) return nano < mebi ? 'fractional-bytes' : 'rounded-bytes'
  if (use === 'least') return undefined
  if (nano < mebi && use === 'claim') return 'storage-bytes'
  if (resource !== 'memory') return undefined
  if (nano < mebi) return use === 'limit' || use === 'most' ? 'tiny-memory' : 'tiny-request'
  return nano >= tebi && (use === 'limit' || use === 'request') ? 'huge-memory' : undefined
}

/** JSON pointers to the quantities of an object that mean another amount than their author did: nothing follows from them. */
export function slippedPaths(kind: KindName, object: object): ReadonlySet<string> {
  const slipped = quantitiesOf(kind, object).filter((place) => {
    const quantity = parseQuantity(place.value)
    if (!quantity) return false
    const slip = slipOf(place, quantity)
    return slip !== undefined && isCertain(slip, quantity)
  })
  return new Set(slipped.map(pathOf))
}

/** The request beside a limit, that a limit put right must not be below; undefined where it slipped just so itself. */
export function requestBeside(place: QuantityPlace, slip: Slip): Quantity | undefined {
  const { use, counterpart } = place
  const request = use === 'limit' && counterpart !== undefined ? parseQuantity(counterpart) : undefined
  if (!request) return undefined
  const itself = slipOf({ ...place, use: 'request', value: counterpart }, request)
  return itself === slip || (slip === 'tiny-memory' && itself === 'tiny-request') ? undefined : request
}

/** True if the value counts for the scheduler: a request, or a limit that becomes one. */
export function reserves({ use, counterpart }: QuantityPlace, quantity: Quantity): boolean {
  if (use === 'request') return true
  if (use !== 'limit') return false
  const request = counterpart === undefined ? undefined : parseQuantity(counterpart)
  return counterpart === undefined || (request !== undefined && compareQuantities(request, quantity) === 0)
}

/** True for a request of 512M under a limit of 512Mi: one of the two was meant. */
export function mixesUnits({ use, resource, value, counterpart }: QuantityPlace): boolean {
  if (use !== 'request' || !isBytes(resource) || typeof value !== 'string' || typeof counterpart !== 'string')
    return false
  // The cheap question first: hardly any pair passes it.
  return (
    value.length + 1 === counterpart.length &&
    /^\d+[kMGTPE]$/.test(value) &&
    counterpart === `${value.replace('k', 'K')}i`
  )
}

/** The limit that a request exceeds, where the API server refuses that. */
export function exceededLimit({ use, counterpart }: QuantityPlace, quantity: Quantity): Quantity | undefined {
  const limit = use === 'request' && counterpart !== undefined ? parseQuantity(counterpart) : undefined
  return limit && compareQuantities(quantity, limit) > 0 ? limit : undefined
}

/** A quantity in plain words: `0.128 bytes`, `2048 GiB`, `500 cores`. */
export function inWords(resource: string, { nano }: Quantity): string {
  if (!isBytes(resource)) return `${inDecimal(nano)} cores`
  return nano >= tebi ? `${inDecimal(nano / 2n ** 30n)} GiB` : `${inDecimal(nano)} bytes`
}

function inDecimal(nano: bigint): string {
  const fraction = (nano % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${nano / 1_000_000_000n}${fraction && `.${fraction}`}`
}

// A terabyte and a hundred cores may be meant; what no machine has is not. What is rounded to a whole byte is meant.
function isCertain(slip: Slip, { nano }: Quantity): boolean {
  if (slip === 'huge-memory') return nano >= 64n * tebi
  if (slip === 'huge-cpu') return nano >= 4096n * 1_000_000_000n
  return slip !== 'rounded-bytes'
}

// How many cores a team or a node may have is for the platform to say; a container that wants 100 mostly means millicores.
function isHugeCpu(use: QuantityUse, value: unknown, quantity: Quantity): boolean {
  if (use !== 'request' && use !== 'limit' && use !== 'target') return false
  if (quantity.nano < leastHugeCpu) return false
  const suffixed = typeof value === 'string' && !wholeCores.test(value) && !bigCores.test(value)
  return !suffixed && isWhole(quantity)
}

function isBytes(resource: string): boolean {
  return (
    resource === 'memory' ||
    resource === 'storage' ||
    resource === 'ephemeral-storage' ||
    resource.startsWith('hugepages-')
  )
}
