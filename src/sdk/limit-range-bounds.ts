import { unknown, type Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { pointer } from './pointer.ts'
import { parseQuantity, type Quantity } from './quantities.ts'
import { listOf, memberOf, recordOf } from './shape.ts'
import { isVariable } from './variables.ts'

type LimitRange = Kinds['LimitRange']

/** One value that a LimitRange demands of what it judges. */
export interface Bound {
  readonly range: LimitRange
  readonly type: 'Container' | 'Pod' | 'PersistentVolumeClaim'
  readonly field: 'min' | 'max' | 'maxLimitRequestRatio'
  readonly resource: string
  /** Unknown for a `${VARIABLE}` and for what is no quantity. */
  readonly amount: Quantity | Unknown
  /** JSON pointer in the LimitRange. */
  readonly path: string
}

/** All that a LimitRange demands, in its own order. */
export function boundsOf(range: LimitRange): readonly Bound[] {
  const known = read.get(range)
  if (known) return known
  const bounds: Bound[] = []
  for (const [index, item] of listOf(memberOf(range.spec, 'limits')).entries()) {
    const type = types.find((each) => each === memberOf(item, 'type'))
    if (!type) continue
    for (const field of fields) {
      for (const [resource, value] of Object.entries(recordOf(memberOf(item, field)) ?? {})) {
        const amount = isVariable(value) ? unknown : (parseQuantity(value) ?? unknown)
        bounds.push({ range, type, field, resource, amount, path: pointer('spec', 'limits', index, field, resource) })
      }
    }
  }
  read.set(range, bounds)
  return bounds
}

/** Where a LimitRange says which limit, or request, it gives to containers; undefined where it gives none. */
export function defaultPathOf(range: LimitRange, field: 'requests' | 'limits', resource: string): string | undefined {
  const items = listOf(memberOf(range.spec, 'limits'))
  for (let index = items.length - 1; index >= 0; index--) {
    if (memberOf(items[index], 'type') !== 'Container') continue
    const giving = givers[field].find((each) => memberOf(memberOf(items[index], each), resource) !== undefined)
    if (giving) return pointer('spec', 'limits', index, giving, resource)
  }
  return undefined
}

const types = ['Container', 'Pod', 'PersistentVolumeClaim'] as const
const fields = ['max', 'min', 'maxLimitRequestRatio'] as const
// As SetDefaults_LimitRangeItem completes an item (kubernetes/pkg/apis/core/v1/defaults.go).
const givers = { limits: ['default', 'max'], requests: ['defaultRequest', 'default', 'max', 'min'] } as const

// Objects are never changed.
const read = new WeakMap<LimitRange, readonly Bound[]>()
