import { unknown } from '../../src/sdk/inventory.ts'
import { templateKinds } from '../../src/sdk/kinds.ts'
import { albTargets } from '../../src/sdk/load-balancers/aws-alb.ts'
import { nlbTargets } from '../../src/sdk/load-balancers/aws-nlb.ts'
import type { Route } from '../../src/sdk/load-balancers/fault.ts'
import { controllerOf } from '../../src/sdk/load-balancers/ingress-classes.ts'
import { routesThrough } from '../../src/sdk/load-balancers/routes.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { backendKinds, podsBehind } from '../../src/sdk/services.ts'
import { listOf, memberOf, stringOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const label = 'elbv2.k8s.aws/pod-readiness-gate-inject'
const why =
  'A new pod is Ready before the load balancer has found its target healthy; the rollout takes the old pods away meanwhile, and for seconds to minutes no target is left: 502, 503.'
const snippet = yaml`apiVersion: v1
kind: Namespace
metadata:
  name: ${{ namespace: 'web' }}
  labels:
    ${label}: enabled`

const nlb = 'service.beta.kubernetes.io/aws-load-balancer'
const alb = 'alb.ingress.kubernetes.io'
const balancer = (target: string) =>
  `{ kind: Service, metadata: { name: web, annotations: { ${nlb}-type: external, ${nlb}-nlb-target-type: ${target} } }, spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] } }`
const service = `{ kind: Service, metadata: { name: web }, spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] } }`
const ingress = (target: string) =>
  `{ kind: Ingress, metadata: { name: web, annotations: { ${alb}/target-type: ${target} } }, spec: { ingressClassName: alb, rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] } }`
const container =
  'containers: [{ name: web, image: "registry.example.com/web:1.4.2", ports: [{ containerPort: 8080 }], resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }]'
const web = (gates = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${gates} ${container} } } } }`
const pod = `{ kind: Pod, metadata: { name: web-1, labels: { app: web } }, spec: { ${container.replace('resources:', 'readinessProbe: { httpGet: { path: /ready, port: 8080 } }, resources:')} } }`
const namespace = (labels = '') => `{ kind: Namespace, metadata: { name: default, labels: { ${labels} } } }`
const gated = namespace(`${label}: enabled`)
const all = (...objects: readonly string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'network-readiness-gate-missing',
  summary: 'Pods that a load balancer of AWS reaches by their address count as Ready once their target is healthy.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/',
    'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate',
  ],
  on: ['Service', 'Ingress', ...templateKinds],
  reads: ['Service', 'Ingress', 'IngressClass', 'IngressClassParams', 'Namespace', ...backendKinds],
  reasons: {
    namespace: { baseline: 'audit', strict: 'warn', why, snippet },
    pods: {
      baseline: 'audit',
      strict: 'warn',
      why: 'The gate is put into pods as they are created: those that were there before the label, the Service or the Ingress have none, and count as Ready without it.',
    },
  },
  params: {
    albDefaultTargetType: {
      type: 'string',
      enum: ['instance', 'ip'],
      default: 'instance',
      description: 'The --default-target-type of the AWS Load Balancer Controller.',
    },
  },
  examples: {
    passes: [
      { name: 'the namespace asks for the gate', object: balancer('ip'), inventory: all(gated, web()) },
      { name: 'the targets are nodes', object: balancer('instance'), inventory: all(namespace(), web()) },
      {
        name: 'the template has the gate itself',
        object: ingress('ip'),
        inventory: all(
          namespace(),
          service,
          web('readinessGates: [{ conditionType: target-health.elbv2.k8s.aws/k8s-web-web-0123456789 }],'),
        ),
      },
      { name: 'no load balancer', object: web(), inventory: all(namespace(), service) },
      { name: 'nothing is selected yet', object: balancer('ip'), inventory: namespace() },
    ],
    fails: [
      {
        name: 'a Network Load Balancer that sends to pods',
        object: balancer('ip'),
        inventory: all(namespace(), web()),
        finds: [`namespace /metadata/annotations/${nlb.replace('/', '~1')}-nlb-target-type`],
      },
      {
        name: 'an Application Load Balancer that sends to pods',
        object: ingress('ip'),
        inventory: all(namespace(), service, web()),
        finds: ['namespace /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'the same, where the workload comes last',
        object: web(),
        inventory: all(namespace(), service, ingress('ip')),
        finds: ['namespace /spec/template/spec/readinessGates'],
      },
      {
        name: 'a Pod from before the label',
        object: balancer('ip'),
        inventory: all(gated, pod),
        finds: [`pods /metadata/annotations/${nlb.replace('/', '~1')}-nlb-target-type`],
      },
      {
        name: 'nothing is known of the namespace',
        object: balancer('ip'),
        inventory: web(),
        unknown: ['Namespace'],
        finds: ['unresolved Namespace'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    const routes = routesThrough(kind, object, namespace, inventory)
    const missing = new Set<Missing>()
    const told = new Set<string>()
    for (const route of routes.found) {
      const path = placeOf(route)
      if (path === undefined || told.has(path) || route.backends.length === 0) continue
      const reached = reaches(route)
      if (typeof reached === 'string') missing.add(reached)
      if (reached !== true) continue
      told.add(path)
      const asked = inventory.get('Namespace', '', namespace)
      const value = asked === unknown || !asked ? undefined : memberOf(asked.metadata?.labels, label)
      if (asked === unknown || !asked || inventory.uncertain(asked) || isVariable(value)) {
        missing.add('Namespace')
        continue
      }
      const by = route.ingress ? `Ingress ${brief(nameOf(route.ingress), 24)}` : 'a Network Load Balancer'
      if (value !== 'enabled') {
        const bare = route.backends.filter((each) => each.kind !== 'Pod' && !hasGate(each.kind, each.object))
        const shown = bare.some((each) => kind === 'Service' || kind === 'Ingress' || each.object === object)
        if (!shown) continue
        yield {
          reason: 'namespace',
          path,
          message: `${by} sends to pods of Service ${brief(nameOf(route.service), 24)}; namespace ${brief(namespace, 24)} asks for no readiness gate`,
          fix: `label the namespace ${label}: enabled, then restart the pods`,
          related: [{ kind: 'Namespace', namespace: '', name: namespace }],
          values: { namespace },
        }
        continue
      }
      // Who judges a template does not judge the pods of before.
      if (kind !== 'Service' && kind !== 'Ingress') continue
      const pods = podsBehind(route.service, namespace, inventory).found.filter((each) => !hasGate('Pod', each))
      const [first] = pods
      if (!first) continue
      yield {
        reason: 'pods',
        path,
        message: `${by} sends to ${pods.length} pods without readiness gate, such as ${brief(nameOf(first))}`,
        fix: 'restart their workload: the gate is put into new pods alone',
        related: pods.slice(0, 10).map((each) => ({ kind: 'Pod', namespace, name: nameOf(each) })),
      }
    }
    for (const each of missing) yield unresolved(each)

    function placeOf({ ingress, backendPath }: Route): string | undefined {
      if (kind === 'Ingress') return backendPath
      if (kind !== 'Service') return `${podSpecOf(kind, object)?.path ?? ''}/readinessGates`
      const key = `${nlb}-nlb-target-type`
      return ingress || memberOf(object.metadata?.annotations, key) === undefined
        ? '/spec/selector'
        : `/metadata/annotations/${key.replace('/', '~1')}`
    }

    function reaches(route: Route): boolean | Missing {
      const byDefault = params.albDefaultTargetType
      if (!route.ingress) return nlbTargets(route.service, byDefault)?.type === 'ip'
      const controlled = controllerOf(route.ingress, inventory)
      if (controlled === unknown) return 'value'
      if (controlled.controller !== 'alb') return controlled.unsure[0] ?? false
      const targets = albTargets(route, controlled.className, byDefault, inventory)
      return typeof targets === 'string' ? targets : targets.type === 'ip'
    }
  },
})

/** True if a pod, or all pods of a template, wait for their target. */
function hasGate(kind: Parameters<typeof podSpecOf>[0], object: unknown): boolean {
  return listOf(podSpecOf(kind, object)?.spec.readinessGates).some((gate) =>
    stringOf(memberOf(gate, 'conditionType'))?.startsWith('target-health.elbv2.k8s.aws/'),
  )
}
