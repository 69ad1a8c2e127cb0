import { configMap, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

const nlb = 'service.beta.kubernetes.io/aws-load-balancer'
const azure = 'service.beta.kubernetes.io/azure-load-balancer-health-probe'

/** A Service whose load balancer the annotations describe. */
function balancer(annotations: { readonly [key: string]: string }, spec: object = {}): object {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { annotations },
    spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports, ...spec },
  }
}

const external = { [`${nlb}-type`]: 'external', [`${nlb}-nlb-target-type`]: 'instance' }

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
  {
    rule: 'network-lb-health-check-mismatch',
    baseline: 'deny',
    strict: 'deny',
    says: /healthcheck-port status is no port name of Service/,
    bad: () => balancer({ ...external, [`${nlb}-healthcheck-port`]: 'status' }),
    good: () => balancer({ ...external, [`${nlb}-healthcheck-port`]: 'http' }),
  },
  {
    rule: 'network-lb-health-check-mismatch',
    kind: 'node-port',
    baseline: 'warn',
    strict: 'warn',
    says: /health check asks nodes on port 8080, no nodePort of Service/,
    bad: () => balancer({ ...external, [`${nlb}-healthcheck-port`]: '8080' }),
    good: () => balancer({ ...external, [`${nlb}-healthcheck-port`]: 'traffic-port' }),
  },
  {
    rule: 'network-lb-health-check-mismatch',
    kind: 'azure',
    baseline: 'deny',
    strict: 'deny',
    says: /interval 30 s, num-of-probe 4: 120 s together/,
    bad: () => balancer({ [`${azure}-interval`]: '30', [`${azure}-num-of-probe`]: '4' }),
    good: () => balancer({ [`${azure}-interval`]: '30', [`${azure}-num-of-probe`]: '3' }),
  },
]

export const unproven: Unproven = [
  [
    'network-lb-health-check-mismatch',
    'no cloud makes a load balancer here: what each controller makes of annotations is in its source (aws-load-balancer-controller pkg/service/model_build_target_group.go; cloud-provider-azure pkg/provider/azure_loadbalancer_healthprobe.go; ingress-gce pkg/controller/translator/translator.go), what came of it in AKS issues 2903, 3210, 3502',
  ],
  [
    'network-mtu-overlay',
    'no CNI, and no packet: who adds how many bytes is in their sources (felix/dataplane/linux/int_dataplane.go, flannel/pkg/backend, cilium/pkg/mtu/mtu.go, ovn-kubernetes/go-controller/pkg/types); what becomes of a packet that is too long, in RFC 1191 and RFC 2923',
  ],
]
