import { configMap, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'network-mtu-overlay',
    baseline: 'warn',
    strict: 'warn',
    says: /Calico: veth_mtu is 1500; on a link of 1500 at most 1450 fits/,
    bad: () => configMap({ calico_backend: 'vxlan', veth_mtu: '1500' }),
    good: () => configMap({ calico_backend: 'vxlan', veth_mtu: '0' }),
    name: 'calico-config',
  },
]

export const unproven: Unproven = [
  [
    'network-mtu-overlay',
    'no CNI, and no packet: who adds how many bytes is in their sources (felix/dataplane/linux/int_dataplane.go, flannel/pkg/backend, cilium/pkg/mtu/mtu.go, ovn-kubernetes/go-controller/pkg/types); what becomes of a packet that is too long, in RFC 1191 and RFC 2923',
  ],
]
