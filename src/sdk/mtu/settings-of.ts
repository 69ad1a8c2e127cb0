import type { Inventory } from '../inventory.ts'
import { nameOf } from '../names.ts'
import type { Kinds } from '../objects.ts'
import { memberOf } from '../shape.ts'
import { antreaSettings } from './antrea.ts'
import { calicoManifestSettings } from './calico.ts'
import type { CalicoKind } from './calico-encapsulation.ts'
import { ciliumSettings } from './cilium.ts'
import { canalSettings, flannelSettings } from './flannel.ts'
import type { MtuSetting } from './setting.ts'

/** The ConfigMaps by which CNIs are configured, by name: they say nothing else of what they are. */
export const cniConfigMaps = [
  'antrea-config',
  'calico-config',
  'canal-config',
  'cilium-config',
  'kube-flannel-cfg',
] as const

/** The MTU settings in a ConfigMap of a CNI, told apart by its keys; none in any other. */
export function configMapSettings(
  object: Kinds['ConfigMap'],
  names: readonly string[],
  inventory: Inventory<CalicoKind>,
): MtuSetting[] {
  const { data } = object
  if (!names.includes(nameOf(object))) return []
  const has = (key: string) => memberOf(data, key) !== undefined
  if (has('net-conf.json')) return has('veth_mtu') ? canalSettings(data) : flannelSettings(data)
  if (has('veth_mtu')) return calicoManifestSettings(data, inventory)
  return has('antrea-agent.conf') ? antreaSettings(data) : ciliumSettings(data)
}
