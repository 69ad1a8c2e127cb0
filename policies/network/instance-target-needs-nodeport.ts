import { albTargets, type AlbTargets } from '../../src/sdk/load-balancers/aws-alb.ts'
import { nlbTargets } from '../../src/sdk/load-balancers/aws-nlb.ts'
import type { Route } from '../../src/sdk/load-balancers/fault.ts'
import { hasNeg } from '../../src/sdk/load-balancers/gce.ts'
import { controllerOf } from '../../src/sdk/load-balancers/ingress-classes.ts'
import { portsOf } from '../../src/sdk/load-balancers/readiness.ts'
import { ingressRoutes } from '../../src/sdk/load-balancers/routes.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import type { Service } from '../../src/sdk/services.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const why =
  'A load balancer that sends to nodes needs a port on every node; the Service has none, so the controller stops with an error and clients get 503 or no address at all.'
const snippet = yaml`metadata:
  annotations:
    ${{ annotation: 'alb.ingress.kubernetes.io/target-type' }}: ip # or, in the Service, spec.type: NodePort`

const alb = 'alb.ingress.kubernetes.io'
const nlb = 'service.beta.kubernetes.io/aws-load-balancer'
const ingress = (className: string, ...annotations: readonly string[]) =>
  `{ kind: Ingress, metadata: { name: web, annotations: { ${annotations.join(', ')} } }, spec: { ${className === '' ? '' : `ingressClassName: ${className},`} rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] } }`
const service = (spec: string, ...annotations: readonly string[]) =>
  `{ kind: Service, metadata: { name: web, annotations: { ${annotations.join(', ')} } }, spec: { ${spec}, selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] } }`
const clusterIP = (...annotations: readonly string[]) => service('type: ClusterIP', ...annotations)
const byClass = (
  targetType: string,
) => `{ kind: IngressClass, metadata: { name: public }, spec: { controller: ingress.k8s.aws/alb, parameters: { apiGroup: elbv2.k8s.aws, kind: IngressClassParams, name: public } } }
---
{ kind: IngressClassParams, metadata: { name: public }, spec: { targetType: ${targetType} } }`
const gce = 'kubernetes.io/ingress.class: gce'

