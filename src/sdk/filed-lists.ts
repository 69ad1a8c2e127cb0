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
  const change = changeOf(list)
  if (!change) return lookUp(tableOf(list, filing), keys)
  const { base, own, replaced } = change
  const found = filedUnder(base, filing, keys)
  const others = found.some((other) => replaced.includes(other))
    ? found.filter((other) => !replaced.includes(other))
    : found
  const ownKeys = keysOf(change, filing)
  return keys.some((key) => ownKeys.has(key)) ? [...others, own] : others
}

/** A list with one object in the place of others; the tables of the list that it was made from serve it too. */
export function withObject<T extends object>(base: readonly T[], own: T, replaced: readonly T[]): readonly T[] {
  const list = replaced.length === 0 ? base.concat([own]) : exchanged(base, own, replaced)
  latest = (latest + 1) % changes.length
  changes[latest] = { list, base, own, replaced, keys: new Map() }
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
  readonly list: readonly T[]
  readonly base: readonly T[]
  readonly own: T
  readonly replaced: readonly T[]
  /** Those of `own`, by filing. */
  readonly keys: Map<unknown, ReadonlySet<string>>
}

/** The keys of the object that stands in the place of others: it may have many, and be asked for as often. */
function keysOf<T extends object>({ own, keys }: Change<T>, filing: Filing<T>): ReadonlySet<string> {
  const known = keys.get(filing)
  if (known) return known
  const fresh = new Set(filing(own))
  keys.set(filing, fresh)
  return fresh
}

type Table<T> = ReadonlyMap<string, readonly T[]>

// What is entered under a list or a filing is of the type of that list, which neither of these can say.
// The lists of the last reviews: each has one of a namespace and one of all, and its old object as many. A list that is
// forgotten gets tables of its own.
const changes: (Change<object> | undefined)[] = Array.from({ length: 8 })
let latest = 0
const tables = new WeakMap<readonly object[], Map<unknown, Table<object>>>()

function changeOf<T extends object>(list: readonly T[]): Change<T> | undefined {
  for (const change of changes) if (change?.list === list) return change as Change<T>
  return undefined
}

function tableOf<T extends object>(list: readonly T[], filing: Filing<T>): Table<T> {
  let known = tables.get(list)
  if (!known) tables.set(list, (known = new Map<unknown, Table<object>>()))
  const there = known.get(filing) as Table<T> | undefined
  if (there) return there
  const table = file(list, filing)
  known.set(filing, table)
  return table
}

function file<T>(list: readonly T[], filing: Filing<T>): Table<T> {
  const table = new Map<string, T[]>()
  for (const object of list) {
    for (const key of filing(object)) {
      const drawer = table.get(key)
      if (!drawer) table.set(key, [object])
      // A filing may name a key twice.
      else if (drawer.at(-1) !== object) drawer.push(object)
    }
  }
  return table
}

// Most keys have nothing filed under them, and most lookups end in one drawer: it is handed out as it is.
function lookUp<T>(table: Table<T>, keys: readonly string[]): readonly T[] {
  let first: readonly T[] = nothing
  let all: Set<T> | undefined
  for (const key of keys) {
    const drawer = table.get(key)
    if (!drawer) continue
    if (first.length === 0) first = drawer
    else if (drawer !== first) {
      all ??= new Set(first)
      for (const object of drawer) all.add(object)
    }
  }
  return all ? [...all] : first
}

const nothing: readonly never[] = Object.freeze([])
