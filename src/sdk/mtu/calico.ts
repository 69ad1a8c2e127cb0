import type { Inventory } from '../inventory.ts'
import type { Kinds } from '../objects.ts'
import { pointer } from '../pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import { calicoEncapsulation, type CalicoKind, type Encapsulation } from './calico-encapsulation.ts'
import { dearest, mtuOf, overlays, type MtuSetting, type Overlay } from './setting.ts'

/** `veth_mtu` of the manifest's ConfigMap: the MTU of pods, and by reference of the tunnels (projectcalico.org, mtu.mdx). */
export function calicoManifestSettings(data: unknown, inventory: Inventory<CalicoKind>): MtuSetting[] {
  const mtu = mtuOf(memberOf(data, 'veth_mtu'))
  if (mtu === undefined) return []
  const { found, unsure } = calicoEncapsulation(inventory)
  const own = memberOf(data, 'calico_backend') === 'vxlan' ? [overlays.vxlan] : []
  return [
    {
      cni: 'Calico',
      key: 'veth_mtu',
      path: pointer('data', 'veth_mtu'),
      mtu,
      meaning: 'pod',
      automatic: true,
      ...overlayOf({ found: [...own, ...found], unsure }),
    },
  ]
}

/** `calicoNetwork.mtu` of the operator's Installation: the MTU of pods and of the tunnels. */
export function installationSettings(object: Kinds['Installation'], inventory: Inventory<CalicoKind>): MtuSetting[] {
  const network = memberOf(object.spec, 'calicoNetwork')
  const mtu = mtuOf(memberOf(network, 'mtu'))
  if (mtu === undefined) return []
  const { found, unsure } = calicoEncapsulation(inventory)
  const pools = listOf(memberOf(network, 'ipPools')).flatMap((pool) => operatorPool(pool))
  const bpf = memberOf(network, 'linuxDataplane') === 'BPF' ? [overlays.vxlan] : []
  return [
    {
      cni: 'Calico',
      key: 'calicoNetwork.mtu',
      path: pointer('spec', 'calicoNetwork', 'mtu'),
      mtu,
      meaning: 'pod',
      automatic: true,
      ...overlayOf({ found: [...pools, ...bpf, ...found], unsure }),
    },
  ]
}

/** The MTU of each tunnel that Felix is told, where that tunnel is in use (felix/dataplane/linux/int_dataplane.go). */
export function felixSettings(object: Kinds['FelixConfiguration'], inventory: Inventory<CalicoKind>): MtuSetting[] {
  const { found, unsure } = calicoEncapsulation(inventory)
  const names = new Set(found.map(({ name }) => name))
  return tunnels.flatMap(({ key, enabled, overlay, ipv6 }) => {
    const mtu = mtuOf(memberOf(object.spec, key))
    if (mtu === undefined || memberOf(object.spec, enabled) === false) return []
    const used = names.has(overlay.name)
    if (!used && unsure.length === 0) return []
    return {
      cni: 'Calico',
      key,
      path: pointer('spec', key),
      mtu,
      meaning: 'tunnel' as const,
      automatic: true as const,
      ...(used ? { overlay } : { unsure }),
      ...(ipv6 ? { ipv6 } : {}),
    }
  })
}

/** The tunnels of Felix: the key of their MTU, what forbids them, and what they cost. */
export const tunnels: readonly {
  readonly key: string
  readonly variable: string
  readonly enabled: string
  readonly overlay: Overlay
  readonly ipv6?: true
}[] = [
  { key: 'ipipMTU', variable: 'FELIX_IPINIPMTU', enabled: 'ipipEnabled', overlay: overlays.ipip },
  { key: 'vxlanMTU', variable: 'FELIX_VXLANMTU', enabled: 'vxlanEnabled', overlay: overlays.vxlan },
  { key: 'vxlanMTUV6', variable: 'FELIX_VXLANMTUV6', enabled: 'vxlanEnabled', overlay: overlays.vxlanV6, ipv6: true },
  { key: 'wireguardMTU', variable: 'FELIX_WIREGUARDMTU', enabled: 'wireguardEnabled', overlay: overlays.wireguard },
  {
    key: 'wireguardMTUV6',
    variable: 'FELIX_WIREGUARDMTUV6',
    enabled: 'wireguardEnabledV6',
    overlay: overlays.wireguardV6,
    ipv6: true,
  },
]

function overlayOf({ found, unsure }: Encapsulation): Pick<MtuSetting, 'overlay' | 'unsure'> {
  const overlay = dearest(found)
  return { ...(overlay ? { overlay } : {}), ...(unsure.length > 0 ? { unsure } : {}) }
}

// A pool of the Installation without `encapsulation` gets IPIP (operator/api/v1/installation_types.go).
function operatorPool(pool: unknown): Overlay[] {
  if (!recordOf(pool)) return []
  const encapsulation = stringOf(memberOf(pool, 'encapsulation')) ?? 'IPIP'
  if (encapsulation.startsWith('IPIP')) return [overlays.ipip]
  return encapsulation.startsWith('VXLAN') ? [overlays.vxlan] : []
}
