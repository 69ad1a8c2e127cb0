import { volumeClass } from './free-volumes.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { reachOf, type ProvisionerParams, type Reach } from './provisioners.ts'
import { listOf, memberOf } from './shape.ts'
import { affinityTerms, driverOf, reachOfVolume } from './volumes.ts'
import { volumeLabels } from './zone-sets.ts'
import { isZoneKey } from './zones.ts'

type Volume = Kinds['PersistentVolume']

/**
 * How far the volumes of a class reach: as its provisioner says, or, where it only hands out volumes that somebody made,
 * as these say, of which the least reach counts. While there is none, they are taken for volumes of one node, for which
 * such classes are made. Unresolved where a `${VARIABLE}` decides, or volumes that are not known.
 */
export function reachOfClass(
  storageClass: Kinds['StorageClass'],
  params: ProvisionerParams,
  inventory: Inventory<'Node' | 'PersistentVolume'>,
): Reach | Unresolved | undefined {
  const nodes = inventory.list('Node')
  const reach = reachOf(storageClass, params, nodes)
  if (reach === unknown) return unresolved('value')
  // Settings may call it something else.
  if (reach !== 'node-local' || !onlyHandsOut(storageClass)) return reach
  const listed = inventory.list('PersistentVolume')
  if (listed === unknown) return unresolved('PersistentVolume')
  const samples = samplesOf(listed)
  const volumes = [...(samples.get(nameOf(storageClass))?.values() ?? [])]
  if (samples.has(anyKey) || volumes.some((each) => inventory.uncertain(each))) return unresolved('PersistentVolume')
  const reaches = volumes.map((volume) => reachAsPlaced(volume, params, nodes))
  if (reaches.includes(unknown)) return unresolved('PersistentVolume')
  return volumes.length === 0 ? reach : leastFirst.find((each) => reaches.includes(each))
}

/** True for a class that makes no volumes. */
export function onlyHandsOut({ provisioner }: Kinds['StorageClass']): boolean {
  return provisioner === 'kubernetes.io/no-provisioner'
}

const leastFirst: readonly Reach[] = ['node-local', 'zonal', 'unknown', 'zone-redundant', 'global']

/** One volume of each sort, by class: claims ask for those of theirs, and there may be thousands of both. */
const samplesOf = oncePerList((volumes: readonly Volume[]): ReadonlyMap<string, ReadonlyMap<string, Volume>> => {
  const classes = new Map<string, Map<string, Volume>>()
  for (const volume of volumes) {
    const key = volumeClass(volume)
    const sorts = classes.get(key) ?? new Map<string, Volume>()
    classes.set(key, sorts)
    const attributes: unknown = memberOf(volume.spec?.csi, 'volumeAttributes')
    sorts.set(JSON.stringify([driverOf(volume), placementOf(volume), attributes]), volume)
  }
  return classes
})

/** The reach of a volume; where its driver leaves it open, its node affinity may still keep it in a place. */
function reachAsPlaced(
  volume: Volume,
  params: ProvisionerParams,
  nodes: readonly Kinds['Node'][] | Unknown,
): Reach | Unknown {
  const reach = reachOfVolume(volume, params, nodes) ?? 'global'
  return reach === 'global' || reach === 'unknown' ? (placementOf(volume) ?? reach) : reach
}

/** To what its labels and its node affinity keep a volume; unknown for what is no zone and no node. */
function placementOf(volume: Volume): 'node-local' | 'zonal' | 'unknown' | undefined {
  const terms = affinityTerms(volume) ?? []
  const keys = terms.flatMap((term) => listOf(memberOf(term, 'matchExpressions')).map((each) => memberOf(each, 'key')))
  const names = terms.some((term) => listOf(memberOf(term, 'matchFields')).length > 0)
  if (names || keys.includes('kubernetes.io/hostname')) return 'node-local'
  const labelled = volumeLabels.some((key) => memberOf(volume.metadata?.labels, key) !== undefined)
  if (labelled || keys.some(isZoneKey)) return 'zonal'
  return keys.length > 0 ? 'unknown' : undefined
}
