import { claimsOf } from './claims.ts'
import { unknown } from './inventory.ts'
import type { Bound } from './limit-range-bounds.ts'
import type { Refusal } from './limit-range-verdict.ts'
import { brief } from './names.ts'
import type { KindName } from './objects.ts'
import { pointer } from './pointer.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { compareQuantities, formatQuantity } from './quantities.ts'
import { typedValues, valueOf } from './resource-values.ts'
import { memberOf } from './shape.ts'

/**
 * The claims that an object makes, such as those of a StatefulSet, and that LimitRanger refuses when their controller
 * makes them (PersistentVolumeClaimValidateLimitFunc). A claim itself the API server judges.
 */
export function* refusedClaims(
  kind: KindName,
  object: object,
  bounds: readonly Bound[],
  most: number,
): Generator<Refusal | Unresolved, void, undefined> {
  const own = bounds.filter(({ type, field }) => type === 'PersistentVolumeClaim' && field !== 'maxLimitRequestRatio')
  const claims = own.length > 0 && kind !== 'PersistentVolumeClaim' ? claimsOf(kind, object) : []
  if (claims.length * own.length > most) {
    yield unresolved('LimitRange')
    return
  }
  for (const { claim, path, name } of claims) {
    const requests = typedValues(memberOf(memberOf(memberOf(claim, 'spec'), 'resources'), 'requests'))
    for (const { range, field, resource, amount, path: rangePath } of own) {
      const asked = valueOf(requests, resource)?.quantity
      if (asked === unknown || amount === unknown) yield unresolved('value')
      if (asked === unknown || amount === unknown || !asked) continue
      const order = compareQuantities(asked, amount)
      if (field === 'max' ? order <= 0 : order >= 0) continue
      const bound = field === 'max' ? 'or less' : 'or more'
      yield {
        reason: 'claim-range',
        path: path + pointer('spec', 'resources', 'requests', resource),
        seen: `claim ${brief(name)} requests ${formatQuantity(asked)} of ${brief(resource)}`,
        range,
        rangePath,
        ruling: `${field === 'max' ? 'allows at most' : 'asks for at least'} ${formatQuantity(amount)}`,
        fix: `request ${formatQuantity(amount)} ${bound}`,
      }
    }
  }
}
