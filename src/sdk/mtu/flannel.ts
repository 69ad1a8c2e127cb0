import { pointer } from '../pointer.ts'
import { memberOf, stringOf } from '../shape.ts'
import { mtuOf, type MtuSetting, type Overlay } from './setting.ts'

/**
 * `Backend.MTU` of flannel's `net-conf.json`: the MTU of the external interface. Flannel takes its own headers off
 * (flannel/pkg/backend: `nw.mtu - encapOverhead`), so the link's own number is right here.
 */
export function flannelSettings(data: unknown): MtuSetting[] {
  const text = stringOf(memberOf(data, 'net-conf.json'))
  const network = text === undefined ? undefined : parsed(text)
  const mtu = mtuOf(memberOf(memberOf(network, 'Backend'), 'MTU'))
  if (mtu === undefined) return []
  const overlay = flannelOverlay(network)
  return [
    {
      cni: 'flannel',
      key: 'Backend.MTU',
      path: pointer('data', 'net-conf.json'),
      mtu,
      meaning: 'device',
      automatic: true,
      ...(overlay ? { overlay } : {}),
      ...(memberOf(network, 'EnableIPv6') === true ? { ipv6: true as const } : {}),
    },
  ]
}

/**
 * `veth_mtu` of Canal: Calico's number for pods that flannel carries (calico/manifests/canal.yaml).
 */
export function canalSettings(data: unknown): MtuSetting[] {
  const mtu = mtuOf(memberOf(data, 'veth_mtu'))
  if (mtu === undefined) return []
  const overlay = flannelOverlay(parsed(stringOf(memberOf(data, 'net-conf.json')) ?? ''))
  const path = pointer('data', 'veth_mtu')
  return [{ cni: 'Canal', key: 'veth_mtu', path, mtu, meaning: 'pod', ...(overlay ? { overlay } : {}) }]
}

function flannelOverlay(network: unknown): Overlay | undefined {
  const type = memberOf(memberOf(network, 'Backend'), 'Type')
  return typeof type === 'string' ? backends.get(type.toLowerCase()) : undefined
}

// `host-gw` and the clouds' own backends send packets as they are.
const backends: ReadonlyMap<string, Overlay> = new Map([
  ['vxlan', { name: 'VXLAN', overhead: 50 }],
  ['wireguard', { name: 'WireGuard', overhead: 80 }],
  ['ipsec', { name: 'IPsec', overhead: 77 }],
  ['udp', { name: 'UDP', overhead: 28 }],
])

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is no JSON, or a template of it, sets no MTU.
    return undefined
  }
}
