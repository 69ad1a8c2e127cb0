import { recordOf, stringOf } from '../../sdk/shape.ts'
import { mergedLists } from './merge-lists.ts'
import type { MergeShape } from './merge-keys.ts'
import { Refusal } from './refusal.ts'
import { child, elements, listFrom, type Traced, withChildren, withoutChild } from './traced.ts'

/**
 * A value with a strategic merge patch laid over it, as kustomize does it; undefined where the patch deletes it. Either
 * may be undefined for what is not there. Lists of which the shape knows no keys are replaced.
 * @throws Refusal where kustomize would refuse the patch
 */
export function merged(
  base: Traced | undefined,
  patch: Traced | undefined,
  shape: MergeShape | undefined,
): Traced | undefined {
  const [under, over] = [given(base), given(patch)]
  const kind = kindOf(under?.value) ?? kindOf(over?.value)
  if (!kind) return over ? undefined : under
  for (const { value } of [under, over].flatMap((side) => side ?? []))
    if (value !== null && kindOf(value) !== kind)
      throw new Refusal('a patch has a map, a list or a plain value where the object has another of the three')
  if (kind === 'map') return mergedMaps(under, over, shape)
  if (kind === 'list' && shape?.keys) return mergedKeyedLists(under, over, { ...shape, keys: shape.keys })
  return over?.value === null ? undefined : (over ?? under)
}

function mergedMaps(
  base: Traced | undefined,
  patch: Traced | undefined,
  shape: MergeShape | undefined,
): Traced | undefined {
  if (patch?.value === null) return undefined
  const directive = patch && directiveOf(patch)
  if (directive === 'delete') return undefined
  const over = patch && withoutChild(patch, patchKey)
  // What is not there yet is the patch, laid over itself: its own directives and nulls say what is left out.
  const isNew = (base?.value ?? null) === null || base?.value === patch?.value || directive === 'replace'
  const under = isNew && patch ? undefined : given(base)
  const result = under ?? over
  if (!result) return base
  const from = under ?? over
  const fresh: [key: string, member: Traced][] = []
  const gone: string[] = []
  for (const key of new Set([...keysOf(from), ...keysOf(over)])) {
    const before = child(from ?? result, key)
    const after = merged(before, over && child(over, key), shape?.fields?.[key])
    if (after === undefined) gone.push(key)
    else if (after.value !== before.value) fresh.push([key, after])
  }
  return gone.reduce((map, key) => withoutChild(map, key, over && child(over, key).origin), withChildren(result, fresh))
}

function mergedKeyedLists(
  base: Traced | undefined,
  patch: Traced | undefined,
  shape: MergeShape & { readonly keys: readonly string[] },
): Traced | undefined {
  if (patch?.value === null) return undefined
  let [under, over] = [base?.value === null ? undefined : base, patch]
  if (!under) under = over
  else if (over) {
    const directive = elements(over).find(isDirective)
    if (directive) {
      over = listFrom(
        elements(over).filter((element) => element.value !== directive.value),
        over.origin,
      )
      const word = directiveOf(directive)
      if (word === 'delete') return undefined
      if (word === 'replace') under = over
    }
  }
  if (!under) return undefined
  return listFrom(mergedLists(elements(under), over && elements(over), shape, merged), under.origin)
}

const patchKey = '$patch'

function directiveOf(map: Traced): 'merge' | 'replace' | 'delete' {
  const { value } = child(map, patchKey)
  if (value === undefined || value === null) return 'merge'
  const word = stringOf(value)
  if (word === 'merge' || word === 'replace' || word === 'delete') return word
  throw new Refusal('a $patch is none of merge, replace and delete')
}

// An element that holds nothing else speaks of the list.
function isDirective({ value }: Traced): boolean {
  const keys = Object.keys(recordOf(value) ?? {})
  return keys.length === 1 && keys[0] === patchKey
}

function keysOf(map: Traced | undefined): string[] {
  return Object.keys(recordOf(map?.value) ?? {})
}

function given(side: Traced | undefined): Traced | undefined {
  return side?.value === undefined ? undefined : side
}

function kindOf(value: unknown): 'map' | 'list' | 'plain' | undefined {
  if (value === undefined || value === null) return undefined
  return Array.isArray(value) ? 'list' : typeof value === 'object' ? 'map' : 'plain'
}
