import type { EffectiveResources } from './effective-resources.ts'
import { unknown, type Unknown } from './inventory.ts'
import { pointer } from './pointer.ts'
import { parseQuantity, roundUpTo, zeroQuantity, type Quantity } from './quantities.ts'
import type { ResourcesUnderReview } from './required-resources.ts'
import { isPositive, valueOf } from './resource-values.ts'

/** A limit that is more times its request than is allowed. */
export interface Overcommitment {
  /** Who has both: `container web`, or `the pod`. */
  readonly holder: string
  /** JSON pointer of the limit. */
  readonly path: string
  /** JSON pointer of the request. */
  readonly requestPath: string
  readonly request: Quantity
  readonly limit: Quantity
  /** Limit through request, rounded up to hundredths: what exceeds a bound is never shown as equal to it. */
  readonly ratio: number
  /** The least request that keeps the bound, in round figures. */
  readonly enough: Quantity
}

/**
 * The limits that are more than `most` times their requests: that of the pod as a whole where it has both, else those of
 * its containers. A container that says nothing itself is left out: both of its values are a LimitRange's. Unknown for
 * values that nobody can read.
 */
export function* overcommitments(
  { resources, path }: ResourcesUnderReview,
  resource: 'cpu' | 'memory',
  most: number,
): Generator<Overcommitment | Unknown, void, undefined> {
  const { pod } = resources
  const whole = valueOf(pod.requests, resource) && valueOf(pod.limits, resource)
  // A container is told by its name, of which the pod has none here.
  const holders: readonly Holder[] = whole
    ? [{ path, requests: pod.requests, limits: pod.limits }]
    : resources.containers
  for (const { name, path, requests, limits } of holders) {
    const request = valueOf(requests, resource)
    if (!request || request.origin === 'limit') continue
    const limit = valueOf(limits, resource)
    if (!limit) continue
    if (request.origin === 'limitRange' && limit.origin === 'limitRange') continue
    if (request.quantity === unknown || limit.quantity === unknown) yield unknown
    else if (isPositive(request)) {
      const [asked, allowed] = [request.quantity, limit.quantity]
      // Hundred-thousandths, so that a bound with a fraction is compared exactly.
      if (allowed.nano * fine <= asked.nano * BigInt(Math.round(most * Number(fine)))) continue
      yield {
        holder: name === undefined ? 'the pod' : `container ${name}`,
        path: path + pointer('resources', 'limits', resource),
        requestPath: path + pointer('resources', 'requests', resource),
        request: asked,
        limit: allowed,
        ratio: Number((allowed.nano * 100n + asked.nano - 1n) / asked.nano) / 100,
        enough: enough(allowed, resource, most),
      }
    }
  }
}

interface Holder extends Pick<EffectiveResources['pod'], 'requests' | 'limits'> {
  readonly path: string
  readonly name?: string
}

const fine = 100_000n
const steps = { cpu: parseQuantity('1m') ?? zeroQuantity, memory: parseQuantity('1Mi') ?? zeroQuantity }

function enough(limit: Quantity, resource: 'cpu' | 'memory', most: number): Quantity {
  const bound = BigInt(Math.max(1, Math.round(most * Number(fine))))
  return roundUpTo({ ...limit, nano: (limit.nano * fine + bound - 1n) / bound }, steps[resource])
}
