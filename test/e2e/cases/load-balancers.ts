import { configMap, sound, type Case } from '../support/case.ts'
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

/** An Ingress of an Application Load Balancer over the Service of the same name. */
function ingress(name: string, targetType: string): object {
  const backend = { service: { name, port: { number: 80 } } }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { annotations: { 'alb.ingress.kubernetes.io/target-type': targetType } },
    spec: { ingressClassName: 'alb', rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  }
}

function admitting(app: string, rules: readonly object[]): object {
  const spec = { podSelector: { matchLabels: { app } }, policyTypes: ['Ingress'], ingress: rules }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec }
}

const serving = (name: string) => sound(name, { container: { ports: [{ name: 'http', containerPort: 8080 }] } })
const named = (object: object, name: string) => ({ ...object, metadata: { name } })
const external = { [`${nlb}-type`]: 'external', [`${nlb}-nlb-target-type`]: 'instance' }
const toPods = { ...external, [`${nlb}-nlb-target-type`]: 'ip' }

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
  {
    rule: 'network-instance-target-needs-nodeport',
    baseline: 'deny',
    strict: 'deny',
    says: /sends to nodes; allocateLoadBalancerNodePorts: false leaves no port there/,
    bad: () => balancer(external, { allocateLoadBalancerNodePorts: false }),
    good: () => balancer(toPods, { allocateLoadBalancerNodePorts: false }),
  },
  {
    rule: 'network-instance-target-needs-nodeport',
    kind: 'ingress',
    baseline: 'deny',
    strict: 'deny',
    says: /target-type instance by annotation needs node ports; Service .* has none/,
    bad: (name) => ingress(name, 'instance'),
    good: (name) => ingress(name, 'ip'),
    beside: (name) => [named(balancer({}, { type: 'ClusterIP' }), name)],
  },
  {
    rule: 'network-policy-blocks-lb',
    baseline: 'audit',
    strict: 'warn',
    says: /NetworkPolicy \S+ does not let the load balancer in to Deployment/,
    bad: (name) => admitting(name, []),
    good: (name) => admitting(name, [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }]),
    beside: (name) => [serving(name), named(balancer({}, { selector: { app: name } }), name)],
  },
  {
    rule: 'network-readiness-gate-missing',
    baseline: 'audit',
    strict: 'warn',
    says: /a Network Load Balancer sends to pods of Service .* asks for no readiness gate/,
    bad: (name) => balancer(toPods, { selector: { app: name } }),
    good: (name) => balancer(external, { selector: { app: name } }),
    beside: (name) => [serving(name)],
    // Files do not hold the namespace.
    completed: true,
  },
]

export const unproven: Unproven = [
  [
    'network-instance-target-needs-nodeport',
    'no cloud makes a load balancer here: the controllers stop with `TargetGroup port is empty`, `unable to support instance target type with an unallocated NodePort` (aws-load-balancer-controller pkg/ingress and pkg/service, model_build_target_group.go) and ErrBadSvcType (ingress-gce pkg/controller/translator/translator.go)',
  ],
  [
    'network-policy-blocks-lb',
    'no CNI enforces policies here: who is let in is said in k8s.io/api/networking/v1/types.go (NetworkPolicyIngressRule, NetworkPolicyPeer), that the node of a pod always is, too (NetworkPolicySpec)',
  ],
  [
    'network-readiness-gate-missing',
    'no load balancer finds targets healthy here: what happens in a rollout without the gate is in the documentation of the AWS Load Balancer Controller (docs/deploy/pod_readiness_gate.md)',
  ],
  [
    'network-lb-health-check-mismatch',
    'no cloud makes a load balancer here: what each controller makes of annotations is in its source (aws-load-balancer-controller pkg/service/model_build_target_group.go; cloud-provider-azure pkg/provider/azure_loadbalancer_healthprobe.go; ingress-gce pkg/controller/translator/translator.go), what came of it in AKS issues 2903, 3210, 3502',
  ],
  [
    'network-mtu-overlay',
    'no CNI, and no packet: who adds how many bytes is in their sources (felix/dataplane/linux/int_dataplane.go, flannel/pkg/backend, cilium/pkg/mtu/mtu.go, ovn-kubernetes/go-controller/pkg/types); what becomes of a packet that is too long, in RFC 1191 and RFC 2923',
  ],
]
