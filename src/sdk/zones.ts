import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import { memberOf, stringOf } from './shape.ts'

/**
 * Labels that name a zone: the well-known one first, then what it replaced, then those of the drivers
 * (kubernetes/staging/src/k8s.io/csi-translation-lib/plugins). They serve to compare constraints; whether a node
 * satisfies a volume is decided by the key that the volume names.
 */
export const zoneKeys = [
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.ebs.csi.aws.com/zone',
  'topology.gke.io/zone',
  'topology.disk.csi.azure.com/zone',
  'topology.cinder.csi.openstack.org/zone',
  'topology.csi.vmware.com/zone',
] as const

/** True for a label key that names a zone. */
export function isZoneKey(key: unknown): boolean {
  return zones.has(key)
}

/** False for what Azure calls a node without a zone: nothing, or the bare number of a fault domain. */
export function isZone(value: string): boolean {
  return value !== '' && !/^\d$/.test(value)
}

/** The zone of a node; undefined where it has none. */
export function zoneOf(node: Kinds['Node']): string | undefined {
  const labels: unknown = node.metadata?.labels
  const value = zoneKeys.map((key) => stringOf(memberOf(labels, key))).find((zone) => zone !== undefined)
  return value !== undefined && isZone(value) ? value : undefined
}

/** The zones that nodes stand in. */
export const zonesOf = oncePerList(
  (nodes: readonly Kinds['Node'][]): ReadonlySet<string> =>
    new Set(nodes.map(zoneOf).filter((zone) => zone !== undefined)),
)

/** True for the nodes of a cluster that has no second zone. False where no node is known. */
export function inOneZone(nodes: readonly Kinds['Node'][]): boolean {
  return nodes.length > 0 && zonesOf(nodes).size <= 1
}

const zones: ReadonlySet<unknown> = new Set(zoneKeys)
