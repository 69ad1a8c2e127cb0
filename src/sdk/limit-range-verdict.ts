import type { Bound } from './limit-range-bounds.ts'
import type { Span } from './limit-range-spans.ts'
import { brief } from './names.ts'
import type { Kinds } from './objects.ts'
import { formatQuantity, milli, type Quantity } from './quantities.ts'

/** Why the pods, or the claims, of an object will be refused although the object itself is accepted. */
export interface Refusal {
  readonly reason: 'default-limit-below-request' | 'range' | 'pod-level-conflict' | 'claim-range'
  /** JSON pointer in the object. */
  readonly path: string
  /** What the object says, in words: `container web requests 2Gi of memory`. */
  readonly seen: string
  readonly range: Kinds['LimitRange']
  /** JSON pointer in the LimitRange. */
  readonly rangePath: string
  /** What the LimitRange makes of it, in words that follow its name: `allows at most 1Gi`. */
  readonly ruling: string
  /** What to type in the object instead. */
  readonly fix: string
}

/** What a bound refuses, in words that follow who has it: `has a memory limit of 2Gi`. */
export interface Verdict {
  readonly field: 'requests' | 'limits'
  readonly seen: string
  readonly ruling: string
  readonly fix: string
}

/**
 * What one bound of a LimitRange says of a request and a limit, as minConstraint, maxConstraint and
 * limitRequestRatioConstraint do; undefined where it may let them pass. They compare thousandths, rounded up.
 */
export function verdictOf(
  { field, resource }: Bound,
  amount: Quantity,
  request: Span | undefined,
  limit: Span | undefined,
): Verdict | undefined {
  const key = brief(resource)
  const bound = formatQuantity(amount)
  if (field === 'min') {
    const rule = { ruling: `asks for at least ${bound}` }
    if (!request || milli(request.most) < milli(amount))
      return { field: 'requests', seen: asks(key, request), ...rule, fix: `set requests.${key} to ${bound} or more` }
    if (limit && milli(limit.most) < milli(amount))
      return { field: 'limits', seen: may(key, limit), ...rule, fix: `set limits.${key} to ${bound} or more` }
    return undefined
  }
  if (field === 'max') {
    const rule = { ruling: `allows at most ${bound}` }
    if (!limit || milli(limit.least) > milli(amount))
      return { field: 'limits', seen: may(key, limit), ...rule, fix: `set limits.${key} to ${bound} or less` }
    if (request && milli(request.least) > milli(amount))
      return { field: 'requests', seen: asks(key, request), ...rule, fix: `set requests.${key} to ${bound} or less` }
    return undefined
  }
  const rule = { ruling: `allows a limit of ${bound} times the request` }
  if (!request || milli(request.most) === 0n)
    return { field: 'requests', seen: asks(key, request), ...rule, fix: `set requests.${key} above 0` }
  if (!limit || milli(limit.most) === 0n)
    return { field: 'limits', seen: may(key, limit), ...rule, fix: `set limits.${key} above 0` }
  // In floating point, as it is done there.
  const ratio = (Number(milli(limit.least)) / Number(milli(request.most))) * 1000
  if (ratio <= Number(milli(amount))) return undefined
  const seen = `may use ${formatQuantity(limit.least)} of ${key} and requests ${formatQuantity(request.most)}`
  return { field: 'limits', seen, ...rule, fix: `raise requests.${key} or lower limits.${key}` }
}

function asks(key: string, request: Span | undefined): string {
  return request ? `requests ${formatQuantity(request.most)} of ${key}${byDefault(request)}` : `requests no ${key}`
}

function may(key: string, limit: Span | undefined): string {
  return limit ? `has a ${key} limit of ${formatQuantity(limit.least)}${byDefault(limit)}` : `has no ${key} limit`
}

function byDefault({ origin }: Span): string {
  return origin === 'limitRange' ? ' by default' : ''
}
