import { groupOf } from '../../sdk/kinds.ts'
import { memberOf, recordOf, stringOf } from '../../sdk/shape.ts'
import type { Manifest } from '../manifest.ts'
import { isClusterScoped } from './cluster-scoped.ts'
import { child, type Traced, withChild } from './traced.ts'

/** Who an object is, or was before a kustomization renamed it. */
export interface Identity {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** As kustomize compares it: `default` where none is named, undefined for kinds that have none. */
  readonly namespace: string | undefined
}

/** An object on its way through the kustomizations of a root. */
export class Resource {
  /** Where it was written, or the generator that made it. */
  readonly manifest: Manifest
  object: Traced
  /** Every identity that it had before, the first one first. */
  readonly previous: Identity[] = []
  readonly prefixes: string[] = []
  readonly suffixes: string[] = []
  /** Its name will end in a hash of what it holds. */
  hashed = false
  /** A file that its generator names could not be read. */
  incomplete = false
  /** Something changes it that is not understood here: what lands may differ. */
  unsure = false

  constructor(manifest: Manifest, object: Traced) {
    this.manifest = manifest
    this.object = object
  }

  get apiVersion(): string {
    return stringOf(memberOf(this.object.value, 'apiVersion')) ?? ''
  }

  get kind(): string {
    return stringOf(memberOf(this.object.value, 'kind')) ?? ''
  }

  get name(): string {
    return stringOf(memberOf(this.#metadata, 'name')) ?? ''
  }

  /** '' where the object names none. */
  get namespace(): string {
    return stringOf(memberOf(this.#metadata, 'namespace')) ?? ''
  }

  labels(field: 'labels' | 'annotations' = 'labels'): { readonly [key: string]: unknown } {
    return recordOf(memberOf(this.#metadata, field)) ?? {}
  }

  get identity(): Identity {
    return identityOf(this.object.value)
  }

  /** Every identity that it has or had, the first one first. */
  get identities(): readonly Identity[] {
    return [...this.previous, this.identity]
  }

  remember(): void {
    this.previous.push(this.identity)
  }

  setMetadata(key: string, value: Traced): void {
    const { object } = this
    this.object = withChild(object, 'metadata', withChild(child(object, 'metadata'), key, value))
  }

  get #metadata(): unknown {
    return memberOf(this.object.value, 'metadata')
  }
}

export function identityOf(object: unknown): Identity {
  const metadata = memberOf(object, 'metadata')
  const apiVersion = stringOf(memberOf(object, 'apiVersion')) ?? ''
  const kind = stringOf(memberOf(object, 'kind')) ?? ''
  const namespace = stringOf(memberOf(metadata, 'namespace')) || 'default'
  return {
    apiVersion,
    kind,
    name: stringOf(memberOf(metadata, 'name')) ?? '',
    namespace: isClusterScoped(apiVersion, kind) ? undefined : namespace,
  }
}

export function isSame(one: Identity, other: Identity): boolean {
  return (
    one.kind === other.kind &&
    one.name === other.name &&
    one.namespace === other.namespace &&
    one.apiVersion === other.apiVersion
  )
}

/** What a field specification of kustomize says of the objects that it means; a part left out means any. */
export interface KindSelector {
  readonly kind?: string | undefined
  readonly group?: string | undefined
  readonly version?: string | undefined
}

export function isSelected(
  { apiVersion, kind }: Pick<Identity, 'apiVersion' | 'kind'>,
  selector: KindSelector,
): boolean {
  return (
    (!selector.kind || selector.kind === kind) &&
    (!selector.group || selector.group === groupOf(apiVersion)) &&
    (!selector.version || selector.version === versionOf(apiVersion))
  )
}

export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1)
}
