import { memberOf, stringOf } from '../../sdk/shape.ts'
import { Refusal } from './refusal.ts'

/** An entry of `images` in a kustomization: what becomes of the images of one name. Parts left out stay as they are. */
export interface ImageChange {
  readonly name: string
  readonly newName: string | undefined
  readonly newTag: string | undefined
  readonly digest: string | undefined
  readonly tagSuffix: string | undefined
}

/** @throws Refusal where a part is no text: `newTag: 2` has to stand in quotes */
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

function textOf(value: unknown): string | undefined {
  if (value !== undefined && value !== null && typeof value !== 'string')
    throw new Refusal('a part of this change of images is no text: write it in quotes')
  return value || undefined
}
