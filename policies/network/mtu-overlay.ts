import { unknown } from '../../src/sdk/inventory.ts'
import { felixSettings, installationSettings } from '../../src/sdk/mtu/calico.ts'
import { narrowTunnel } from '../../src/sdk/mtu/calico-tunnels.ts'
import { daemonSetSettings } from '../../src/sdk/mtu/daemon-sets.ts'
import { mtuFault } from '../../src/sdk/mtu/fault.ts'
import { ovnSettings } from '../../src/sdk/mtu/ovn-kubernetes.ts'
import { poolFault } from '../../src/sdk/mtu/pool-fault.ts'
import { sentences } from '../../src/sdk/mtu/sentences.ts'
import type { MtuSetting } from '../../src/sdk/mtu/setting.ts'
import { cniConfigMaps, configMapSettings } from '../../src/sdk/mtu/settings-of.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'

const silent =
  'A full packet of a pod with its outer header is longer than the link; with DF set and ICMP filtered it vanishes, so health checks pass and large answers hang until 504.'

const configMap = (name: string, data: string, namespace = 'kube-system') =>
  `{ kind: ConfigMap, metadata: { name: ${name}, namespace: ${namespace} }, data: ${data} }`
const calico = (veth: string, backend = 'vxlan') =>
  configMap('calico-config', `{ calico_backend: ${backend}, veth_mtu: "${veth}" }`)
const flannel = (backend: string) =>
  configMap(
    'kube-flannel-cfg',
    `{ net-conf.json: '{"Network": "10.244.0.0/16", "Backend": ${backend}}' }`,
    'kube-flannel',
  )
const cilium = (data: string) => configMap('cilium-config', `{ ${data} }`)
const antrea = (...lines: readonly string[]) =>
  configMap('antrea-config', `{ antrea-agent.conf: "${lines.join('\\n')}\\n" }`)
const pool = (modes: string) =>
  `{ kind: IPPool, metadata: { name: default-ipv4-ippool }, spec: { cidr: 10.0.0.0/16, ${modes} } }`
const installation = (network: string) =>
  `{ kind: Installation, metadata: { name: default }, spec: { calicoNetwork: { ${network} } } }`
const felix = (spec: string) => `{ kind: FelixConfiguration, metadata: { name: default }, spec: { ${spec} } }`
const openshift = (config: string) =>
  `{ kind: Network, metadata: { name: cluster }, spec: { defaultNetwork: { type: OVNKubernetes, ovnKubernetesConfig: { ${config} } } } }`
const daemonSet = (name: string, env: string) =>
  `{ kind: DaemonSet, metadata: { name: ${name}, namespace: kube-system }, spec: { selector: { matchLabels: { k8s-app: ${name} } }, template: { metadata: { labels: { k8s-app: ${name} } }, spec: { containers: [{ name: ${name}, image: "registry.example.com/${name}:1.4.2", env: [${env}], resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }] } } } }`
const value = (name: string, text: string) => `{ name: ${name}, value: "${text}" }`
const fromVeth = (name: string) =>
  `{ name: ${name}, valueFrom: { configMapKeyRef: { name: calico-config, key: veth_mtu } } }`

