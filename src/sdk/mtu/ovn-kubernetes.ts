import type { Kinds } from '../objects.ts'
import { pointer } from '../pointer.ts'
import { memberOf, recordOf } from '../shape.ts'
import { mtuOf, stacked, type MtuSetting } from './setting.ts'

/**
 * `ovnKubernetesConfig.mtu` of OpenShift's operator: the MTU of pods. The header is 58 bytes over IPv4
 * (ovn-kubernetes/go-controller/pkg/types); the operator itself reserves 100, and 46 more with IPsec
 * (cluster-network-operator/pkg/network/ovn_kubernetes.go getOVNEncapOverhead).
 */
export function ovnSettings(object: Kinds['Network']): MtuSetting[] {
  const config = memberOf(memberOf(object.spec, 'defaultNetwork'), 'ovnKubernetesConfig')
  const mtu = mtuOf(memberOf(config, 'mtu'))
  if (mtu === undefined) return []
  const ipsec = recordOf(memberOf(config, 'ipsecConfig'))
  const encrypts = ipsec !== undefined && (ipsec['mode'] ?? 'Full') === 'Full'
  const overlay = stacked({ name: 'Geneve', overhead: 58 }, encrypts ? { name: 'IPsec', overhead: 46 } : undefined)
  return [
    {
      cni: 'OVN-Kubernetes',
      key: 'ovnKubernetesConfig.mtu',
      path: pointer('spec', 'defaultNetwork', 'ovnKubernetesConfig', 'mtu'),
      mtu,
      meaning: 'pod',
      ...(overlay ? { overlay } : {}),
    },
  ]
}
