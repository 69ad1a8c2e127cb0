import { listOf, memberOf, recordOf, stringOf } from '../../sdk/shape.ts'
import type { Document } from '../documents.ts'
import type { Kustomization } from '../kustomization.ts'
import type { Library } from './library.ts'
import { readByKustomize } from './reading.ts'
import { Refusal } from './refusal.ts'
import { child, type Traced } from './traced.ts'

/** What a kustomization lays over its objects. */
export interface Patch {
  /** JSON pointer in the kustomization. */
  readonly path: string
  /** The file that holds it; undefined where it stands in the kustomization. */
  readonly file: string | undefined
  /** Undefined: its target is who it says that it is. */
  readonly target: unknown
  /** One or more partial objects, or operations on one object. */
  readonly content: { readonly objects: readonly Traced[] } | { readonly operations: Traced }
  readonly allowNameChange: boolean
  readonly allowKindChange: boolean
}

/** A patch that cannot be read. */
export interface UnreadPatch {
  readonly path: string
  readonly file: string | undefined
  readonly target: unknown
  readonly refusal: Refusal
}

/** The patches of one field of a kustomization, in their order. */
export function patchesOf(
  kustomization: Kustomization,
  field: 'patches' | 'patchesStrategicMerge' | 'patchesJson6902',
  library: Library,
): (Patch | UnreadPatch)[] {
  return listOf(memberOf(kustomization.document.value, field)).map((entry, index) => {
    const path = `/${field}/${String(index)}`
    const at = typeof entry === 'string' ? path : `${path}/patch`
    const [text, name] =
      typeof entry === 'string'
        ? entry.includes('\n') || entry.trimStart().startsWith('{')
          ? [entry, undefined]
          : [undefined, entry]
        : [stringOf(memberOf(entry, 'patch'))?.trim() || undefined, stringOf(memberOf(entry, 'path'))]
    const file = name === undefined ? undefined : library.resolve(kustomization, name)
    const common = { path, file, target: recordOf(memberOf(entry, 'target')) }
    try {
      const documents =
        text !== undefined
          ? library.inline(kustomization, at, text)
          : file === undefined
            ? []
            : library.documents(kustomization, file)
      const options = memberOf(entry, 'options')
      return {
        ...common,
        content: contentOf(documents),
        allowNameChange: memberOf(options, 'allowNameChange') === true,
        allowKindChange: memberOf(options, 'allowKindChange') === true,
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { ...common, refusal: error }
    }
  })
}

function contentOf(documents: readonly Document[] | undefined): Patch['content'] {
  if (!documents) throw new Refusal('the file of a patch cannot be read')
  const [first] = documents
  if (!first) throw new Refusal('a patch is empty')
  if (Array.isArray(first.value)) return { operations: tracedOf(first) }
  const objects = documents.map((document) => ({ ...tracedOf(document), value: readByKustomize(document) }))
  if (objects.some(({ value }) => !recordOf(value) || stringOf(memberOf(value, 'kind')) === undefined))
    throw new Refusal('a patch is neither an object with apiVersion and kind nor a list of operations')
  return { objects: objects.flatMap(itemsOf) }
}

// A List of patches is its items.
function itemsOf(object: Traced): Traced[] {
  const items = child(object, 'items')
  if (!stringOf(memberOf(object.value, 'kind'))?.endsWith('List') || !Array.isArray(items.value)) return [object]
  return items.value.map((_, index) => child(items, index))
}

export function tracedOf(document: Document): Traced {
  return { value: document.value, origin: { source: document, path: '' } }
}
