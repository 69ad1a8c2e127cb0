/**
 * What is found out about an object in one review, kept until the next one: many rules ask for the same Services,
 * budgets and autoscalers. A review has an inventory of its own, which does not change while it is judged, and an object
 * has one kind and one namespace, so the two say which question it was.
 */
export function oncePerReview<O extends object, I extends object, A extends readonly unknown[], R>(
  find: (object: O, inventory: I, ...more: A) => R,
): (object: O, inventory: I, ...more: A) => R {
  let reviewed: I | undefined
  const known = new Map<O, R>()
  return (object, inventory, ...more) => {
    if (inventory !== reviewed) {
      known.clear()
      reviewed = inventory
    }
    const there = known.get(object)
    if (there !== undefined) return there
    const found = find(object, inventory, ...more)
    known.set(object, found)
    return found
  }
}
