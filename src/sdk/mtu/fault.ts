import { unknown } from '../inventory.ts'
import type { MtuSetting } from './setting.ts'

/** What the settings tell of the network below the pods; 0 and '' where they do not. */
export interface Underlay {
  readonly underlayMtu: number
  readonly cloud: '' | 'aws' | 'azure' | 'gcp'
  readonly pathMtu: number
}

export interface MtuFault {
  readonly reason:
    'exceeds-underlay' | 'exceeds-1500' | 'exceeds-weave' | 'path-mtu' | 'too-small' | 'double-subtract' | 'not-auto'
  /** The largest number that fits, or the smallest that does. */
  readonly limit: number
  /** How it comes about, in numbers. */
  readonly because: string
}

/**
 * What is wrong with a setting, the worst alone. A number for pods or tunnels must leave room for the headers that come
 * on top; one for the device below must not, since its CNI takes them off.
 */
export function mtuFault(setting: MtuSetting, underlay: Underlay): MtuFault | undefined {
  const { mtu, meaning, overlay, ipv6, automatic, implied } = setting
  if (mtu === unknown) return undefined
  const overhead = overlay?.overhead ?? 0
  const taken = meaning === 'device' ? 0 : overhead
  const below = underlayOf(setting, underlay)
  const link = below ?? ethernet
  const because = taken === 0 ? `${link} of the link` : `${link} - ${taken} (${overlay?.name ?? ''})`

  if (below !== undefined && mtu > below - taken)
    return { reason: setting.cni === 'Weave' ? 'exceeds-weave' : 'exceeds-underlay', limit: below - taken, because }
  if (below === undefined && taken > 0 && mtu > ethernet - taken && mtu < jumbo)
    return { reason: 'exceeds-1500', limit: ethernet - taken, because }
  if (meaning === 'pod' && underlay.pathMtu > 0 && mtu > underlay.pathMtu - taken)
    return { reason: 'path-mtu', limit: underlay.pathMtu - taken, because: `pathMtu ${underlay.pathMtu}` }
  if (implied) return undefined
  const least = ipv6 ? 1280 : 576
  if (mtu < least) return { reason: 'too-small', limit: least, because: ipv6 ? 'IPv6' : 'IPv4' }
  if (meaning === 'device' && overhead > 0 && subtracted(mtu, link, overhead, below !== undefined))
    return { reason: 'double-subtract', limit: link, because: `${link} - ${overhead} (${overlay?.name ?? ''})` }
  return automatic ? { reason: 'not-auto', limit: 0, because: '' } : undefined
}

/** The MTU of the network below, as far as the settings say; undefined otherwise. */
function underlayOf({ overlay }: MtuSetting, { underlayMtu, cloud }: Underlay): number | undefined {
  const known = underlayMtu > 0 ? underlayMtu : clouds[cloud]
  if (known === undefined) return undefined
  // Azure drops WireGuard packets that its own network would have to fragment (Calico: mtu.mdx, AKS).
  return cloud === 'azure' && overlay?.name.includes('WireGuard') ? Math.min(known, 1400) : known
}

// Inside one VPC or VNet. Across gateways and regions the path may carry less: pathMtu.
const clouds: { readonly [cloud in Underlay['cloud']]: number | undefined } = {
  '': undefined,
  aws: 9001,
  azure: 1500,
  gcp: 1460,
}
const ethernet = 1500
// Who gives so large a number has a network for it.
const jumbo = 8000

function subtracted(mtu: number, link: number, overhead: number, certain: boolean): boolean {
  return mtu === link - overhead || (certain && mtu < link - 2 * overhead)
}
