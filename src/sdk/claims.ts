import type { V1PersistentVolumeClaimTemplate } from '@kubernetes/client-node'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { lastAsked } from './last-asked.ts'
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
export function claimsOf(kind: KindName, object: object): readonly ClaimView[] {
  return claimsIn(kind, object)
}

/** The existing claims that a pod spec mounts, each once. */
export function claimRefsOf(kind: KindName, object: object): readonly ClaimRef[] {
  return refsIn(kind, object)
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

// Seven rules ask for the claims of the object under review.
const claimsIn = lastAsked((kind: KindName, object: object): readonly ClaimView[] => {
  // The kind says which object it is.
  if (kind === 'PersistentVolumeClaim') return [{ claim: object, path: '', name: nameOf(object) }]
  const found: ClaimView[] = []
  const add = (template: unknown, path: string, name?: string) => {
    const claim: Claim | undefined = recordOf(template)
    if (claim) found.push({ claim, path, name: name ?? nameOf(claim) })
  }
  const templates = kind === 'StatefulSet' ? listOf(memberOf(memberOf(object, 'spec'), 'volumeClaimTemplates')) : []
  templates.forEach((template, index) => add(template, pointer('spec', 'volumeClaimTemplates', index)))
  const view = podSpecOf(kind, object)
  listOf(view?.spec.volumes).forEach((volume, index) => {
    const template = memberOf(memberOf(volume, 'ephemeral'), 'volumeClaimTemplate')
    if (template === undefined) return
    const path = pointer('volumes', index, 'ephemeral', 'volumeClaimTemplate')
    add(template, `${view?.path ?? ''}${path}`, stringOf(memberOf(volume, 'name')))
  })
  return found
})

const refsIn = lastAsked((kind: KindName, object: object): readonly ClaimRef[] => {
  const refs = new Map<string, ClaimRef>()
  const view = podSpecOf(kind, object)
  listOf(view?.spec.volumes).forEach((volume, index) => {
    const name = stringOf(memberOf(memberOf(volume, 'persistentVolumeClaim'), 'claimName'))
    if (name === undefined || refs.has(name)) return
    const path = pointer('volumes', index, 'persistentVolumeClaim', 'claimName')
    refs.set(name, { name, path: `${view?.path ?? ''}${path}` })
  })
  return [...refs.values()]
})
