import { pointer, segmentsOf } from '../../sdk/pointer.ts'
import { memberOf, recordOf } from '../../sdk/shape.ts'
import type { Place } from '../lines.ts'

/** A text that values come from. */
export interface Source {
  readonly file: string
  /** Where the value at a JSON pointer is written, or its nearest parent that exists. */
  locate(path: string): Place
}

/** Where a value was written. */
export interface Origin {
  readonly source: Source
  readonly path: string
}

/** A value with its origin. Nothing is changed in place: what changes is a copy that remembers where each part came from. */
export interface Traced {
  readonly value: unknown
  readonly origin: Origin
}

/** The member of a map or the element of a list; its value is undefined where there is none. */
export function child({ value, origin }: Traced, key: string | number): Traced {
  // Lists are read by index here, maps by key.
  const member = Array.isArray(value) ? (value as unknown[])[Number(key)] : memberOf(value, String(key))
  const from = typeof value === 'object' && value !== null ? moved.get(value)?.get(String(key)) : undefined
  return { value: member, origin: from ?? { source: origin.source, path: origin.path + pointer(key) } }
}

/** All elements of a list; none of anything else. */
export function elements(list: Traced): Traced[] {
  return Array.isArray(list.value) ? list.value.map((_, index) => child(list, index)) : []
}

/** A map with one member set. What is no map is replaced by one. */
export function withChild(map: Traced, key: string, { value, origin }: Traced): Traced {
  const record = recordOf(map.value) ?? {}
  const copy = { ...record, [key]: value }
  moved.set(copy, new Map(moved.get(record)).set(key, origin))
  keepGone(record, copy)
  return { value: copy, origin: map.origin }
}

/** A map with several members set, in one copy: one for each would take the square of their number. */
export function withChildren(map: Traced, members: Iterable<readonly [key: string, member: Traced]>): Traced {
  const record = recordOf(map.value) ?? {}
  const copy: Record<string, unknown> = { ...record }
  const from = new Map(moved.get(record))
  for (const [key, { value, origin }] of members) {
    Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true })
    from.set(key, origin)
  }
  moved.set(copy, from)
  keepGone(record, copy)
  return { value: copy, origin: map.origin }
}

/** A map without one of its members; `by` is what took it away. */
export function withoutChild(map: Traced, key: string, by?: Origin): Traced {
  const record = recordOf(map.value)
  if (!record || !Object.hasOwn(record, key)) return map
  const copy = Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
  const from = moved.get(record)
  if (from) moved.set(copy, from)
  keepGone(record, copy)
  if (by) gone.set(copy, new Map(gone.get(copy)).set(key, by))
  return { value: copy, origin: map.origin }
}

/** A list of elements, which may come from several places. */
export function listFrom(items: readonly Traced[], origin: Origin): Traced {
  const list = items.map(({ value }) => value)
  moved.set(list, new Map(items.map((item, index) => [String(index), item.origin])))
  return { value: list, origin }
}

/** Where the value at a JSON pointer was written, or its nearest parent that exists. */
export function placeOf(root: Traced, path: string): Place & { readonly file: string } {
  let at = root
  for (const segment of segmentsOf(path) ?? []) {
    const next = child(at, segment)
    if (next.value === undefined) break
    at = next
  }
  const { source } = at.origin
  return { file: source.file, ...source.locate(at.origin.path) }
}

/** A place where a kustomization changes what stands in a file. */
export interface ChangedAt extends Place {
  readonly file: string
  readonly change: 'set' | 'removed'
}

/**
 * Where the value at a JSON pointer of an object, or one on the way to it, was taken away, and where members of it were
 * set, if they were set elsewhere than it was written.
 */
export function changesAt(root: Traced, path: string): readonly ChangedAt[] {
  let at = root
  for (const segment of segmentsOf(path) ?? []) {
    const next = child(at, segment)
    if (next.value === undefined) return removedFrom(at).flatMap(([key, by]) => (key === segment ? [by] : []))
    at = next
  }
  const members = Object.keys(recordOf(at.value) ?? {}).map((key) => child(at, key).origin)
  const others = members.filter(({ source }) => source !== at.origin.source).map((origin) => changed('set', origin))
  return distinct([...removedFrom(at).map(([, by]) => by), ...others]).slice(0, mostChanges)
}

const mostChanges = 5

function removedFrom({ value }: Traced): [key: string, by: ChangedAt][] {
  const removed = typeof value === 'object' && value !== null ? gone.get(value) : undefined
  return [...(removed ?? [])].flatMap(([key, by]): [string, ChangedAt][] =>
    memberOf(value, key) === undefined ? [[key, changed('removed', by)]] : [],
  )
}

function changed(change: ChangedAt['change'], { source, path }: Origin): ChangedAt {
  return { change, file: source.file, ...source.locate(path) }
}

function distinct(changes: readonly ChangedAt[]): ChangedAt[] {
  return [...new Map(changes.map((each) => [`${each.file}:${each.line}:${each.change}`, each])).values()]
}

function keepGone(from: object, to: object): void {
  const removed = gone.get(from)
  if (removed) gone.set(to, removed)
}

// Of a copy, the members that were taken away, and by what.
const gone = new WeakMap<object, ReadonlyMap<string, Origin>>()

// Of a copy, the members that come from elsewhere than its own origin tells.
const moved = new WeakMap<object, ReadonlyMap<string, Origin> & Map<string, Origin>>()
