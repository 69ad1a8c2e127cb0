import { closest } from './closest.ts'
import { unknown, type Inventory } from './inventory.ts'
import { brief, nameOf } from './names.ts'
import { podSpecOf } from './pod-specs.ts'
import { isRepresented, witnessKinds, type Witness, type WitnessKind } from './relations.ts'
import { memberOf, recordOf } from './shape.ts'

/** The workload that an equality selector misses by the least, and how. */
export interface NearMiss {
  readonly workload: Witness
  /** The labels that the selector asks for and the pods do not have, as the selector and as the template writes them. */
  readonly differing: readonly { readonly key: string; readonly wanted: string; readonly found: string | undefined }[]
  /** The workload itself carries all of them, which selects none of its pods. */
  readonly onWorkload: boolean
}

/** The workload of a namespace whose pods come nearest to a selector; undefined where none has anything in common. */
export function closestSelected(
  selector: unknown,
  namespace: string,
  inventory: Inventory<WitnessKind>,
): NearMiss | undefined {
  // Who writes more labels than this is not helped by the difference.
  const wanted = Object.entries(recordOf(selector) ?? {}).slice(0, 16)
  let best: NearMiss | undefined
  let bestScore = 0
  for (const kind of witnessKinds) {
    const listed = inventory.list(kind, namespace)
    for (const object of listed === unknown ? [] : listed) {
      if (isRepresented(kind, object)) continue
      const own: unknown = object.metadata?.labels
      const labels: unknown = podSpecOf(kind, object)?.metadata.labels
      const onWorkload = wanted.every(([key, value]) => memberOf(own, key) === value)
      const score = wanted.reduce(
        (sum, [key, value]) => sum + scoreOf(memberOf(labels, key), value),
        onWorkload ? 1 : 0,
      )
      if (score <= bestScore) continue
      bestScore = score
      const differing = wanted.flatMap(([key, value]) => {
        const found = memberOf(labels, key)
        const isSame = found === value || typeof value !== 'string'
        return isSame ? [] : [{ key, wanted: value, found: typeof found === 'string' ? found : undefined }]
      })
      // The list of a kind holds objects of that kind; the compiler cannot pair the two across the union.
      best = { workload: { kind, object } as Witness, differing, onWorkload }
    }
  }
  return best
}

/** `tier=web, not tier=front`, of at most two labels. */
export function describeMiss({ differing }: NearMiss): string {
  const some = differing.slice(0, 2).map(({ key, found }) => {
    const name = brief(key, 24)
    return found === undefined ? `no ${name}` : `${name}=${brief(found, 16)}`
  })
  return [...some, ...(differing.length > 2 ? [`${differing.length - 2} more`] : [])].join(', ')
}

/** `Deployment/web`. */
export function describeWorkload({ kind, object }: { readonly kind: string; readonly object: object }): string {
  return `${kind}/${brief(nameOf(object), 20)}`
}

// A label that is there counts most, then one that is nearly there.
function scoreOf(found: unknown, wanted: unknown): number {
  if (found === wanted) return 3
  if (typeof found !== 'string' || typeof wanted !== 'string') return 0
  return closest(wanted, [found]) === undefined && !found.includes(wanted) && !wanted.includes(found) ? 0 : 1
}
