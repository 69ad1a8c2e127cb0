import type { V1PersistentVolumeClaimTemplate } from '@kubernetes/client-node'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds, Wire } from './objects.ts'
import { podSpecOf } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import type { Relation } from './relations.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { defaultClasses } from './storage-classes.ts'
import { isVariable } from './variables.ts'

/** A PersistentVolumeClaim or a template of one. */
export type Claim = Kinds['PersistentVolumeClaim'] | Wire<V1PersistentVolumeClaimTemplate>

/** A claim that an object makes, and where it stands there. */
export interface ClaimView {
  readonly claim: Claim
  readonly path: string
  /** What the object calls it. */
  readonly name: string
}

/** An existing claim that a pod spec mounts, and where. */
export interface ClaimRef {
  readonly name: string
  /** JSON pointer of the claim's name. */
  readonly path: string
}

/** The claims that an object makes: itself, those of a StatefulSet for each replica, those that live as long as a pod. */
export function claimsOf(kind: KindName, object: object): ClaimView[] {
  // The kind says which object it is.
  if (kind === 'PersistentVolumeClaim') return [{ claim: object, path: '', name: nameOf(object) }]
  const templates = kind === 'StatefulSet' ? listOf(memberOf(memberOf(object, 'spec'), 'volumeClaimTemplates')) : []
  return [
    ...templates.flatMap((template, index) => view(template, pointer('spec', 'volumeClaimTemplates', index))),
    ...volumesOf(kind, object).flatMap(({ volume, path }) => {
      const template = memberOf(memberOf(volume, 'ephemeral'), 'volumeClaimTemplate')
      return view(template, path + pointer('ephemeral', 'volumeClaimTemplate'), stringOf(memberOf(volume, 'name')))
    }),
  ]
}

/** The existing claims that a pod spec mounts, each once. */
export function claimRefsOf(kind: KindName, object: object): ClaimRef[] {
  const refs = new Map<string, ClaimRef>()
  for (const { volume, path } of volumesOf(kind, object)) {
    const name = stringOf(memberOf(memberOf(volume, 'persistentVolumeClaim'), 'claimName'))
    if (name === undefined || refs.has(name)) continue
    refs.set(name, { name, path: path + pointer('persistentVolumeClaim', 'claimName') })
  }
  return [...refs.values()]
}

/** True for a claim that has its volume, or names it: no class decides any more. */
export function isBound(claim: Kinds['PersistentVolumeClaim']): boolean {
  return Boolean(claim.spec?.volumeName) || claim.status?.phase === 'Bound'
}

/** Where a claim names its class: the annotation of old goes before the field (GetPersistentVolumeClaimClass). */
export function classPathOf(claim: Claim): string {
  return memberOf(claim.metadata?.annotations, oldAnnotation) === undefined
    ? pointer('spec', 'storageClassName')
    : pointer('metadata', 'annotations', oldAnnotation)
}

/**
 * The class of a claim: several where it may get any of the default classes of files. None where the claim asks for none
 * (`""`), or it is known not to exist.
 */
export function classesOf(claim: Claim, inventory: Inventory<'StorageClass'>): Relation<Kinds['StorageClass']> {
  const name = classNameOf(claim)
  if (name === undefined) return defaultClasses(inventory)
  if (name === '') return { found: [], unsure: [] }
  const storageClass = name === unknown ? unknown : inventory.get('StorageClass', '', name)
  if (storageClass === unknown || (!storageClass && !inventory.complete)) return { found: [], unsure: ['StorageClass'] }
  if (!storageClass) return { found: [], unsure: [] }
  return inventory.uncertain(storageClass)
    ? { found: [], unsure: ['StorageClass'] }
    : { found: [storageClass], unsure: [] }
}

const oldAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** The class that a claim or a volume names; the annotation of old goes before the field. Unknown for a variable. */
export function classNameOf(claim: Claim | Kinds['PersistentVolume']): string | Unknown | undefined {
  const name: unknown =
    memberOf(claim.metadata?.annotations, oldAnnotation) ?? claim.spec?.storageClassName ?? undefined
  return name === undefined || (typeof name === 'string' && !isVariable(name)) ? name : unknown
}

function view(template: unknown, path: string, name?: string): ClaimView[] {
  const claim: Claim | undefined = recordOf(template)
  return claim ? [{ claim, path, name: name ?? nameOf(claim) }] : []
}

function volumesOf(kind: KindName, object: object): { readonly volume: unknown; readonly path: string }[] {
  const found = podSpecOf(kind, object)
  if (!found) return []
  return listOf(found.spec.volumes).map((volume, index) => ({ volume, path: found.path + pointer('volumes', index) }))
}
