import { memberOf, recordOf } from '../../sdk/shape.ts'
import type { MergeShape } from './merge-keys.ts'
import { child, type Traced, withChild } from './traced.ts'

type Merge = (base: Traced | undefined, patch: Traced | undefined, shape: MergeShape | undefined) => Traced | undefined

interface Identity {
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

/**
 * Two lists merged element by element: those of the patch first, then the rest, as kustomize orders them. It looks at
 * the keys that any element has; of elements with equal keys the last one stays.
 */
export function mergedLists(
  base: readonly Traced[],
  patch: readonly Traced[] | undefined,
  { keys, elements: shape }: MergeShape & { readonly keys: readonly string[] },
  merge: Merge,
): Traced[] {
  if (keys.length === 0) return plainLists(base, patch ?? [])
  const tuples = tuplesOf([...(patch ?? []), ...base], keys)
  let rest = [...base]
  let result: Traced[] = []
  const valid = keys.filter((_, index) => tuples.some((tuple) => tuple[index] !== ''))
  const used = valid.length === 0 ? keys : valid
  for (const tuple of tuples) {
    const identity: Identity = { keys: used, values: tuple.filter((_, index) => used.includes(keys[index] ?? '')) }
    const at = written(identity)
    const under = rest.findIndex((element) => matches(element, at))
    const over = patch?.find((element) => matches(element, at))
    const before = rest[under]
    const after = merge(before, over, shape)
    if (after === undefined || isEmptyMap(after.value)) {
      rest = rest.filter((element) => !matches(element, identity))
      continue
    }
    const named = withKeys(after, identity)
    if (under >= 0 && (!isReplaced(over) || before?.value === over?.value)) rest[under] = named
    result = put(result, identity, named)
  }
  for (const element of rest) result = putBack(result, used, element)
  return result
}

function tuplesOf(elements: readonly Traced[], keys: readonly string[]): string[][] {
  const seen = new Map<string, string[]>()
  for (const { value } of elements) {
    const tuple = keys.map((key) => textOf(memberOf(value, key)))
    if (!seen.has(tuple.join('\n'))) seen.set(tuple.join('\n'), tuple)
  }
  const tuples = [...seen.values()]
  if (keys.length === 1) return tuples
  // A port without a protocol and the same port with one are one port.
  for (const [i, one] of tuples.entries())
    for (const [j, other] of tuples.entries()) {
      const joined = join(tuples[i] ?? one, tuples[j] ?? other)
      if (joined) [tuples[i], tuples[j]] = [joined, joined]
    }
  return tuples
}

function join(one: readonly string[], other: readonly string[]): string[] | undefined {
  if (!one.some((text, index) => text === other[index])) return undefined
  if (one.some((text, index) => text !== '' && other[index] !== '' && text !== other[index])) return undefined
  return one.map((text, index) => text || (other[index] ?? ''))
}

function written({ keys, values }: Identity): Identity {
  const some = values.some((value) => value !== '')
  const kept = (_: string, index: number) => !some || values[index] !== ''
  return { keys: keys.filter(kept), values: values.filter(kept) }
}

// A value that nobody wrote matches any that is there.
function matches({ value }: Traced, { keys, values }: Identity): boolean {
  if (!recordOf(value)) return false
  return keys.every((key, index) => {
    const member = memberOf(value, key)
    return member !== undefined && (values[index] === '' || textOf(member) === values[index])
  })
}

function withKeys(element: Traced, { keys, values }: Identity): Traced {
  return keys.reduce((named, key, index) => {
    const value = values[index] ?? ''
    const missing = value !== '' && memberOf(named.value, key) === undefined
    return missing ? withChild(named, key, { value, origin: child(named, key).origin }) : named
  }, element)
}

function put(list: readonly Traced[], identity: Identity, element: Traced): Traced[] {
  if (!list.some((known) => matches(known, identity))) return [...list, element]
  return list.map((known) => (matches(known, identity) ? element : known))
}

function putBack(list: readonly Traced[], keys: readonly string[], element: Traced): Traced[] {
  const has = keys.filter((key) => (memberOf(element.value, key) ?? null) !== null)
  const values = has.map((key) => textOf(memberOf(element.value, key)))
  if (has.length === keys.length && keys.length === 1) return put(list, { keys, values }, element)
  const known: Identity = { keys: keys.slice(0, values.length), values }
  const others = values.length === 0 ? list : list.filter((other) => !matches(other, known))
  return [...others, element]
}

function plainLists(base: readonly Traced[], patch: readonly Traced[]): Traced[] {
  return [...new Map([...base, ...patch, ...base].map((item) => [textOf(item.value), item])).values()]
}

// Such an element of the patch does not stay: that of the object takes its place again. It is what kustomize does.
function isReplaced(patch: Traced | undefined): boolean {
  return memberOf(patch?.value, '$patch') === 'replace'
}

function isEmptyMap(value: unknown): boolean {
  const record = recordOf(value)
  return value === null || (record !== undefined && Object.keys(record).length === 0)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : ''
}
