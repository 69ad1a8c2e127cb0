import { classNameOf, type Claim } from './claims.ts'
import { filedUnder } from './filed-lists.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { anyKey } from './label-keys.ts'
import type { Kinds } from './objects.ts'
import { compareQuantities, parseQuantity } from './quantities.ts'
import type { Relation } from './relations.ts'
import { labelSelector } from './selectors.ts'
import { listOf, memberOf } from './shape.ts'
import { isVariable } from './variables.ts'

type Volume = Kinds['PersistentVolume']

/** Tells whether a claim of this name in this namespace is one of those that a volume is wanted for. */
export type IsOwn = (namespace: unknown, name: unknown) => boolean

/**
 * The volumes of a class, '' for those of none, that no other claim has: free ones, those kept for the own claims, and
 * those that these have already. A Released volume stays with the claim that is gone until its `claimRef` is cleared.
 */
export function freeVolumes(
  className: string,
  isOwn: IsOwn,
  inventory: Inventory<'PersistentVolume'>,
): Relation<Volume> {
  const listed = inventory.list('PersistentVolume')
  if (listed === unknown) return { found: [], unsure: ['PersistentVolume'] }
  const of = filedUnder(listed, volumeClasses, [className]).filter((volume) => isFree(volume, isOwn))
  const unsure = filedUnder(listed, volumeClasses, [anyKey]).length > 0 || of.some((each) => inventory.uncertain(each))
  return { found: of, unsure: unsure ? ['PersistentVolume'] : [] }
}

/**
 * Whether a free volume of its class may be bound to a claim: it can hold it and has the labels asked for
 * (component-helpers/storage/volume/pv_helpers.go FindMatchingVolume). Unknown where a value cannot be read.
 */
export function fitsClaim(volume: Volume, claim: Claim): boolean | Unknown {
  const holds = holdsClaim(volume, claim)
  if (holds !== true) return holds
  const selector: unknown = claim.spec?.selector
  return selector === undefined || selector === null || labelSelector(selector)(volume.metadata?.labels)
}

/** Whether a volume is as large as a claim asks for, with all access modes, and of its mode. */
export function holdsClaim(volume: Volume, claim: Claim): boolean | Unknown {
  const asked = claim.spec?.resources?.requests
  const [size, wanted] = [memberOf(volume.spec?.capacity, 'storage'), memberOf(asked, 'storage')].map(parseQuantity)
  if (!size || !wanted) return unknown
  if (compareQuantities(size, wanted) < 0) return false
  const modes: readonly unknown[] = listOf(volume.spec?.accessModes)
  if (!listOf(claim.spec?.accessModes).every((mode) => modes.includes(mode))) return false
  return (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem')
}

/** The class of a volume, '' where it has none, `anyKey` for a `${VARIABLE}`. A volume names it as a claim does. */
export function volumeClass(volume: Volume): string {
  const name = classNameOf(volume) ?? ''
  return name === unknown || isVariable(name) ? anyKey : name
}

function volumeClasses(volume: Volume): readonly string[] {
  return [volumeClass(volume)]
}

function isFree({ spec, status, metadata }: Volume, isOwn: IsOwn): boolean {
  if (metadata?.deletionTimestamp) return false
  const claim: unknown = spec?.claimRef
  if (claim !== undefined && claim !== null) return isOwn(memberOf(claim, 'namespace'), memberOf(claim, 'name'))
  // A new one is Pending until the controller of volumes has seen it, a moment later.
  return [undefined, null, 'Pending', 'Available'].includes(status?.phase)
}
