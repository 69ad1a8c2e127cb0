import { unknown, type Inventory } from '../inventory.ts'
import { nameOf } from '../names.ts'
import type { KindName, Kinds } from '../objects.ts'
import { containersOf, podSpecOf } from '../pod-specs.ts'
import { filedUnder } from '../filed-lists.ts'
import { memberOf, stringOf } from '../shape.ts'
import { isVariable } from '../variables.ts'
import { variableOf } from './env.ts'
import { overlays, type Overlay } from './setting.ts'

/** Where it is written how Calico carries packets between nodes. */
export type CalicoKind = 'DaemonSet' | 'FelixConfiguration' | 'IPPool'

export interface Encapsulation {
  readonly found: readonly Overlay[]
  readonly unsure: readonly KindName[]
}

/**
 * The overlays of a Calico installation: of its pools, or of the pool that calico-node makes where it finds none, and
 * what Felix is told to do besides. `CrossSubnet` counts: some packets are carried that way.
 */
export function calicoEncapsulation(inventory: Inventory<CalicoKind>): Encapsulation {
  const unsure = new Set<KindName>()
  const found: Overlay[] = []
  const pools = inventory.list('IPPool')
  if (pools === unknown) unsure.add('IPPool')
  else
    for (const pool of pools) {
      if (inventory.uncertain(pool)) unsure.add('IPPool')
      else found.push(...poolOverlays(pool))
    }
  if (pools !== unknown && pools.length === 0) {
    const nodes = calicoNodes(inventory)
    if (nodes === unknown) unsure.add('DaemonSet')
    else for (const node of nodes) found.push(...firstPool(node))
  }
  const configurations = inventory.list('FelixConfiguration')
  if (configurations === unknown) unsure.add('FelixConfiguration')
  else
    for (const configuration of configurations) {
      if (inventory.uncertain(configuration)) unsure.add('FelixConfiguration')
      else found.push(...felixOverlays(configuration))
    }
  return { found, unsure: [...unsure] }
}

/** The overlays that one pool asks for. */
export function poolOverlays(pool: Kinds['IPPool']): Overlay[] {
  const vxlan = stringOf(memberOf(pool.spec, 'cidr'))?.includes(':') ? overlays.vxlanV6 : overlays.vxlan
  return [
    ...(encapsulates(memberOf(pool.spec, 'ipipMode')) ? [overlays.ipip] : []),
    ...(encapsulates(memberOf(pool.spec, 'vxlanMode')) ? [vxlan] : []),
  ]
}

/** The DaemonSets called calico-node. */
export function calicoNodes(inventory: Inventory<'DaemonSet'>): readonly Kinds['DaemonSet'][] | typeof unknown {
  const listed = inventory.list('DaemonSet')
  if (listed === unknown) return unknown
  return filedUnder(listed, byName, ['calico-node']).filter((node) => !inventory.uncertain(node))
}

/** True for a mode of a pool, or of a variable of calico-node, by which some packets are encapsulated. */
export function encapsulates(mode: unknown): boolean {
  return mode === 'Always' || mode === 'CrossSubnet'
}

function felixOverlays({ spec }: Kinds['FelixConfiguration']): Overlay[] {
  const enabled = (key: string) => memberOf(spec, key) === true
  return [
    ...(enabled('ipipEnabled') ? [overlays.ipip] : []),
    // The eBPF dataplane carries the traffic of node ports in VXLAN, whatever the pools say.
    ...(enabled('vxlanEnabled') || enabled('bpfEnabled') ? [overlays.vxlan] : []),
    ...(enabled('wireguardEnabled') ? [overlays.wireguard] : []),
    ...(enabled('wireguardEnabledV6') ? [overlays.wireguardV6] : []),
  ]
}

function firstPool(node: Kinds['DaemonSet']): Overlay[] {
  const view = podSpecOf('DaemonSet', node)
  const containers = view ? containersOf(view) : []
  const mode = (name: string) => containers.map((each) => variableOf(each, name)?.value).find((value) => value)
  const asks = (name: string) => encapsulates(mode(name)) && !isVariable(mode(name))
  return [
    ...(asks('CALICO_IPV4POOL_IPIP') ? [overlays.ipip] : []),
    ...(asks('CALICO_IPV4POOL_VXLAN') ? [overlays.vxlan] : []),
  ]
}

const byName = (daemonSet: Kinds['DaemonSet']): readonly string[] => [nameOf(daemonSet)]
