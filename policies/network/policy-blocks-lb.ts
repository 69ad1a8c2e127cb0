import {
  admitsIngress,
  ingressPoliciesOf,
  isolatedBy,
  isolatesIngress,
  namespacesNamed,
  type PodPort,
  type Sender,
} from '../../src/sdk/ingress-isolation.ts'
import { unknown, type Unknown } from '../../src/sdk/inventory.ts'
import { selectorKeys } from '../../src/sdk/label-keys.ts'
import type { Route } from '../../src/sdk/load-balancers/fault.ts'
import { controllerOf } from '../../src/sdk/load-balancers/ingress-classes.ts'
import { portsOf } from '../../src/sdk/load-balancers/readiness.ts'
import { routesThrough } from '../../src/sdk/load-balancers/routes.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { workloadsSelected } from '../../src/sdk/relations.ts'
import { backendKinds, type Backend } from '../../src/sdk/services.ts'
import { findTargetPort, protocolOf } from '../../src/sdk/target-ports.ts'

const why =
  'The pods take connections only from those whom a policy lets in: the load balancer and its health check are dropped, while the kubelet of the node may always probe, so pods are Ready and clients get 504.'
const snippet = `# in the NetworkPolicy
ingress:
  - from:
      - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}
      # or, for the load balancer of a cloud: ipBlock: {cidr: 10.0.0.0/16}
    ports:
      - {port: 8080}`

const container =
  'containers: [{ name: web, image: "registry.example.com/web:1.4.2", ports: [{ name: http, containerPort: 8080 }], resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }]'
