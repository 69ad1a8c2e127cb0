import fc from 'fast-check'
import t from 'tap'
import policy from '../../policies/network/mtu-overlay.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { mtuFault, type Underlay } from '../../src/sdk/mtu/fault.ts'
import { mtuOf, overlays, stacked, type MtuSetting } from '../../src/sdk/mtu/setting.ts'
import { cniConfigMaps, configMapSettings } from '../../src/sdk/mtu/settings-of.ts'

const nothing: Underlay = { underlayMtu: 0, cloud: '', pathMtu: 0 }
const empty = buildInventory([], { complete: true })

t.test('a number is digits or a whole number above 0', async (t) => {
  for (const [value, wanted] of [
    ['1450', 1450],
    [1450, 1450],
    ['0', undefined],
    [0, undefined],
    ['', undefined],
    ['1450 ', undefined],
    [1450.5, undefined],
    ['65536', undefined],
    [undefined, undefined],
    ['${MTU}', unknown],
  ] as const)
    t.equal(mtuOf(value), wanted, String(value))
})

t.test('a number of pods or tunnels is too large just where it and its headers are longer than the link', async (t) => {
  const overlay = fc.constantFrom(undefined, ...Object.values(overlays))
  fc.assert(
    fc.property(
      fc.integer({ min: 576, max: 9100 }),
      fc.integer({ min: 1400, max: 9001 }),
      overlay,
      fc.constantFrom('pod' as const, 'tunnel' as const, 'device' as const),
      (mtu, underlayMtu, over, meaning) => {
        const setting = { cni: 'Calico', key: 'mtu', path: '', mtu, meaning, ...(over ? { overlay: over } : {}) }
        const onTheWire = mtu + (meaning === 'device' ? 0 : (over?.overhead ?? 0))
        const fault = mtuFault(setting, { ...nothing, underlayMtu })
        t.equal(fault?.reason === 'exceeds-underlay', onTheWire > underlayMtu)
        const mended =
          fault?.reason === 'exceeds-underlay' &&
          mtuFault({ ...setting, mtu: fault.limit }, { ...nothing, underlayMtu })
        t.equal(mended ? mended.reason : undefined, undefined, 'what is proposed fits')
      },
    ),
  )
})

t.test('clouds', async (t) => {
  const setting = (mtu: number, overlay: MtuSetting['overlay']): MtuSetting => {
    const base = { cni: 'Calico', key: 'mtu', path: '', mtu, meaning: 'pod' as const }
    return overlay ? { ...base, overlay } : base
  }
  const reason = (mtu: number, cloud: Underlay['cloud'], overlay?: MtuSetting['overlay'], underlayMtu = 0) =>
    mtuFault(setting(mtu, overlay), { ...nothing, cloud, underlayMtu })?.reason
  t.equal(reason(1410, 'gcp', overlays.vxlan), undefined)
  t.equal(reason(1411, 'gcp', overlays.vxlan), 'exceeds-underlay')
  t.equal(reason(8951, 'aws', overlays.vxlan), undefined)
  t.equal(reason(8952, 'aws', overlays.vxlan), 'exceeds-underlay')
  t.equal(reason(1450, 'azure', overlays.vxlan), undefined)
  t.equal(reason(1341, 'azure', overlays.wireguard), 'exceeds-underlay')
  t.equal(reason(1340, 'azure', overlays.wireguard), undefined)
  t.equal(reason(1500, 'gcp', undefined, 1500), undefined, 'the number given goes before the cloud')
  t.equal(reason(8950, '', overlays.vxlan), undefined, 'who gives so large a number has a network for it')
  t.strictSame(stacked(overlays.vxlan, overlays.wireguard), { name: 'WireGuard over VXLAN', overhead: 110 })
})

t.test('what each CNI takes off by itself is not asked for', async (t) => {
  const found = (name: string, data: object) =>
    configMapSettings({ metadata: { name }, data }, cniConfigMaps, empty).map(
      ({ cni, meaning, overlay, mtu }) =>
        `${cni} ${meaning} ${overlay?.name ?? 'none'} ${overlay?.overhead ?? 0} ${String(mtu)}`,
    )
  const flannel = (backend: object) =>
    found('kube-flannel-cfg', { 'net-conf.json': JSON.stringify({ Backend: backend }) })
  t.strictSame(flannel({ Type: 'wireguard', MTU: 1420 }), ['flannel device WireGuard 80 1420'])
  t.strictSame(flannel({ Type: 'host-gw', MTU: 1500 }), ['flannel device none 0 1500'])
  t.strictSame(found('kube-flannel-cfg', { 'net-conf.json': '{{ .Values.net }}' }), [])
  const cilium = (data: object) => found('cilium-config', { mtu: '1500', ...data })
  t.strictSame(cilium({}), ['Cilium device VXLAN 50 1500'])
  t.strictSame(cilium({ tunnel: 'disabled' }), ['Cilium device none 0 1500'])
  t.strictSame(cilium({ 'enable-wireguard': 'true' }), ['Cilium device WireGuard over VXLAN 130 1500'])
  t.strictSame(cilium({ 'routing-mode': 'native', 'enable-ipsec': 'true' }), ['Cilium device IPsec 77 1500'])
  const antrea = (...lines: string[]) =>
    found('antrea-config', { 'antrea-agent.conf': ['defaultMTU: 1400', ...lines].join('\n') })
  t.strictSame(antrea(), ['Antrea pod Geneve 50 1400'])
  t.strictSame(antrea('trafficEncapMode: "noEncap"'), ['Antrea pod none 0 1400'])
  t.strictSame(antrea('tunnelType: gre # old'), ['Antrea pod GRE 38 1400'])
  t.strictSame(antrea('trafficEncryptionMode: wireGuard'), ['Antrea pod WireGuard 60 1400'])
  t.strictSame(antrea('#tunnelType: gre', 'wireGuard:', '  tunnelType: gre'), ['Antrea pod Geneve 50 1400'])
})

t.test('nothing that a file may hold makes it fail', async () => {
  const kinds = ['ConfigMap', 'DaemonSet', 'FelixConfiguration', 'IPPool', 'Installation', 'Network'] as const
  const names = [...cniConfigMaps, 'aws-node', 'weave-net', 'calico-node', 'default']
  const keys = ['veth_mtu', 'mtu', 'net-conf.json', 'antrea-agent.conf', 'calicoNetwork', 'ipPools', 'template', 'spec']
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 1500, -1, '1500', '{', '{"Backend": {"MTU": "x"}}', 'defaultMTU: {}'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys, 'containers', 'env', 'name', 'vxlanMTU', 'vxlanMode'), tie('tree')),
    ),
  }))
  const object = fc.record({ metadata: fc.record({ name: fc.constantFrom(...names) }), data: tree, spec: tree })
  const params = { ...nothing, underlayMtu: 1500, cniConfigMaps }
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      object,
      fc.array(fc.tuple(fc.constantFrom(...kinds), object)),
      (kind, own, others) => {
        const entries = others.map(([kind, other], index): Entry => ({
          kind: kind,
          namespace: '',
          name: `${index}`,
          object: other,
        }))
        const inventory = buildInventory(entries, { complete: true })
        const review = { operation: 'CREATE', subresource: '', frontEnd: 'check' } as const
        return [...policy.check({ kind, object: own, namespace: '', name: '', params, review, inventory })].length >= 0
      },
    ),
  )
})
