import { memberOf, stringOf } from '../../sdk/shape.ts'

/** An entry of `images` in a kustomization: what becomes of the images of one name. Parts left out stay as they are. */
export interface ImageChange {
  readonly name: string
  readonly newName: string | undefined
  readonly newTag: string | undefined
  readonly digest: string | undefined
  readonly tagSuffix: string | undefined
}

export function imageChangeOf(entry: unknown): ImageChange | undefined {
  const name = stringOf(memberOf(entry, 'name'))
  if (name === undefined) return undefined
  const [newName, newTag, digest, tagSuffix] = ['newName', 'newTag', 'digest', 'tagSuffix'].map((key) =>
    textOf(memberOf(entry, key)),
  )
  return { name, newName, newTag, digest, tagSuffix }
}

/**
 * What becomes of an image; one of another name stays as it is. A new tag or digest takes the place of both
 * (kubernetes-sigs/kustomize api/filters/imagetag).
 */
export function changedImage(image: string, { name, newName, newTag, digest, tagSuffix }: ImageChange): string {
  const parts = /^([^@]*?)(?::([\w.{}$-]*))?(?:@(.*))?$/.exec(image)
  if (!parts || parts[1] !== name) return image
  const [, , tag, pinned] = parts
  const suffixed = tagSuffix === undefined ? undefined : `${tag ?? ''}${tagSuffix}`
  const replacing = newTag !== undefined || digest !== undefined || suffixed !== undefined
  const landedTag = replacing ? (newTag ?? (digest === undefined ? suffixed : undefined)) : tag
  const landedDigest = replacing ? digest : pinned
  return `${newName ?? name}${landedTag === undefined ? '' : `:${landedTag}`}${landedDigest === undefined ? '' : `@${landedDigest}`}`
}

// Tags are often typed as numbers.
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : stringOf(value)
  return text === '' ? undefined : text
}
