import { classesOf } from './claims.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import type { KindName, Kinds } from './objects.ts'
import type { PodSpecView } from './pod-specs.ts'
import { reachOf, type ProvisionerParams, type Reach } from './provisioners.ts'
import type { Relation } from './relations.ts'
import { rolloutStep } from './rollouts.ts'
import { labelSelector } from './selectors.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { reachOfVolume } from './volumes.ts'

type Claim = Kinds['PersistentVolumeClaim']

/** How many nodes or pods may use the volume of a claim: `node`, `pod`, or more than one node. */
export function sharingOf(claim: Claim): 'node' | 'pod' | 'nodes' {
  const modes: readonly unknown[] = listOf(claim.spec?.accessModes)
  if (modes.includes('ReadWriteOncePod')) return 'pod'
  return modes.length > 0 && modes.every((mode) => mode === 'ReadWriteOnce') ? 'node' : 'nodes'
}

/** How far the volume of a claim reaches: the volume that it has, else those of its class. At most one is found. */
export function reachOfClaim(
  claim: Claim,
  params: ProvisionerParams,
  inventory: Inventory<'PersistentVolume' | 'StorageClass' | 'Node'>,
): Relation<Reach> {
  const nodes = inventory.list('Node')
  const name = stringOf(claim.spec?.volumeName) ?? ''
  const volume = name === '' ? undefined : inventory.get('PersistentVolume', '', name)
  if (volume === unknown || (volume && inventory.uncertain(volume))) return { found: [], unsure: ['PersistentVolume'] }
  const classes = volume ? { found: [], unsure: [] } : classesOf(claim, inventory)
  const reaches: readonly (Reach | Unknown | undefined)[] = volume
    ? [reachOfVolume(volume, params, nodes)]
    : classes.found.map((storageClass) => reachOf(storageClass, params, nodes))
  const [reach] = reaches
  const unsure: readonly KindName[] =
    reaches.includes(unknown) || new Set(reaches).size > 1 ? ['StorageClass'] : classes.unsure
  return { found: unsure.length > 0 || reach === undefined || reach === unknown ? [] : [reach], unsure }
}

/** True for pods that are all on one node whatever happens: they name it, or each must be beside the others. */
export function stayTogether({ spec, metadata }: PodSpecView): boolean {
  if (spec.nodeName || memberOf(spec.nodeSelector, hostname) !== undefined) return true
  return isBesideItsOwn(memberOf(spec.affinity, 'podAffinity'), metadata.labels)
}

/** True for a Deployment of one replica that starts its new pod while the old one still runs, as the default does. */
export function addsBeforeItRemoves(deployment: Kinds['Deployment']): boolean {
  const step = rolloutStep(deployment, 1)
  return step !== undefined && step !== unknown && step.unavailable === 0 && step.surge > 0
}

const hostname = 'kubernetes.io/hostname'

/** True where a required term by hostname selects the labels of the pods themselves, in their own namespace. */
function isBesideItsOwn(affinity: unknown, labels: unknown): boolean {
  return listOf(memberOf(affinity, 'requiredDuringSchedulingIgnoredDuringExecution')).some(
    (term) =>
      memberOf(term, 'topologyKey') === hostname &&
      listOf(memberOf(term, 'namespaces')).length === 0 &&
      labelSelector(memberOf(term, 'labelSelector'))(labels) === true,
  )
}
