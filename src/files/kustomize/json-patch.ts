import { segmentsOf } from '../../sdk/pointer.ts'
import { recordOf, stringOf } from '../../sdk/shape.ts'
import { Refusal } from './refusal.ts'
import { child, elements, listFrom, type Origin, type Traced, withChild, withoutChild } from './traced.ts'

/**
 * A document after the operations of a JSON patch (RFC 6902). As in kustomize, an index may be negative and count from
 * the end. No library, because each value must remember where it was written.
 * @throws Refusal where an operation cannot be applied; then none is
 */
export function withJsonPatch(document: Traced, patch: Traced): Traced {
  return elements(patch).reduce(withOperation, document)
}

function withOperation(document: Traced, operation: Traced): Traced {
  const op = stringOf(child(operation, 'op').value) ?? ''
  const path = pathOf(operation, 'path')
  switch (op) {
    case 'add':
      return changed(document, path, (parent, key) => added(parent, key, child(operation, 'value')))
    case 'remove':
      return changed(document, path, (parent, key) => removed(parent, key, operation.origin))
    case 'replace':
      return changed(document, path, (parent, key) => replaced(parent, key, child(operation, 'value')))
    case 'move': {
      const from = pathOf(operation, 'from')
      const value = valueAt(document, from)
      const take: Change = (parent, key) => removed(parent, key, operation.origin)
      if (isDeeper(value.value, deepest)) throw new Refusal('a JSON patch builds what is deeper than any object')
      return changed(changed(document, from, take), path, (parent, key) => added(parent, key, value))
    }
    case 'copy': {
      const value = valueAt(document, pathOf(operation, 'from'), true)
      // A map copied into itself forty times would have a billion members.
      if (sizeOf(value.value) > largest) throw new Refusal('a JSON patch copies more than any object holds')
      return changed(document, path, (parent, key) => added(parent, key, value))
    }
    case 'test':
      if (!isEqual(valueAt(document, path, true).value, child(operation, 'value').value ?? null))
        throw new Refusal('a test of this JSON patch fails')
      return document
    default:
      throw new Refusal('an operation of this JSON patch is none of add, remove, replace, move, copy and test')
  }
}

const deepest = 500

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}

function pathOf(operation: Traced, key: 'path' | 'from'): readonly string[] {
  const path = segmentsOf(stringOf(child(operation, key).value) ?? ' ')
  if (!path) throw new Refusal(`an operation of this JSON patch has no ${key}, or one that does not begin with /`)
  if (path.length > deepest) throw new Refusal(`an operation of this JSON patch reaches deeper than any object goes`)
  return path
}

type Change = (parent: Traced, key: string) => Traced

function changed(node: Traced, [key, ...rest]: readonly string[], change: Change): Traced {
  if (key === undefined) throw new Refusal('a JSON patch changes the whole object')
  if (rest.length === 0) return change(node, key)
  const inner = changed(existing(node, key), rest, change)
  return Array.isArray(node.value) ? spliced(node, indexOf(node, key), 1, inner) : withChild(node, key, inner)
}

function valueAt(document: Traced, path: readonly string[], orNothing = false): Traced {
  let at = document
  for (const [depth, key] of path.entries()) {
    const isLast = depth === path.length - 1
    at = orNothing && isLast && recordOf(at.value) && !has(at, key) ? { ...at, value: null } : existing(at, key)
  }
  return at
}

function existing(parent: Traced, key: string): Traced {
  if (!has(parent, key)) throw new Refusal('a path of this JSON patch leads to nothing that is there')
  return child(parent, Array.isArray(parent.value) ? indexOf(parent, key) : key)
}

function has({ value }: Traced, key: string): boolean {
  if (!Array.isArray(value)) return Object.hasOwn(recordOf(value) ?? {}, key)
  const index = indexIn(value.length, key)
  return index !== undefined && index < value.length
}

function added(parent: Traced, key: string, { value, origin }: Traced): Traced {
  const node = { value: value ?? null, origin }
  if (!Array.isArray(parent.value)) {
    if (!recordOf(parent.value)) throw new Refusal('a path of this JSON patch leads into what is neither map nor list')
    return withChild(parent, key, node)
  }
  const { length } = parent.value
  // One beyond the last may be named here: -1 is the end, as `-` is.
  const index = key === '-' ? length : indexIn(length + 1, key)
  if (index === undefined || index > length) throw new Refusal('an index of this JSON patch is beyond the list')
  return spliced(parent, index, 0, node)
}

function removed(parent: Traced, key: string, by: Origin): Traced {
  existing(parent, key)
  return Array.isArray(parent.value) ? spliced(parent, indexOf(parent, key), 1) : withoutChild(parent, key, by)
}

// kustomize replaces a member of a map also where there is none (evanphx/json-patch v4).
function replaced(parent: Traced, key: string, node: Traced): Traced {
  if (!Array.isArray(parent.value)) return added(parent, key, node)
  existing(parent, key)
  return spliced(parent, indexOf(parent, key), 1, { ...node, value: node.value ?? null })
}

function spliced(list: Traced, index: number, remove: number, ...items: readonly Traced[]): Traced {
  const all = elements(list)
  all.splice(index, remove, ...items)
  return listFrom(all, list.origin)
}

function indexOf({ value }: Traced, key: string): number {
  return indexIn(Array.isArray(value) ? value.length : 0, key) ?? 0
}

function indexIn(length: number, key: string): number | undefined {
  if (!/^-?\d{1,9}$/.test(key)) return undefined
  const index = Number(key) < 0 ? length + Number(key) : Number(key)
  return index < 0 ? undefined : index
}

const largest = 100_000

function sizeOf(value: unknown): number {
  const waiting = [value]
  let size = 0
  for (let next = waiting.pop(); size <= largest && next !== undefined; next = waiting.pop()) {
    size++
    const inner = Array.isArray(next) ? next : Object.values(recordOf(next) ?? {})
    for (const member of inner) waiting.push(member ?? null)
  }
  return size
}

function isEqual(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, i) => isEqual(item, other[i]))
    )
  const [left, right] = [recordOf(one), recordOf(other)]
  if (!left || !right) return one === other
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key]))
  )
}