export default definePolicy({
  id: 'network-instance-target-needs-nodeport',
  summary: 'A Service whose load balancer sends to nodes has node ports.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes-sigs/aws-load-balancer-controller pkg/ingress and pkg/service, model_build_target_group.go (buildTargetGroupSpec, buildTargetType)',
    'kubernetes/ingress-gce pkg/controller/translator/translator.go (maybeEnableNEG: ErrBadSvcType)',
    'https://cloud.google.com/kubernetes-engine/docs/how-to/container-native-load-balancing',
  ],
  on: ['Ingress', 'Service'],
  reads: ['Ingress', 'Service', 'IngressClass', 'IngressClassParams'],
  reasons: {
    explicit: { baseline: 'deny', why, snippet },
    default: { baseline: 'warn', strict: 'deny', why, snippet },
    gce: {
      baseline: 'warn',
      strict: 'deny',
      why: 'Without network endpoint groups GKE sends to node ports; the Service has none, so the Ingress is not synced. Clusters that are VPC-native add the annotation themselves.',
      snippet: `metadata:\n  annotations:\n    cloud.google.com/neg: '{"ingress": true}'`,
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
      {
        name: 'the load balancer sends to the pods',
        object: ingress('alb', `${alb}/target-type: ip`),
        inventory: clusterIP(),
      },
      {
        name: 'the Service has node ports',
        object: ingress('alb', `${alb}/target-type: instance`),
        inventory: service('type: NodePort'),
      },
      {
        name: 'the annotation of the Service goes before that of the Ingress',
        object: ingress('alb', `${alb}/target-type: instance`),
        inventory: clusterIP(`${alb}/target-type: ip`),
      },
      {
        name: 'the parameters of the class go before both',
        object: ingress('public', `${alb}/target-type: instance`),
        inventory: `${clusterIP()}\n---\n${byClass('ip')}`,
      },
      {
        name: 'the controller sends to pods unless told otherwise',
        object: ingress('alb'),
        params: { albDefaultTargetType: 'ip' },
        inventory: clusterIP(),
      },
      {
        name: 'an Ingress of another controller',
        object: ingress('nginx', `${alb}/target-type: instance`),
        inventory: clusterIP(),
      },
      {
        name: 'GKE sends to the pods',
        object: ingress('', gce),
        inventory: clusterIP(`cloud.google.com/neg: '{"ingress": true}'`),
      },
      {
        name: 'a Network Load Balancer that sends to the pods needs no node ports',
        object: service(
          'type: LoadBalancer, allocateLoadBalancerNodePorts: false',
          `${nlb}-type: external`,
          `${nlb}-nlb-target-type: ip`,
        ),
      },
    ],
    fails: [
      {
        name: 'an Application Load Balancer that is told to send to nodes',
        object: ingress('alb', `${alb}/target-type: instance`),
        inventory: clusterIP(),
        finds: ['explicit /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'the same, where the Service comes last',
        object: clusterIP(),
        inventory: ingress('alb', `${alb}/target-type: instance`),
        finds: ['explicit /spec/type'],
      },
      {
        name: 'the Service says so',
        object: clusterIP(`${alb}/target-type: instance`),
        inventory: ingress('alb'),
        finds: ['explicit /spec/type'],
      },
      {
        name: 'the parameters of the class say so, whatever the annotation says',
        object: ingress('public', `${alb}/target-type: ip`),
        inventory: `${clusterIP()}\n---\n${byClass('instance')}`,
        finds: ['explicit /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'nobody says anything, so the controller sends to nodes',
        object: ingress('alb'),
        inventory: clusterIP(),
        finds: ['default /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'a Network Load Balancer that sends to nodes, without node ports',
        object: service(
          'type: LoadBalancer, allocateLoadBalancerNodePorts: false',
          `${nlb}-type: external`,
          `${nlb}-nlb-target-type: instance`,
        ),
        finds: ['explicit /spec/allocateLoadBalancerNodePorts'],
      },
      {
        name: 'the same, by the default of its class',
        object: service(
          'type: LoadBalancer, loadBalancerClass: service.k8s.aws/nlb, allocateLoadBalancerNodePorts: false',
        ),
        finds: ['explicit /spec/allocateLoadBalancerNodePorts'],
      },
      {
        name: 'GKE without network endpoint groups',
        object: ingress('', gce),
        inventory: clusterIP(),
        finds: ['gce /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'nobody knows what the class prescribes',
        object: ingress('public', `${alb}/target-type: instance`),
        inventory: `${clusterIP()}\n---\n${byClass('ip')}`,
        unknown: ['IngressClassParams'],
        finds: ['unresolved IngressClassParams'],
      },
      {
        name: 'a variable that nobody has filled in',
        object: ingress('alb', `${alb}/target-type: "\${TARGET_TYPE}"`),
        inventory: clusterIP(),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    const missing = new Set<Missing>()
    if (kind === 'Service') {
      const targets = nlbTargets(object, params.albDefaultTargetType)
      if (
        targets?.type === 'instance' &&
        object.spec?.allocateLoadBalancerNodePorts === false &&
        !hasNodePorts(object)
      ) {
        yield {
          reason: 'explicit',
          path: '/spec/allocateLoadBalancerNodePorts',
          message:
            'the Network Load Balancer sends to nodes; allocateLoadBalancerNodePorts: false leaves no port there',
          fix: 'remove allocateLoadBalancerNodePorts: false, or annotate aws-load-balancer-nlb-target-type: ip',
          values: { annotation: `${nlb}-nlb-target-type` },
        }
      }
    }
    const routes = ingressRoutes(kind, object, namespace, inventory)
    const told = new Set<string>()
    let matters = false
    for (const route of routes.found) {
      const type = route.service.spec?.type ?? 'ClusterIP'
      if (isVariable(type)) missing.add('value')
      if (type !== 'ClusterIP') continue
      matters = true
      const needed = needOf(route)
      if (typeof needed === 'string') missing.add(needed)
      if (!needed || typeof needed === 'string') continue
      const path = kind === 'Ingress' ? (route.backendPath ?? '') : '/spec/type'
      if (told.has(path)) continue
      told.add(path)
      const [service, ingress] = [nameOf(route.service), nameOf(route.ingress)]
      yield {
        reason: needed.reason,
        path,
        message: `Ingress ${brief(ingress, 24)}: ${needed.because}; Service ${brief(service, 24)} has none`,
        fix: needed.fix,
        related: [
          kind === 'Ingress'
            ? { kind: 'Service', namespace, name: service }
            : { kind: 'Ingress', namespace, name: ingress },
        ],
      }
    }
    if (matters) for (const each of routes.unsure) missing.add(each)
    for (const each of missing) yield unresolved(each)

    function needOf(route: Route): Need | Missing | undefined {
      const controlled = route.ingress && controllerOf(route.ingress, inventory)
      if (!controlled) return undefined
      if (controlled === unknown) return 'value'
      const { controller, className, unsure } = controlled
      if (controller === 'gce') return hasNeg(route.service, className) ? undefined : gceNeed
      if (controller !== 'alb') return unsure[0]
      const targets = albTargets(route, className, params.albDefaultTargetType, inventory)
      if (typeof targets === 'string') return targets
      return targets.type === 'instance' ? albNeed(targets) : undefined
    }
  },
})

interface Need {
  readonly reason: 'explicit' | 'default' | 'gce'
  readonly because: string
  readonly fix: string
}

const gceNeed: Need = {
  reason: 'gce',
  because: 'GKE sends to node ports',
  fix: `annotate it cloud.google.com/neg: '{"ingress": true}', or set type: NodePort`,
}

function albNeed({ by }: AlbTargets): Need {
  const said = by === undefined ? 'by default' : typeof by === 'string' ? `by its class` : 'by annotation'
  const instead = typeof by === 'string' ? 'targetType: ip in the IngressClassParams' : `${alb}/target-type: ip`
  return {
    reason: by === undefined ? 'default' : 'explicit',
    because: `target-type instance ${said} needs node ports`,
    fix: `set ${instead}, or type: NodePort there`,
  }
}

// Ports that were allocated before stay.
function hasNodePorts(service: Service): boolean {
  return portsOf(service).every((port) => typeof memberOf(port, 'nodePort') === 'number')
}
