import { unknown, type Inventory } from '../inventory.ts'
import { nameOf } from '../names.ts'
import type { KindName, ObjectRef } from '../objects.ts'
import { containersOf, podSpecOf } from '../pod-specs.ts'
import { memberOf } from '../shape.ts'
import { tunnels } from './calico.ts'
import { calicoEncapsulation, calicoNodes, type CalicoKind } from './calico-encapsulation.ts'
import { variableOf } from './env.ts'
import { mtuOf } from './setting.ts'

export interface NarrowTunnel {
  readonly key: string
  readonly mtu: number
  readonly at: ObjectRef & { readonly path: string }
}

/**
 * A tunnel in use that is narrower than the pods of a manifest installation. A variable of calico-node goes before
 * FelixConfiguration, and one that refers to `veth_mtu`, as in the manifest, cannot contradict it; without the DaemonSet
 * nobody can tell which of the two counts.
 */
export function narrowTunnel(mtu: number, inventory: Inventory<CalicoKind>): NarrowTunnel | KindName | undefined {
  const { found } = calicoEncapsulation(inventory)
  const used = new Set(found.map(({ name }) => name))
  const listed = inventory.list('FelixConfiguration')
  const configuration = listed === unknown ? undefined : listed.find((each) => nameOf(each) === 'default')
  const nodes = calicoNodes(inventory)
  const node = nodes === unknown ? undefined : nodes[0]
  const view = node && podSpecOf('DaemonSet', node)
  const containers = view ? containersOf(view) : []
  for (const { key, variable, overlay } of tunnels) {
    if (!used.has(overlay.name)) continue
    const variables = containers.flatMap((each) => variableOf(each, variable) ?? [])
    const [first] = variables
    if (node && first) {
      const width = mtuOf(first.value)
      const namespace = node.metadata?.namespace ?? ''
      const at = { kind: 'DaemonSet', namespace, name: nameOf(node), path: first.path }
      if (typeof width === 'number' && width < mtu) return { key: variable, mtu: width, at }
      continue
    }
    const width = mtuOf(memberOf(configuration?.spec, key))
    if (typeof width !== 'number' || width >= mtu || !configuration) continue
    if (!node) return 'DaemonSet'
    return { key, mtu: width, at: { kind: 'FelixConfiguration', namespace: '', name: 'default', path: `/spec/${key}` } }
  }
  return undefined
}