export default definePolicy({
  id: 'network-mtu-overlay',
  summary: 'Packets of pods fit the link below together with the headers of the overlay.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  systemConfigMaps: cniConfigMaps,
  sources: [
    'https://docs.tigera.io/calico/latest/networking/configuring/mtu',
    'projectcalico/calico felix/dataplane/linux/int_dataplane.go; tigera/operator pkg/render/node.go (FELIX_VXLANMTU)',
    'flannel-io/flannel pkg/backend; cilium/cilium pkg/mtu/mtu.go',
    'antrea-io/antrea build/charts/antrea/conf/antrea-agent.conf, pkg/agent/config/node_config.go',
    'openshift/cluster-network-operator pkg/network/ovn_kubernetes.go; ovn-org/ovn-kubernetes go-controller/pkg/types',
    'https://github.com/aws/amazon-vpc-cni-k8s (README.md: AWS_VPC_ENI_MTU, POD_MTU)',
    'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html; https://cloud.google.com/vpc/docs/mtu',
    'Not verified: what Weave, an archived project, does with packets that are too long. Its finding never denies.',
  ],
  on: ['ConfigMap', 'DaemonSet', 'FelixConfiguration', 'IPPool', 'Installation', 'Network'],
  // No ConfigMap: an audit would keep them all. A contradiction with `veth_mtu` is found where that stands.
  reads: ['DaemonSet', 'FelixConfiguration', 'IPPool', 'Installation'],
  reasons: {
    'exceeds-underlay': { baseline: 'deny', why: silent },
    'tunnel-inconsistent': {
      baseline: 'deny',
      why: 'Pods send packets that their own tunnel cannot carry: large ones are dropped or cut on every node, small ones pass.',
    },
    'exceeds-1500': { baseline: 'warn', why: silent },
    'exceeds-weave': {
      baseline: 'warn',
      why: 'The header of the tunnel does not fit beside packets of this size, so large ones are lost or take the slow way through user space.',
    },
    'path-mtu': {
      baseline: 'warn',
      why: 'Past a gateway or a peering the path carries less than the VPC; where ICMP is filtered nobody tells the pod, and large packets vanish.',
    },
    'too-small': {
      baseline: 'warn',
      why: 'A link must carry 1280 bytes for IPv6 and should carry 576 for IPv4: below that the kernel has no IPv6 on it, and peers give up.',
    },
    'double-subtract': {
      baseline: 'audit',
      why: 'This CNI takes its headers off the number by itself, so they are taken off twice and every packet carries less than it could.',
    },
    'not-auto': {
      baseline: 'audit',
      why: 'The CNI finds the MTU of each node by itself; a fixed number stays behind when nodes, clouds or encryption change.',
    },
  },
  params: {
    underlayMtu: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: 0,
      description: 'MTU of the network between the nodes, in bytes. 0: not told, and `cloud` may tell it.',
    },
    cloud: {
      type: 'string',
      enum: ['', 'aws', 'azure', 'gcp'],
      default: '',
      description:
        'Whose network it is: aws 9001, azure 1500 (1400 for WireGuard), gcp 1460. `underlayMtu` goes before it.',
    },
    pathMtu: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: 0,
      description:
        'What the path carries beyond the nodes: 1500 through an AWS internet gateway, 8500 through a transit gateway. 0: not told.',
    },
    cniConfigMaps: {
      type: 'array',
      items: { type: 'string' },
      default: cniConfigMaps,
      description: 'Names of the ConfigMaps of CNIs. In kube-system the webhook meets only the default ones.',
    },
  },
  examples: {
    passes: [
      { name: 'Calico finds the MTU itself', object: calico('0') },
      {
        name: 'nothing is carried in anything, on a link that nobody narrows',
        object: installation('mtu: 0, ipPools: [{ cidr: 10.0.0.0/16, encapsulation: None }]'),
        params: { underlayMtu: 1500 },
      },
      { name: 'Cilium finds the MTU itself', object: cilium('mtu: "0", tunnel-protocol: vxlan') },
      { name: 'flannel finds the MTU itself', object: flannel('{"Type": "vxlan"}') },
      { name: 'Antrea finds the MTU itself', object: antrea('trafficEncapMode: encap', 'defaultMTU: 0') },
      { name: 'OpenShift with room for Geneve', object: openshift('mtu: 1400'), params: { underlayMtu: 1500 } },
      { name: 'jumbo frames inside the VPC', object: daemonSet('aws-node', ''), params: { cloud: 'aws' } },
      { name: 'a ConfigMap that is none of a CNI', object: configMap('web', '{ mtu: "9000" }', 'web') },
      {
        name: 'tunnels that take their MTU from veth_mtu, as in the manifest',
        object: calico('0', 'bird'),
        inventory: `${daemonSet('calico-node', `${value('CALICO_IPV4POOL_IPIP', 'Always')}, ${fromVeth('FELIX_IPINIPMTU')}`)}\n---\n${felix('ipipMTU: 1400')}`,
      },
    ],
    fails: [
      {
        name: 'Calico: pods as wide as the usual Ethernet, in VXLAN',
        object: calico('1500'),
        finds: ['exceeds-1500 /data/veth_mtu'],
      },
      {
        name: 'Calico: the same on a link that is known to be no wider',
        object: calico('1500'),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-underlay /data/veth_mtu'],
      },
      {
        name: 'Calico: room for VXLAN, by a number that nobody needs',
        object: calico('1450'),
        finds: ['not-auto /data/veth_mtu'],
      },
      {
        name: 'Calico: the pool says that packets travel in IPIP',
        object: calico('1490', 'bird'),
        inventory: pool('ipipMode: CrossSubnet, vxlanMode: Never'),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-underlay /data/veth_mtu'],
      },
      {
        name: 'Calico: a variable of its DaemonSet says so',
        object: calico('1490', 'bird'),
        inventory: daemonSet('calico-node', value('CALICO_IPV4POOL_IPIP', 'Always')),
        finds: ['exceeds-1500 /data/veth_mtu'],
      },
      {
        name: 'Calico: nobody knows how packets travel',
        object: calico('1500', 'bird'),
        unknown: ['IPPool'],
        finds: ['not-auto /data/veth_mtu', 'unresolved IPPool'],
      },
      {
        name: 'Calico: pods wider than the tunnel of their DaemonSet',
        object: calico('1450', 'bird'),
        inventory: daemonSet(
          'calico-node',
          `${value('CALICO_IPV4POOL_VXLAN', 'Always')}, ${value('FELIX_VXLANMTU', '1410')}`,
        ),
        finds: ['tunnel-inconsistent /data/veth_mtu'],
      },
      {
        name: 'Calico: pods wider than the tunnel that Felix is told',
        object: calico('1450', 'bird'),
        inventory: `${daemonSet('calico-node', value('CALICO_IPV4POOL_VXLAN', 'Always'))}\n---\n${felix('vxlanMTU: 1410')}`,
        finds: ['tunnel-inconsistent /data/veth_mtu'],
      },
      {
        name: 'Calico: Felix is told otherwise, and no DaemonSet says what counts',
        object: calico('1450'),
        inventory: `${pool('vxlanMode: Always')}\n---\n${felix('vxlanMTU: 1410')}`,
        finds: ['not-auto /data/veth_mtu', 'unresolved DaemonSet'],
      },
      {
        name: 'a variable that nobody has filled in',
        object: calico('${MTU}'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'the operator of Calico: IPIP is what a pool gets',
        object: installation('mtu: 1500, ipPools: [{ cidr: 10.0.0.0/16 }]'),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-underlay /spec/calicoNetwork/mtu'],
      },
      {
        name: 'the operator of Calico: the eBPF dataplane uses VXLAN',
        object: installation('mtu: 1500, linuxDataplane: BPF, ipPools: [{ cidr: 10.0.0.0/16, encapsulation: None }]'),
        finds: ['exceeds-1500 /spec/calicoNetwork/mtu'],
      },
      {
        name: 'a pool that puts wide pods into VXLAN',
        object: pool('vxlanMode: Always, ipipMode: Never'),
        inventory: installation('mtu: 1500, ipPools: [{ cidr: 10.0.0.0/16, encapsulation: None }]'),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-underlay /spec/vxlanMode'],
      },
      {
        name: 'Felix: a VXLAN device as wide as the link',
        object: felix('vxlanEnabled: true, vxlanMTU: 1500'),
        params: { cloud: 'azure' },
        finds: ['exceeds-underlay /spec/vxlanMTU'],
      },
      {
        name: 'Felix: WireGuard on Azure',
        object: felix('wireguardEnabled: true, wireguardMTU: 1440'),
        params: { cloud: 'azure' },
        finds: ['exceeds-underlay /spec/wireguardMTU'],
      },
      {
        name: 'Canal: Calico for policies over VXLAN of flannel',
        object: configMap('canal-config', `{ veth_mtu: "1500", net-conf.json: '{"Backend": {"Type": "vxlan"}}' }`),
        finds: ['exceeds-1500 /data/veth_mtu'],
      },
      {
        name: 'flannel: the number is that of the link, so 1500 is right on 1500',
        object: flannel('{"Type": "vxlan", "MTU": 1500}'),
        params: { underlayMtu: 1500 },
        finds: ['not-auto /data/net-conf.json'],
      },
      {
        name: 'flannel: wider than the link',
        object: flannel('{"Type": "vxlan", "MTU": 1500}'),
        params: { cloud: 'gcp' },
        finds: ['exceeds-underlay /data/net-conf.json'],
      },
      {
        name: 'Cilium: the number is that of the link, so 1500 is right with VXLAN',
        object: cilium('mtu: "1500", tunnel-protocol: vxlan'),
        finds: ['not-auto /data/mtu'],
      },
      {
        name: 'Cilium: VXLAN taken off by hand',
        object: cilium('mtu: "1450", tunnel-protocol: vxlan'),
        finds: ['double-subtract /data/mtu'],
      },
      {
        name: 'Cilium: too narrow for IPv6',
        object: cilium('mtu: "1200", routing-mode: native, enable-ipv6: "true"'),
        finds: ['too-small /data/mtu'],
      },
      {
        name: 'Antrea: no room for Geneve and IPsec',
        object: antrea('trafficEncapMode: hybrid', 'trafficEncryptionMode: ipsec', 'defaultMTU: 1450'),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-underlay /data/antrea-agent.conf'],
      },
      {
        name: 'OpenShift: no room for Geneve',
        object: openshift('mtu: 1500'),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-underlay /spec/defaultNetwork/ovnKubernetesConfig/mtu'],
      },
      {
        name: 'OpenShift: room for Geneve, not for IPsec too',
        object: openshift('mtu: 1400, ipsecConfig: { mode: Full }'),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-underlay /spec/defaultNetwork/ovnKubernetesConfig/mtu'],
      },
      {
        name: 'AWS: jumbo frames by default, through an internet gateway',
        object: daemonSet('aws-node', ''),
        params: { pathMtu: 1500 },
        finds: ['path-mtu /spec/template/spec/containers/0/env'],
      },
      {
        name: 'AWS: wider than a transit gateway',
        object: daemonSet('aws-node', value('AWS_VPC_ENI_MTU', '9001')),
        params: { pathMtu: 8500 },
        finds: ['path-mtu /spec/template/spec/containers/0/env/0/value'],
      },
      {
        name: 'Weave on a link of 1500',
        object: daemonSet('weave-net', value('WEAVE_MTU', '1500')),
        params: { underlayMtu: 1500 },
        finds: ['exceeds-weave /spec/template/spec/containers/0/env/0/value'],
      },
    ],
  },
  *check({ kind, object, params, inventory }) {
    if (kind === 'IPPool') {
      const installations = inventory.list('Installation')
      if (installations === unknown) yield unresolved('Installation')
      for (const each of installations === unknown ? [] : installations) {
        const finding = poolFault(object, each, params)
        if (finding) yield inventory.uncertain(each) ? unresolved('Installation') : finding
      }
      return
    }
    const unsure = new Set<KindName>()
    for (const setting of settings()) {
      const { mtu, key, path, cni } = setting
      if (mtu === unknown) {
        yield unresolved('value')
        continue
      }
      for (const missing of setting.unsure ?? []) unsure.add(missing)
      const tunnel = key === 'veth_mtu' && cni === 'Calico' ? narrowTunnel(mtu, inventory) : undefined
      if (tunnel && typeof tunnel !== 'string') {
        yield {
          reason: 'tunnel-inconsistent',
          path,
          message: `Calico: pods get ${key} ${mtu}, but ${tunnel.key} gives their tunnel ${tunnel.mtu}`,
          fix: `set both to ${tunnel.mtu}, or both to 0, which finds it; restart calico-node and the pods`,
          related: [tunnel.at],
        }
        continue
      }
      if (tunnel) unsure.add(tunnel)
      const fault = mtuFault(setting, params)
      if (fault) yield { reason: fault.reason, path, ...sentences(setting, mtu, fault) }
    }
    for (const missing of unsure) yield unresolved(missing)

    function settings(): readonly MtuSetting[] {
      if (kind === 'ConfigMap') return configMapSettings(object, params.cniConfigMaps, inventory)
      if (kind === 'DaemonSet') return daemonSetSettings(object)
      if (kind === 'FelixConfiguration') return felixSettings(object, inventory)
      return kind === 'Installation' ? installationSettings(object, inventory) : ovnSettings(object)
    }
  },
})
