import { podSpecOf } from '../sdk/pod-specs.ts'
import type { AnyObject } from '../sdk/objects.ts'
import { segmentsOf } from '../sdk/pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from '../sdk/shape.ts'

/** An entry of `images` in a kustomization: what becomes of the images of one name. Parts left out stay as they are. */
export interface ImageChange {
  readonly name: string
  readonly newName: string | undefined
  readonly newTag: string | undefined
  readonly digest: string | undefined
  readonly tagSuffix: string | undefined
}

export function imageChangesOf(images: unknown): readonly ImageChange[] {
  return listOf(images).flatMap((entry) => {
    const name = stringOf(memberOf(entry, 'name'))
    if (name === undefined) return []
    const [newName, newTag, digest, tagSuffix] = ['newName', 'newTag', 'digest', 'tagSuffix'].map((key) =>
      textOf(memberOf(entry, key)),
    )
    return { name, newName, newTag, digest, tagSuffix }
  })
}

/**
 * An object with the images that land: each change in turn, on containers and init containers of the same image name.
 * A new tag or digest takes the place of both (kubernetes-sigs/kustomize api/filters/imagetag). The argument stays as it
 * is, and is the result where nothing changes.
 */
export function withImages(kind: string, object: AnyObject, changes: readonly ImageChange[]): AnyObject {
  const view = changes.length > 0 ? podSpecOf(kind, object) : undefined
  if (!view) return object
  let spec: { readonly [key: string]: unknown } = { ...view.spec }
  let changed = false
  for (const field of ['containers', 'initContainers']) {
    if (!Array.isArray(spec[field])) continue
    const containers = listOf(spec[field]).map((container) => {
      const image = stringOf(memberOf(container, 'image'))
      const landed = image === undefined ? undefined : changes.reduce(changedImage, image)
      if (landed === image) return container
      changed = true
      return { ...recordOf(container), image: landed }
    })
    spec = { ...spec, [field]: containers }
  }
  // Still an object of the kind that it was.
  return changed ? (replaced(object, segmentsOf(view.path) ?? [], spec) as AnyObject) : object
}

function changedImage(image: string, { name, newName, newTag, digest, tagSuffix }: ImageChange): string {
  const parts = /^([^@]*?)(?::([\w.{}$-]*))?(?:@(.*))?$/.exec(image)
  if (!parts || parts[1] !== name) return image
  const [, , tag, pinned] = parts
  const suffixed = tagSuffix === undefined ? undefined : `${tag ?? ''}${tagSuffix}`
  const replacing = newTag !== undefined || digest !== undefined || suffixed !== undefined
  const landedTag = replacing ? (newTag ?? (digest === undefined ? suffixed : undefined)) : tag
  const landedDigest = replacing ? digest : pinned
  return `${newName ?? name}${landedTag === undefined ? '' : `:${landedTag}`}${landedDigest === undefined ? '' : `@${landedDigest}`}`
}

function replaced(value: unknown, [key, ...rest]: readonly string[], leaf: unknown): unknown {
  return key === undefined ? leaf : { ...recordOf(value), [key]: replaced(memberOf(value, key), rest, leaf) }
}

// Tags are often typed as numbers.
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : stringOf(value)
  return text === '' ? undefined : text
}
