/** Under which keys an object is filed. A constant function: tables are kept for each. */
export type Filing<T> = (object: T) => readonly string[]

/**
 * The objects of a list that are filed under any of the keys. The table is made when it is first asked for and kept as
 * long as the list, so that a review looks at the few objects that can matter, not at all of its namespace. Lists are
 * never changed: whoever keeps them makes a new one.
 */
export function filedUnder<T extends object>(
  list: readonly T[],
  filing: Filing<T>,
  keys: readonly string[],
): readonly T[] {
  if (list.length === 0) return list
  const change = changes.get(list) as Change<T> | undefined
  if (!change) return lookUp(tableOf(list, filing), keys)
  const others = filedUnder(change.base, filing, keys).filter((other) => !change.replaced.includes(other))
  const own = keysOf(change, filing)
  return keys.some((key) => own.has(key)) ? [...others, change.own] : others
}

/** A list with one object in the place of others; the tables of the list that it was made from serve it too. */
export function withObject<T extends object>(base: readonly T[], own: T, replaced: readonly T[]): readonly T[] {
  const list = replaced.length === 0 ? base.concat([own]) : exchanged(base, own, replaced)
  const change: Change<T> = { base, own, replaced }
  changes.set(list, change)
  return list
}

// Lists may be long, and this is done for each review: one copy, and no look at every element.
function exchanged<T>(base: readonly T[], own: T, [first, ...others]: readonly T[]): readonly T[] {
  const list = base.slice()
  const place = first ? list.indexOf(first) : -1
  if (place < 0) list.push(own)
  else list[place] = own
  return others.length === 0 ? list : list.filter((other) => other === own || !others.includes(other))
}

interface Change<T> {
  readonly base: readonly T[]
  readonly own: T
  readonly replaced: readonly T[]
}

/** The keys of the object that stands in the place of others: it may have many, and be asked for as often. */
function keysOf<T extends object>(change: Change<T>, filing: Filing<T>): ReadonlySet<string> {
  const known = owned.get(change) ?? new Map<unknown, ReadonlySet<string>>()
  owned.set(change, known)
  const keys = known.get(filing) ?? new Set(filing(change.own))
  known.set(filing, keys)
  return keys
}

type Table<T> = ReadonlyMap<string, readonly T[]>

// What is entered under a list or a filing is of the type of that list, which a WeakMap cannot say.
const changes = new WeakMap<readonly object[], Change<object>>()
const owned = new WeakMap<Change<object>, Map<unknown, ReadonlySet<string>>>()
const tables = new WeakMap<readonly object[], Map<unknown, Table<object>>>()

function tableOf<T extends object>(list: readonly T[], filing: Filing<T>): Table<T> {
  const known = tables.get(list) ?? new Map<unknown, Table<object>>()
  tables.set(list, known)
  const table = (known.get(filing) as Table<T> | undefined) ?? file(list, filing)
  known.set(filing, table)
  return table
}

function file<T>(list: readonly T[], filing: Filing<T>): Table<T> {
  const table = new Map<string, T[]>()
  for (const object of list) {
    for (const key of filing(object)) {
      const drawer = table.get(key)
      if (drawer) drawer.push(object)
      else table.set(key, [object])
    }
  }
  return table
}

function lookUp<T>(table: Table<T>, keys: readonly string[]): readonly T[] {
  const drawers = keys.flatMap((key) => table.get(key) ?? [])
  return keys.length < 2 ? drawers : [...new Set(drawers)]
}
