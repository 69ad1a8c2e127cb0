import { volumeOf } from './claim-volume.ts'
import { classesOf } from './claims.ts'
import { reachOfClass } from './class-reach.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { Kinds } from './objects.ts'
import type { PodSpecView } from './pod-specs.ts'
import { type ProvisionerParams, type Reach } from './provisioners.ts'
import type { Relation } from './relations.ts'
import { rolloutStep } from './rollouts.ts'
import { labelSelector } from './selectors.ts'
import { listOf, memberOf } from './shape.ts'
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
  namespace: string,
  params: ProvisionerParams,
  inventory: Inventory<'PersistentVolume' | 'StorageClass' | 'Node'>,
): Relation<Reach> {
  const volume = volumeOf(claim, namespace, inventory)
  if (volume === unknown) return { found: [], unsure: ['PersistentVolume'] }
  if (volume) {
    const reach = reachOfVolume(volume, params, inventory.list('Node'))
    if (reach === unknown) return { found: [], unsure: ['PersistentVolume'] }
    return { found: reach === undefined ? [] : [reach], unsure: [] }
  }
  const classes = classesOf(claim, inventory)
  const unsure = new Set(classes.unsure)
  const reaches = new Set<Reach | undefined>()
  for (const storageClass of classes.found) {
    const reach = reachOfClass(storageClass, params, inventory)
    if (typeof reach !== 'object') reaches.add(reach)
    else unsure.add(reach.unresolved === 'value' ? 'StorageClass' : reach.unresolved)
  }
  // Which of several defaults it will be is not known.
  if (reaches.size > 1) unsure.add('StorageClass')
  const [reach] = reaches
  return { found: unsure.size > 0 || reach === undefined ? [] : [reach], unsure: [...unsure] }
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
