/**
 * What is found out about an object in one review, kept until the next one: many rules ask for the same Services,
 * budgets and autoscalers. A review has an inventory of its own, which does not change while it is judged, and an object
 * has one kind and one namespace, so the two say which question it was. The old object has an inventory beside it, which
 * rules are asked of in turn.
 */
export function oncePerReview<O extends object, I extends object, A extends readonly unknown[], R>(
  find: (object: O, inventory: I, ...more: A) => R,
): (object: O, inventory: I, ...more: A) => R {
  let reviewed: Answers<O, I, R> = { inventory: undefined, known: new Map() }
  let before = reviewed
  return (object, inventory, ...more) => {
    if (inventory !== reviewed.inventory) {
      const other = before
      before = reviewed
      reviewed = other.inventory === inventory ? other : { inventory, known: new Map() }
    }
    const { known } = reviewed
    const there = known.get(object)
    if (there !== undefined) return there
    const found = find(object, inventory, ...more)
    known.set(object, found)
    return found
  }
}

interface Answers<O, I, R> {
  readonly inventory: I | undefined
  readonly known: Map<O, R>
}
