import type { Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { reachOf, type ProvisionerParams, type Reach } from './provisioners.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'

type Volume = Kinds['PersistentVolume']

/**
 * The driver that attaches a volume: of CSI by its name, in-tree by that of its provisioner. Undefined for sources that
 * are reachable from wherever the network is.
 */
export function driverOf(volume: Volume): string | undefined {
  const driver = stringOf(memberOf(volume.spec?.csi, 'driver'))
  if (driver !== undefined) return driver
  return inTree.find(([source]) => recordOf(memberOf(volume.spec, source)) !== undefined)?.[1]
}

/** How far a volume reaches, as `reachOf` says it of the class that it would come from. */
export function reachOfVolume(
  volume: Volume,
  params: ProvisionerParams,
  nodes: readonly Kinds['Node'][] | Unknown,
): Reach | Unknown | undefined {
  const provisioner = driverOf(volume)
  if (provisioner === undefined) return undefined
  // Drivers keep the parameters of the class, where they matter later, in the attributes of the volume.
  const parameters = recordOf(memberOf(volume.spec?.csi, 'volumeAttributes')) ?? {}
  return reachOf({ provisioner, parameters: texts(parameters) }, params, nodes)
}

/** The terms of the node affinity of a volume; undefined where it has none, so that it goes anywhere. */
export function affinityTerms(volume: Volume): readonly unknown[] | undefined {
  const terms = memberOf(memberOf(memberOf(volume.spec, 'nodeAffinity'), 'required'), 'nodeSelectorTerms')
  return terms === undefined || terms === null ? undefined : listOf(terms)
}

const inTree = [
  ['awsElasticBlockStore', 'kubernetes.io/aws-ebs'],
  ['azureDisk', 'kubernetes.io/azure-disk'],
  ['cinder', 'kubernetes.io/cinder'],
  ['gcePersistentDisk', 'kubernetes.io/gce-pd'],
  ['local', 'kubernetes.io/no-provisioner'],
  ['vsphereVolume', 'kubernetes.io/vsphere-volume'],
] as const

function texts(record: { readonly [key: string]: unknown }): { readonly [key: string]: string } {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
