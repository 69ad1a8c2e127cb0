import { findKind, groupOf, type KindInfo } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import { pointer, resolve } from '../sdk/pointer.ts'
import { memberOf, recordOf, stringOf } from '../sdk/shape.ts'
import type { Document } from './documents.ts'
import { readByKustomize } from './kustomize/reading.ts'
import type { Place } from './lines.ts'
import { asCurrent } from './old-versions.ts'
import type { ChangedAt } from './kustomize/traced.ts'
import { isPartial } from './partial.ts'
import { sourceOf } from './source.ts'

/** A Kubernetes object in a file. */
export interface Manifest {
  readonly object: AnyObject
  readonly apiVersion: string
  readonly kind: string
  /** Undefined for a kind that no rule knows. */
  readonly info: KindInfo | undefined
  readonly file: string
  /** Place of the document in its file, counted from 0. */
  readonly index: number
  /** The folder given that holds the file; undefined for a file outside of all of them. */
  readonly root: string | undefined
  /** The template or the kustomize file that it was rendered from, where the text says so. */
  readonly source: string | undefined
  /** A patch or another part of an object: says only what it changes. */
  readonly partial: boolean
  /** As written; undefined where the object leaves it out. */
  readonly namespace: string | undefined
  /** '' where the object has none, or none that is a string. */
  readonly name: string
  /**
   * The object as kustomize reads it, where it stands in a file.
   * @throws Refusal where kustomize would not read it
   */
  byKustomize?(): AnyObject
  /**
   * Where the value at a JSON pointer of the object is written, or its nearest parent that exists. With the file where it
   * is another than that of the object.
   */
  locate(path: string): Place & { readonly file?: string }
  /** Where a kustomization took away what belongs at a JSON pointer of the object, or set members of it. */
  changes?(path: string): readonly ChangedAt[]
}

/** The objects of a document, and the places where there should be one and is none. */
export interface Manifests {
  readonly manifests: readonly Manifest[]
  readonly missing: readonly { readonly path: string; readonly reason: 'no-kind' | 'nested-list' }[]
}

/** The objects of a document: one, or those of a List (`v1` `List`, or a typed one such as `PodList`). */
export function manifestsOf(document: Document, root: string | undefined): Manifests {
  const manifests: Manifest[] = []
  const missing: Manifests['missing'][number][] = []
  const add = (value: unknown, path: string) => {
    const manifest = manifestOf(document, root, value, path)
    if (manifest) manifests.push(manifest)
    else missing.push({ path, reason: 'no-kind' })
  }
  const items = listItems(document.value)
  if (!items) add(document.value, '')
  for (const [index, item] of items?.values.entries() ?? []) {
    const path = pointer('items', index)
    if (listItems(item)) missing.push({ path, reason: 'nested-list' })
    else add(items?.typed && recordOf(item) ? { ...items.typed, ...recordOf(item) } : item, path)
  }
  return { manifests, missing }
}

interface Items {
  readonly values: readonly unknown[]
  /** What the items of a typed list leave out (`PodList`). */
  readonly typed: { readonly apiVersion: string; readonly kind: string } | undefined
}

function listItems(value: unknown): Items | undefined {
  const kind = stringOf(memberOf(value, 'kind'))
  const apiVersion = stringOf(memberOf(value, 'apiVersion'))
  if (!kind?.endsWith('List') || apiVersion === undefined) return undefined
  const items = memberOf(value, 'items')
  if (!Array.isArray(items) && (kind !== 'List' || (items ?? null) !== null)) return undefined
  const typed = kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -'List'.length) }
  return { values: Array.isArray(items) ? items : [], typed }
}

function manifestOf(document: Document, root: string | undefined, value: unknown, base: string): Manifest | undefined {
  const record = recordOf(value)
  const apiVersion = stringOf(record?.['apiVersion'])
  const kind = stringOf(record?.['kind'])
  if (!record || !apiVersion || !kind) return undefined
  const info = findKind(groupOf(apiVersion), kind)
  const object = info ? asCurrent(apiVersion, record) : record
  const metadata = memberOf(object, 'metadata')
  return {
    // AnyObject promises no more than that its members may be there.
    object: object,
    apiVersion,
    kind,
    info,
    file: document.file,
    index: document.index,
    root,
    source: sourceOf(document.text, object),
    partial: info !== undefined && isPartial(info.kind, object),
    namespace: stringOf(memberOf(metadata, 'namespace')) || undefined,
    name: stringOf(memberOf(metadata, 'name')) ?? '',
    byKustomize: () => {
      const whole = readByKustomize(document)
      if (whole === document.value) return object
      const own = { apiVersion, kind, ...recordOf(resolve(base, whole)) }
      return info ? asCurrent(apiVersion, own) : own
    },
    locate: (path) => document.locate(base + path),
  }
}
