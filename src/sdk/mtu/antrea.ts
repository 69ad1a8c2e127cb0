import { pointer } from '../pointer.ts'
import { memberOf, stringOf } from '../shape.ts'
import { isVariable } from '../variables.ts'
import { mtuOf, overlays, stacked, type MtuSetting, type Overlay } from './setting.ts'

/**
 * `defaultMTU` of `antrea-agent.conf`: the MTU of pods and of the gateway; left out, the agent takes its headers off the
 * node's (antrea/build/charts/antrea/conf/antrea-agent.conf, pkg/agent/config/node_config.go).
 */
export function antreaSettings(data: unknown): MtuSetting[] {
  const conf = stringOf(memberOf(data, 'antrea-agent.conf'))
  if (conf === undefined) return []
  const value = topLevel(conf, 'defaultMTU')
  const mtu = mtuOf(value)
  if (mtu === undefined) return []
  const overlay = overlayOf(conf)
  const path = pointer('data', 'antrea-agent.conf')
  return [
    { cni: 'Antrea', key: 'defaultMTU', path, mtu, meaning: 'pod', automatic: true, ...(overlay ? { overlay } : {}) },
  ]
}

function overlayOf(conf: string): Overlay | undefined {
  const encryption = topLevel(conf, 'trafficEncryptionMode')?.toLowerCase()
  // WireGuard takes the place of the tunnel.
  if (encryption === 'wireguard') return overlays.wireguard
  const mode = topLevel(conf, 'trafficEncapMode')?.toLowerCase() ?? 'encap'
  if (mode !== 'encap' && mode !== 'hybrid') return undefined
  const tunnel = tunnels.get(topLevel(conf, 'tunnelType')?.toLowerCase() ?? 'geneve')
  return encryption === 'ipsec' ? stacked(tunnel, { name: 'IPsec', overhead: 38 }) : tunnel
}

// STT looks like TCP and splits what is too long by itself.
const tunnels: ReadonlyMap<string, Overlay> = new Map([
  ['geneve', overlays.geneve],
  ['vxlan', overlays.vxlan],
  ['gre', { name: 'GRE', overhead: 38 }],
])

/**
 * The plain value of a key that stands at the beginning of a line of YAML; undefined where there is none. The file has
 * one such line for each key, and reading it so needs no parser.
 */
function topLevel(conf: string, key: string): string | undefined {
  const line = new RegExp(`^${key}:[ \\t]*([^\\s#][^\\r\\n#]*)`, 'm').exec(conf)?.[1]?.trim()
  if (line === undefined || isVariable(line)) return line
  return line.replace(/^(["'])(.*)\1$/, '$2')
}
