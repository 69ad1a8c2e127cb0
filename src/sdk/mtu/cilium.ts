import { pointer } from '../pointer.ts'
import { memberOf, stringOf } from '../shape.ts'
import { mtuOf, overlays, stacked, type MtuSetting, type Overlay } from './setting.ts'

/**
 * `mtu` of cilium-config: the MTU of the devices. Cilium takes tunnel and encryption off for the routes
 * (cilium/pkg/mtu/mtu.go), so the link's own number is right here.
 */
export function ciliumSettings(data: unknown): MtuSetting[] {
  const mtu = mtuOf(memberOf(data, 'mtu'))
  if (mtu === undefined) return []
  const overlay = stacked(tunnelOf(data), encryptionOf(data))
  return [
    {
      cni: 'Cilium',
      key: 'mtu',
      path: pointer('data', 'mtu'),
      mtu,
      meaning: 'device',
      automatic: true,
      ...(overlay ? { overlay } : {}),
      ...(memberOf(data, 'enable-ipv6') === 'true' ? { ipv6: true as const } : {}),
    },
  ]
}

function tunnelOf(data: unknown): Overlay | undefined {
  if (memberOf(data, 'routing-mode') === 'native' || memberOf(data, 'tunnel') === 'disabled') return undefined
  const protocol = stringOf(memberOf(data, 'tunnel-protocol')) ?? stringOf(memberOf(data, 'tunnel')) ?? 'vxlan'
  return protocol === 'geneve' ? overlays.geneve : overlays.vxlan
}

function encryptionOf(data: unknown): Overlay | undefined {
  // Cilium reckons with the larger header of IPv6 always.
  if (memberOf(data, 'enable-wireguard') === 'true') return { name: 'WireGuard', overhead: 80 }
  return memberOf(data, 'enable-ipsec') === 'true' ? { name: 'IPsec', overhead: 77 } : undefined
}
