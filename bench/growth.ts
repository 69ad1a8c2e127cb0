import type { Entry } from '../src/inventory/files.ts'
import type { AnyObject } from '../src/sdk/objects.ts'
import { pointer, segmentsOf } from '../src/sdk/pointer.ts'

/** One thing that an input may have many of. */
export interface Axis {
  /** As figures call it: `spec/containers`, `objects of kind Service`. */
  readonly name: string
  /** Index of the object in the context, -1 for the subject. */
  readonly holder: number
  /** JSON pointer of a list or a map in the object; '' for the object itself. */
  readonly path: string
}

interface Input {
  readonly object: AnyObject
  readonly entries: readonly Entry[]
}

/** The lists and maps of the subject and of the objects beside it, and these objects themselves. */
export function axesOf(subject: AnyObject, context: readonly Entry[]): readonly Axis[] {
  const axes: Axis[] = collectionsIn(subject).map((path) => ({ name: plain(path), holder: -1, path }))
  context.forEach(({ kind, object }, holder) => {
    axes.push({ name: `objects of kind ${kind}`, holder, path: '' })
    for (const path of collectionsIn(object)) axes.push({ name: `${kind}: ${plain(path)}`, holder, path })
  })
  return axes
}

/** The same input with so many of what the axis says. The first stays as it is; the others are alike but in name. */
export function grown({ holder, path }: Axis, subject: AnyObject, context: readonly Entry[], size: number): Input {
  if (holder < 0) return { object: enlarged(subject, path, size), entries: context }
  const entry = context[holder]
  if (!entry) return { object: subject, entries: context }
  if (path !== '') {
    const entries = context.map((other) =>
      other === entry ? { ...entry, object: enlarged(entry.object, path, size) } : other,
    )
    return { object: subject, entries }
  }
  const copies = Array.from({ length: size - 1 }, (_, i): Entry => {
    const name = `${entry.name}-${i}`
    // An entry holds an object of the API.
    const object = entry.object as AnyObject
    return { ...entry, name, object: { ...object, metadata: { ...object.metadata, name } } }
  })
  return { object: subject, entries: [...context, ...copies] }
}

function collectionsIn(object: object): readonly string[] {
  const found: string[] = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    const isMap = maps.has(path.slice(path.lastIndexOf('/') + 1))
    if (isMap || (Array.isArray(value) && value.length > 0)) found.push(path)
    if (isMap) return
    for (const [key, child] of Object.entries(value)) visit(child, path + pointer(key))
  }
  visit(object, '')
  return found.includes('/metadata/annotations') ? found : [...found, '/metadata/annotations']
}

const maps: ReadonlySet<string> = new Set([
  ...['annotations', 'labels', 'matchLabels', 'nodeSelector', 'data', 'stringData', 'hard', 'parameters', 'limits'],
])

function plain(path: string): string {
  return path.replaceAll(/\/\d+(?=\/|$)/g, '').slice(1)
}

function enlarged(object: object, path: string, size: number): object {
  // JSON, as all objects here are.
  const copy = JSON.parse(JSON.stringify(object)) as Record<string, unknown>
  const keys = segmentsOf(path) ?? []
  let parent = copy
  for (const key of keys.slice(0, -1)) parent = (parent[key] ??= {}) as Record<string, unknown>
  const last = keys.at(-1) ?? ''
  const collection = parent[last] ?? {}
  parent[last] = Array.isArray(collection) ? longList(collection, size) : longMap(collection, size)
  return copy
}

function longList(list: readonly unknown[], size: number): unknown[] {
  return Array.from({ length: Math.max(size, list.length) }, (_, i) => {
    const item = list[i % list.length]
    return i < list.length ? item : renamed(item, i)
  })
}

function longMap(map: object, size: number): object {
  const entries: readonly (readonly [string, unknown])[] = Object.entries(map)
  const [key, value] = entries[0] ?? ['example.com/key', 'value']
  const more = Array.from({ length: Math.max(0, size - entries.length) }, (_, i) => [`${key}-${i}`, value] as const)
  return Object.fromEntries([...entries, ...more])
}

// Names, and the numbers of ports, tell the items of a list apart.
function renamed(item: unknown, i: number): unknown {
  if (typeof item === 'string') return `${item}-${i}`
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
  return Object.fromEntries(
    Object.entries(item).map(([key, value]: [string, unknown]) => {
      if (typeof value === 'string' && naming.has(key)) return [key, `${value}-${i}`]
      if (typeof value === 'number' && numbering.has(key)) return [key, value + i]
      return [key, value]
    }),
  )
}

const naming: ReadonlySet<string> = new Set(['name', 'host', 'path', 'mountPath', 'topologyKey', 'key'])
const numbering: ReadonlySet<string> = new Set(['containerPort', 'nodePort', 'port'])
