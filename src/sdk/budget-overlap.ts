import { coverOf, type CoverKind } from './budget-cover.ts'
import { crowd, selectsAll } from './budgets.ts'
import type { Inventory } from './inventory.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { budgetsOf } from './relations.ts'

type Budget = Kinds['PodDisruptionBudget']

/** The other budgets over pods of one. */
export interface Overlap {
  /** The first workload or Pod that another covers too; undefined where there is none. */
  readonly witness: { readonly kind: KindName; readonly object: object } | undefined
  /** The others in the order met, those over the witness first. */
  readonly others: readonly Budget[]
  /** There may be still more of them: so many were met that nobody looked on. */
  readonly more: boolean
  /** The kinds among which more may be. */
  readonly unsure: readonly KindName[]
}

/**
 * The other budgets over pods of this one. Not all of a crowd, each of which would be compared with each; nor all that
 * a budget for the whole namespace meets, which are all others.
 */
export function overlapOf(
  object: Budget,
  namespace: string,
  inventory: Inventory<CoverKind | 'PodDisruptionBudget'>,
): Overlap {
  const { scalable, countless, suspended, bare, foreign, unsure } = coverOf(object, namespace, inventory)
  const pods = [...bare, ...foreign].map((pod) => ({ kind: 'Pod' as const, object: pod }))
  const witnesses = [...scalable, ...countless, ...suspended, ...pods]
  const others = new Set<Budget>()
  const missing = new Set(unsure)
  let first: Overlap['witness']
  for (const [index, witness] of witnesses.entries()) {
    const budgets = budgetsOf(witness.kind, witness.object, namespace, inventory)
    for (const kind of budgets.unsure) missing.add(kind)
    for (const budget of budgets.found) if (!isSame(budget, object)) others.add(budget)
    if (others.size === 0) continue
    first ??= witness
    if (others.size < crowd && !selectsAll(object)) continue
    return { witness: first, others: [...others], more: index < witnesses.length - 1, unsure: [...missing] }
  }
  return { witness: first, others: [...others], more: false, unsure: [...missing] }
}

// What has no name yet, being about to get one, is nobody else.
function isSame(budget: Budget, own: Budget): boolean {
  return budget === own || (nameOf(own) !== '' && nameOf(budget) === nameOf(own))
}
