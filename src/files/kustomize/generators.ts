import { basename } from 'node:path'
import { findKind } from '../../sdk/kinds.ts'
import { listOf, memberOf, recordOf, stringOf } from '../../sdk/shape.ts'
import type { Kustomization } from '../kustomization.ts'
import type { Manifest } from '../manifest.ts'
import type { Library } from './library.ts'
import { Refusal } from './refusal.ts'
import { Resource } from './resource.ts'
import { child, placeOf, type Traced, withChild, withChildren } from './traced.ts'
import { tracedOf } from './patches.ts'

export interface Generated {
  readonly resource: Resource
  readonly behavior: 'create' | 'replace' | 'merge'
  /** JSON pointer of the generator in the kustomization. */
  readonly path: string
  /** Kustomize would not make it. */
  readonly refusal?: Refusal
}

/** The ConfigMaps, then the Secrets that the generators of a kustomization make (`kustomize/api/internal/generators`). */
export function generatedBy(kustomization: Kustomization, library: Library): Generated[] {
  const root = tracedOf(kustomization.document)
  return (['ConfigMap', 'Secret'] as const).flatMap((kind) => {
    const list = child(root, kind === 'ConfigMap' ? 'configMapGenerator' : 'secretGenerator')
    return listOf(list.value).flatMap((entry, index) => {
      if (!stringOf(memberOf(entry, 'name'))) return []
      const generator = child(list, index)
      const options = optionsOf(root, generator)
      const data = dataOf(kind, generator, kustomization, library)
      const object = objectOf(kind, generator, data.members, options)
      const resource = new Resource(manifestOf(kustomization, kind, object), object)
      resource.hashed = options.disableNameSuffixHash !== true
      resource.incomplete = data.incomplete
      resource.unsure = data.incomplete || data.refusal !== undefined
      const behavior = stringOf(memberOf(entry, 'behavior'))
      return {
        resource,
        behavior: behavior === 'merge' || behavior === 'replace' ? behavior : 'create',
        path: generator.origin.path,
        ...(data.refusal ? { refusal: data.refusal } : {}),
      }
    })
  })
}

interface Options {
  readonly labels: readonly Member[]
  readonly annotations: readonly Member[]
  readonly disableNameSuffixHash: boolean
  readonly immutable: boolean
}

interface Member {
  readonly key: string
  readonly value: Traced
  /** Bytes that are no text: of a ConfigMap they are `binaryData`. */
  readonly binary?: boolean
}

// What the kustomization says for all generators, below what each says for itself.
function optionsOf(root: Traced, generator: Traced): Options {
  const both = [child(root, 'generatorOptions'), child(generator, 'options')]
  const members = (field: string) =>
    both.flatMap((options) => {
      const map = child(options, field)
      return Object.keys(recordOf(map.value) ?? {}).map((key) => ({ key, value: child(map, key) }))
    })
  const isSet = (field: string) => both.some(({ value }) => memberOf(value, field) === true)
  return {
    labels: members('labels'),
    annotations: members('annotations'),
    disableNameSuffixHash: isSet('disableNameSuffixHash'),
    immutable: isSet('immutable'),
  }
}

function objectOf(
  kind: 'ConfigMap' | 'Secret',
  generator: Traced,
  data: readonly Member[],
  { labels, annotations, immutable }: Options,
): Traced {
  const { origin } = generator
  const plain = (value: unknown): Traced => ({ value, origin })
  let metadata = withChild(plain({}), 'name', child(generator, 'name'))
  const namespace = child(generator, 'namespace')
  if (stringOf(namespace.value)) metadata = withChild(metadata, 'namespace', namespace)
  if (labels.length > 0) metadata = withChild(metadata, 'labels', mapOf(labels, plain({})))
  if (annotations.length > 0) metadata = withChild(metadata, 'annotations', mapOf(annotations, plain({})))
  let object = withChild(plain({ apiVersion: 'v1', kind }), 'metadata', metadata)
  const type = child(generator, 'type')
  if (kind === 'Secret') object = withChild(object, 'type', stringOf(type.value) ? type : plain('Opaque'))
  for (const field of ['data', 'binaryData']) {
    const members = data.filter(({ binary = false }) => binary === (field === 'binaryData'))
    if (members.length > 0) object = withChild(object, field, mapOf(members, plain({})))
  }
  return immutable ? withChild(object, 'immutable', plain(true)) : object
}

function mapOf(members: readonly Member[], empty: Traced): Traced {
  return withChildren(
    empty,
    members.map(({ key, value }) => [key, value]),
  )
}

function dataOf(kind: 'ConfigMap' | 'Secret', generator: Traced, kustomization: Kustomization, library: Library) {
  const members: Member[] = []
  let incomplete = false
  let refusal: Refusal | undefined
  const add = (key: string, bytes: Buffer, { origin }: Traced) => {
    const isText = isUtf8(bytes)
    const binary = kind === 'ConfigMap' && !isText
    const text = kind === 'Secret' || binary ? bytes.toString('base64') : bytes.toString('utf8')
    members.push({ key, value: { value: text, origin }, binary })
  }
  const read = (name: string): Buffer | undefined => {
    const bytes = library.bytes(kustomization, name)
    incomplete ||= bytes === undefined
    return bytes
  }
  for (const source of [...strings(child(generator, 'envs')), ...strings(generator, 'env')])
    for (const [key, text] of variablesIn(read(source.text))) add(key, Buffer.from(text), source.at)
  for (const { text, at } of strings(child(generator, 'literals'))) {
    const split = text.indexOf('=')
    if (split > 0) add(text.slice(0, split), Buffer.from(unquoted(text.slice(split + 1))), at)
    // Without its text, which may be a secret.
    else refusal = new Refusal('a literal of this generator is not of the form key=value')
  }
  for (const { text, at } of strings(child(generator, 'files'))) {
    const split = text.indexOf('=')
    const name = text.slice(split + 1)
    const bytes = read(name)
    if (bytes) add(split < 0 ? basename(name) : text.slice(0, split), bytes, at)
  }
  return { members, incomplete, refusal }
}

function strings(list: Traced, key?: string): { readonly text: string; readonly at: Traced }[] {
  const all = key === undefined ? listOf(list.value).map((_, index) => child(list, index)) : [child(list, key)]
  return all.flatMap((at) => (typeof at.value === 'string' ? [{ text: at.value, at }] : []))
}

// Lines of NAME=value; no quotes, no continuation (`kustomize/api/kv`).
function variablesIn(bytes: Buffer | undefined): [key: string, text: string][] {
  const lines = (bytes?.toString('utf8') ?? '').replace(/^\ufeff/, '').split(/\r?\n/)
  return lines.flatMap((line): [string, string][] => {
    const text = line.trimStart()
    if (text === '' || text.startsWith('#')) return []
    const split = text.indexOf('=')
    return [split < 0 ? [text, ''] : [text.slice(0, split), text.slice(split + 1)]]
  })
}

function unquoted(text: string): string {
  const quote = text.charAt(0)
  return text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote) ? text.slice(1, -1) : text
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

function manifestOf(kustomization: Kustomization, kind: 'ConfigMap' | 'Secret', object: Traced): Manifest {
  const record = recordOf(object.value) ?? {}
  return {
    object: record,
    apiVersion: 'v1',
    kind,
    info: findKind('', kind),
    file: kustomization.file,
    index: kustomization.document.index,
    root: kustomization.root,
    source: undefined,
    partial: false,
    namespace: undefined,
    name: stringOf(memberOf(memberOf(record, 'metadata'), 'name')) ?? '',
    locate: (path) => placeOf(object, path),
  }
}
