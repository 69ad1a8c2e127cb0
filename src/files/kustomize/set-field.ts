import { recordOf } from '../../sdk/shape.ts'
import type { FieldSpec } from './field-specs.ts'
import { type Resource, isSelected } from './resource.ts'
import { child, elements, listFrom, type Origin, type Traced, withChild } from './traced.ts'

/** Sets one member of the map at a field; maps that are missing on the way are made where the specification says so. */
export function setEntry(
  resource: Resource,
  { path, create, ...selector }: FieldSpec,
  key: string,
  value: Traced,
): void {
  changeField(resource, { path, create, ...selector }, value.origin, (map) =>
    map.value === undefined || recordOf(map.value) ? withChild(map, key, value) : map,
  )
}

/** Changes the value at a field; of one that is missing and to be made, the change is given no value. */
export function changeField(
  resource: Resource,
  { path, create, ...selector }: FieldSpec,
  origin: Origin,
  change: (field: Traced) => Traced,
): void {
  if (isSelected(resource.identity, selector)) resource.object = changed(resource.object, path, create, origin, change)
}

function changed(
  node: Traced,
  [name = '', ...rest]: readonly string[],
  create: boolean,
  origin: Origin,
  change: (field: Traced) => Traced,
): Traced {
  if (Array.isArray(node.value)) {
    const inner = (element: Traced) => changed(element, [name, ...rest], create, origin, change)
    const [before, after] = [elements(node), elements(node).map(inner)]
    return after.every(({ value }, index) => value === before[index]?.value) ? node : listFrom(after, node.origin)
  }
  if (!recordOf(node.value)) return node
  const isList = name.endsWith('[]')
  const key = isList ? name.slice(0, -2) : name
  const field = child(node, key)
  const missing = (field.value ?? null) === null
  if (missing && (!create || isList)) return node
  const after =
    rest.length === 0
      ? change(missing ? { value: undefined, origin } : field)
      : changed(missing ? { value: {}, origin } : field, rest, create, origin, change)
  return after.value === field.value ? node : withChild(node, key, after)
}
