import { filedUnder } from './filed-lists.ts'
import { holdsClaim } from './free-volumes.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import type { Claim } from './claims.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

type Volume = Kinds['PersistentVolume']

/**
 * The volume of a claim: the one that it names, else the one that names it by `claimRef`. Such a volume is bound to it
 * whatever its class, and also where the class waits for a pod (component-helpers/storage/volume/pv_helpers.go
 * FindMatchingVolume). Unknown where volumes are not, or several name the claim.
 */
export function volumeOf(
  claim: Kinds['PersistentVolumeClaim'],
  namespace: string,
  inventory: Inventory<'PersistentVolume'>,
): Volume | Unknown | undefined {
  if (namesVolume(claim)) return volumeNamed(claim, inventory)
  const listed = inventory.list('PersistentVolume')
  if (listed === unknown) return unknown
  const kept = filedUnder(listed, keptFor, [`${namespace}/${nameOf(claim)}`]).filter((each) => isKeptFor(each, claim))
  const [volume, another] = kept
  if (another || (volume && inventory.uncertain(volume))) return unknown
  return volume ?? (filedUnder(listed, keptFor, [anyKey]).length > 0 ? unknown : undefined)
}

/** The volume that a claim, or a template of one, names; undefined where it names none, or none that is there. */
export function volumeNamed(claim: Claim, inventory: Inventory<'PersistentVolume'>): Volume | Unknown | undefined {
  if (!namesVolume(claim)) return undefined
  const name = stringOf(memberOf(claim.spec, 'volumeName')) ?? ''
  if (isVariable(name)) return unknown
  const volume = inventory.get('PersistentVolume', '', name)
  return volume !== unknown && volume && inventory.uncertain(volume) ? unknown : volume
}

/** True for a claim that names its volume, be it there or not. */
export function namesVolume(claim: Claim): boolean {
  return Boolean(memberOf(claim.spec, 'volumeName'))
}

/** True for a claim that has its volume, or one that waits for it alone: no class decides any more. */
export function isBound(
  claim: Kinds['PersistentVolumeClaim'],
  namespace: string,
  inventory: Inventory<'PersistentVolume'>,
): boolean | Unknown {
  if (namesVolume(claim) || claim.status?.phase === 'Bound') return true
  const volume = volumeOf(claim, namespace, inventory)
  return volume === unknown ? unknown : volume !== undefined
}

function keptFor({ spec }: Volume): readonly string[] {
  const claim: unknown = spec?.claimRef
  const [namespace, name] = [memberOf(claim, 'namespace'), memberOf(claim, 'name')]
  if (isVariable(namespace) || isVariable(name)) return [anyKey]
  return typeof namespace === 'string' && typeof name === 'string' ? [`${namespace}/${name}`] : []
}

/** A volume that is not that of a claim of the same name that is gone, and that is large enough. */
function isKeptFor(volume: Volume, claim: Kinds['PersistentVolumeClaim']): boolean {
  if (volume.metadata?.deletionTimestamp) return false
  const [kept, own] = [stringOf(memberOf(volume.spec?.claimRef, 'uid')) ?? '', stringOf(claim.metadata?.uid) ?? '']
  if (kept !== '' && own !== '' && kept !== own) return false
  return holdsClaim(volume, claim) !== false
}