const web = (spec = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${spec} ${container} } } } }`
const service = (type = 'ClusterIP') =>
  `{ kind: Service, metadata: { name: web }, spec: { type: ${type}, selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] } }`
const ingress = (className: string) =>
  `{ kind: Ingress, metadata: { name: web }, spec: { ingressClassName: ${className}, rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] } }`
const policy = (rules: string, name = 'web') =>
  `{ kind: NetworkPolicy, metadata: { name: ${name} }, spec: { podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress], ingress: [${rules}] } }`
const fromNamespace = (labels: string, ports = '') =>
  `{ from: [{ namespaceSelector: { matchLabels: { ${labels} } } }]${ports} }`
const nginx = '{ kind: Namespace, metadata: { name: ingress-nginx, labels: { team: edge } } }'
const byName = 'kubernetes.io/metadata.name: ingress-nginx'
const all = (...objects: readonly string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'network-policy-blocks-lb',
  summary: 'NetworkPolicies let in the load balancer or ingress controller in front of their pods.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'k8s.io/api/networking/v1/types.go (NetworkPolicyIngressRule, NetworkPolicyPeer)',
    'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
  ],
  on: ['NetworkPolicy', 'Ingress', 'Service'],
  reads: ['NetworkPolicy', 'Ingress', 'Service', 'IngressClass', 'Namespace', ...backendKinds],
  reasons: { blocked: { baseline: 'audit', strict: 'warn', why, snippet } },
  params: {
    ingressNamespaces: {
      type: 'array',
      items: { type: 'string' },
      default: [
        'contour',
        'haproxy-controller',
        'ingress-nginx',
        'istio-ingress',
        'istio-system',
        'kong',
        'nginx-ingress',
        'projectcontour',
        'traefik',
      ],
      description:
        'Where ingress controllers run. While none of these namespaces exists, a rule for any other namespace counts as one for theirs.',
    },
  },
  examples: {
    passes: [
      {
        name: 'the namespace of the controller is let in',
        object: policy(fromNamespace(byName, ', ports: [{ port: 8080 }]')),
        inventory: all(web(), service(), ingress('nginx'), nginx),
      },
      {
        name: 'another policy lets it in',
        object: policy('', 'deny-all'),
        inventory: all(web(), service(), ingress('nginx'), nginx, policy(fromNamespace('team: edge'))),
      },
      {
        name: 'whoever comes from an address is let in to a port by its name',
        object: policy('{ from: [{ ipBlock: { cidr: 10.0.0.0/16 } }], ports: [{ port: http }] }'),
        inventory: all(web(), service('LoadBalancer')),
      },
      {
        name: 'everybody is let in',
        object: policy('{ ports: [{ port: 8000, endPort: 9000 }] }'),
        inventory: all(web(), service('LoadBalancer')),
      },
      {
        name: 'only the cluster asks the pods',
        object: policy(''),
        inventory: all(web(), service()),
      },
      {
        name: 'pods in the network of their node are not isolated',
        object: policy(''),
        inventory: all(web('hostNetwork: true,'), service('LoadBalancer')),
      },
      {
        name: 'where the controller runs is not known, and some namespace is let in',
        object: policy(fromNamespace('team: edge')),
        params: { ingressNamespaces: ['edge-proxies'] },
        inventory: all(web(), service(), ingress('nginx')),
      },
    ],
    fails: [
      {
        name: 'nobody is let in to the pods of a load balancer',
        object: policy(''),
        inventory: all(web(), service('LoadBalancer')),
        finds: ['blocked /spec/ingress'],
      },
      {
        name: 'the same, where the Service comes last',
        object: service('LoadBalancer'),
        inventory: all(web(), policy('')),
        finds: ['blocked /spec/selector'],
      },
      {
        name: 'another namespace than that of the controller is let in',
        object: policy(fromNamespace('team: shop')),
        inventory: all(web(), service(), ingress('nginx'), nginx),
        finds: ['blocked /spec/ingress'],
      },
      {
        name: 'the same, where the Ingress comes last',
        object: ingress('nginx'),
        inventory: all(web(), service(), nginx, policy(fromNamespace('team: shop'))),
        finds: ['blocked /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'the controller is let in to another port',
        object: policy(fromNamespace(byName, ', ports: [{ port: 9090 }]')),
        inventory: all(web(), service(), ingress('nginx'), nginx),
        finds: ['blocked /spec/ingress'],
      },
      {
        name: 'the load balancer of a cloud is no pod of any namespace',
        object: policy('{ from: [{ namespaceSelector: {} }] }'),
        inventory: all(web(), service(), ingress('alb')),
        finds: ['blocked /spec/ingress'],
      },
      {
        name: 'nothing is known of other policies',
        object: ingress('nginx'),
        inventory: all(web(), service()),
        unknown: ['NetworkPolicy'],
        finds: ['unresolved NetworkPolicy'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    const missing = new Set<Missing>()
    const told = new Set<string>()
    for (const [route, backends] of routes()) {
      const path =
        kind === 'NetworkPolicy' ? '/spec/ingress' : kind === 'Ingress' ? route.backendPath : '/spec/selector'
      if (path === undefined || told.has(path)) continue
      for (const backend of backends) {
        const policies = blockingPolicies(route, backend)
        if (!policies) continue
        told.add(path)
        const sender = route.ingress
          ? `the controller of Ingress ${brief(nameOf(route.ingress), 24)}`
          : 'the load balancer'
        const [first] = policies
        yield {
          reason: 'blocked',
          path,
          message: `${policies.length > 1 ? `${policies.length} NetworkPolicies, such as ${brief(nameOf(first), 24)}, do` : `NetworkPolicy ${brief(nameOf(first), 24)} does`} not let ${sender} in to ${backend.kind} ${brief(nameOf(backend.object), 24)}`,
          fix: 'add an ingress rule for its namespace or, from outside, its ipBlock, and the target port',
          related: policies.slice(0, 10).map((each) => ({ kind: 'NetworkPolicy', namespace, name: nameOf(each) })),
        }
        break
      }
    }
    for (const each of missing) yield unresolved(each)

    function* routes(): Generator<readonly [Route, readonly Backend[]]> {
      if (kind !== 'NetworkPolicy') {
        for (const route of routesThrough(kind, object, namespace, inventory).found) yield [route, route.backends]
        return
      }
      if (!isolatesIngress(object)) return
      const keys = selectorKeys(object.spec?.podSelector)
      for (const backend of workloadsSelected(isolatedBy(object), keys, namespace, inventory).found) {
        const { found } = routesThrough(backend.kind, backend.object, namespace, inventory)
        for (const route of found) yield [route, [backend]]
      }
    }

    /** The policies over the pods of a backend, none of which lets in who sends on this route; undefined if one does. */
    function blockingPolicies(route: Route, { kind, object }: Backend): Kinds['NetworkPolicy'][] | undefined {
      const view = podSpecOf(kind, object)
      if (!view || view.spec.hostNetwork === true) return undefined
      const { found, unsure } = ingressPoliciesOf(kind, object, namespace, inventory)
      for (const each of unsure) missing.add(each)
      if (found.length === 0 || unsure.length > 0) return undefined
      const sender = senderOf(route)
      if (sender === unknown) return undefined
      const ports = portsOf(route.service, route.port).flatMap((port) => podPort(view, port) ?? [])
      const answers = ports.map((port) => found.map((each) => admitsIngress(each, sender, port)))
      const isBlocked = answers.some((each) => each.every((admitted) => admitted === false))
      return isBlocked ? [...found] : undefined
    }

    function senderOf({ ingress }: Route): Sender | Unknown {
      if (!ingress) return { from: 'outside' }
      const controlled = controllerOf(ingress, inventory)
      if (controlled === unknown) missing.add('value')
      if (controlled === unknown || controlled.unsure.length > 0) return unknown
      if (controlled.controller) return { from: 'outside' }
      const namespaces = namespacesNamed(params.ingressNamespaces, inventory)
      if (namespaces === unknown) missing.add('Namespace')
      return namespaces === unknown ? unknown : { from: 'pods', namespaces }
    }
  },
})

function podPort(view: NonNullable<ReturnType<typeof podSpecOf>>, servicePort: unknown): PodPort | undefined {
  const target = findTargetPort(view, servicePort)
  const protocol = protocolOf(servicePort)
  if (target.state !== 'found' || protocol === unknown) return undefined
  return { number: target.number, name: target.declared?.name ?? '', protocol }
}
