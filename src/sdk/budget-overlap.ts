import { coverOf, type CoverKind } from './budget-cover.ts'
import { selectsAll } from './budgets.ts'
import type { Inventory } from './inventory.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { budgetsOf, type Relation } from './relations.ts'

type Budget = Kinds['PodDisruptionBudget']

/** Another budget over the same pods, and whose pods they are. */
export interface Overlap {
  readonly budget: Budget
  readonly witness: { readonly kind: KindName; readonly object: object }
}

/**
 * The other budgets over pods of this one, each with the first workload or Pod that both cover. One is enough of a
 * budget for the whole namespace, which meets every other.
 */
export function otherBudgets(
  object: Budget,
  namespace: string,
  inventory: Inventory<CoverKind | 'PodDisruptionBudget'>,
): Relation<Overlap> {
  const { scalable, countless, bare, foreign, unsure } = coverOf(object, namespace, inventory)
  const pods = [...bare, ...foreign].map((pod) => ({ kind: 'Pod' as const, object: pod }))
  const found = new Map<Budget, Overlap>()
  const missing = new Set(unsure)
  for (const witness of [...scalable, ...countless, ...pods]) {
    const budgets = budgetsOf(witness.kind, witness.object, namespace, inventory)
    for (const kind of budgets.unsure) missing.add(kind)
    for (const budget of budgets.found)
      if (!isSame(budget, object) && !found.has(budget)) found.set(budget, { budget, witness })
    if (found.size > 0 && selectsAll(object)) break
  }
  const overlaps = [...found.values()]
  return { found: selectsAll(object) ? overlaps.slice(0, 1) : overlaps, unsure: [...missing] }
}

// What has no name yet, being about to get one, is nobody else.
function isSame(budget: Budget, own: Budget): boolean {
  return budget === own || (nameOf(own) !== '' && nameOf(budget) === nameOf(own))
}
