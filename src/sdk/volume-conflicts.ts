import type { PodNodes } from './eligible-nodes.ts'
import { unknown, type Unknown } from './inventory.ts'
import { requiredNodeAffinity } from './node-selection.ts'
import { listOf, memberOf } from './shape.ts'
import type { VolumeConstraint } from './volume-constraints.ts'
import { areDisjoint, meet, zonesOfLabels, zonesOfTerms, type ZoneSet } from './zone-sets.ts'

/**
 * Why no node can run a pod with its volumes. The first three hold for every node that may ever come: two constraints
 * have no zone in common. `no-node` is about the nodes of today.
 */
export type VolumeConflict =
  | { readonly reason: 'pv-vs-pod' | 'class-vs-pod'; readonly volume: VolumeConstraint; readonly pod: ZoneSet }
  | { readonly reason: 'pv-vs-pv'; readonly volume: VolumeConstraint; readonly other: VolumeConstraint }
  | { readonly reason: 'no-node'; readonly volume: VolumeConstraint }

/**
 * The conflict of a pod with its volumes; undefined where there is none that can be known, unknown where a `${VARIABLE}`
 * decides. `nodes` are those of the pod, undefined where none is known: then zones alone are compared.
 */
export function volumeConflict(
  spec: unknown,
  constraints: readonly VolumeConstraint[],
  nodes: PodNodes | undefined,
): VolumeConflict | Unknown | undefined {
  const [first] = constraints
  if (!first) return undefined
  const takesAll = (node: PodNodes['all'][number]) => constraints.every(({ test }) => test(node) !== false)
  // A node decides by its own labels, whatever the zones are called.
  if (nodes?.matching.some(takesAll)) {
    return nodes.eligible.length > 0 && !nodes.eligible.some(takesAll) ? noNode(constraints, nodes) : undefined
  }
  const zones = zonesOfPod(spec)
  if (zones === unknown || constraints.some((each) => each.zones === unknown)) return unknown
  return (
    conflictOfZones(zones, constraints) ?? (nodes && nodes.eligible.length > 0 ? noNode(constraints, nodes) : undefined)
  )
}

/** The zones that a pod spec asks for, by `nodeSelector` and required node affinity. */
export function zonesOfPod(spec: unknown): ZoneSet {
  const required = requiredNodeAffinity(spec)
  const byAffinity = required === undefined ? undefined : zonesOfTerms(listOf(memberOf(required, 'nodeSelectorTerms')))
  return meet(zonesOfLabels(memberOf(spec, 'nodeSelector')), byAffinity)
}

function conflictOfZones(pod: ZoneSet, constraints: readonly VolumeConstraint[]): VolumeConflict | undefined {
  const volumes = constraints.filter(({ source }) => source.kind === 'PersistentVolume')
  const alone = volumes.find(({ zones }) => areDisjoint(pod, zones))
  if (alone) return { reason: 'pv-vs-pod', volume: alone, pod }
  let open: ZoneSet
  for (const volume of volumes) {
    if (areDisjoint(open, volume.zones)) {
      const other = volumes.find(({ zones }) => areDisjoint(zones, volume.zones)) ?? volumes[0] ?? volume
      return { reason: 'pv-vs-pv', volume, other }
    }
    open = meet(open, volume.zones)
  }
  const [last] = volumes.slice(-1)
  if (last && areDisjoint(pod, open)) return { reason: 'pv-vs-pod', volume: last, pod }
  open = meet(open, pod)
  for (const volume of constraints) {
    if (volume.source.kind !== 'StorageClass') continue
    if (areDisjoint(open, volume.zones)) return { reason: 'class-vs-pod', volume, pod: open }
    open = meet(open, volume.zones)
  }
  return undefined
}

/** Names the volume that rules out the last of the nodes. */
function noNode(constraints: readonly VolumeConstraint[], { eligible }: PodNodes): VolumeConflict | undefined {
  let left = eligible
  for (const volume of constraints) {
    left = left.filter((node) => volume.test(node) !== false)
    if (left.length === 0) return { reason: 'no-node', volume }
  }
  return undefined
}
