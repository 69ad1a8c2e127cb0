/**
 * What is found out about a list, kept as long as the list: a rule asks it for each of its places, and lists may be as
 * long. Lists are never changed: whoever keeps them makes a new one.
 */
export function oncePerList<T extends object, R>(find: (list: readonly T[]) => R): (list: readonly T[]) => R {
  const known = new WeakMap<readonly T[], { readonly result: R }>()
  return (list) => {
    const there = known.get(list)
    if (there) return there.result
    const result = find(list)
    known.set(list, { result })
    return result
  }
}
