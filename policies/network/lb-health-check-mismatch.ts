import { templateKinds } from '../../src/sdk/kinds.ts'
import { healthCheckFaults, serviceFaults } from '../../src/sdk/load-balancers/health-checks.ts'
import { placeIn, relatedOf } from '../../src/sdk/load-balancers/places.ts'
import { routesThrough } from '../../src/sdk/load-balancers/routes.ts'
import type { Missing } from '../../src/sdk/policy.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { backendKinds } from '../../src/sdk/services.ts'

const universes =
  'A load balancer asks the node port or the pod by itself, apart from the readiness probe: what it asks answers otherwise, so pods are Ready and every target is unhealthy, or the other way round.'
const noBalancer = 'The controller stops with an error, so the load balancer is never made or keeps its old targets.'

const nlb = 'service.beta.kubernetes.io/aws-load-balancer'
const alb = 'alb.ingress.kubernetes.io'
const azure = 'service.beta.kubernetes.io/azure-load-balancer-health-probe'

const resources = 'resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }'
const web = (probe: string, ports = '[{ name: http, containerPort: 8080 }]', labels = 'app: web') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { ${labels} } }, spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", ports: ${ports}, readinessProbe: ${probe}, ${resources} }] } } } }`
const ready = (path: string, port = 'http') => `{ httpGet: { path: ${path}, port: ${port} } }`
const annotated = (annotations: readonly string[]) => `annotations: { ${annotations.join(', ')} }`
const balancer = (annotations: readonly string[], spec = '', ports = '[{ name: http, port: 80, targetPort: 8080 }]') =>
  `{ kind: Service, metadata: { name: web, ${annotated(annotations)} }, spec: { type: LoadBalancer, ${spec} selector: { app: web }, ports: ${ports} } }`
const external = (target: 'ip' | 'instance', ...more: readonly string[]) => [
  `${nlb}-type: external`,
  `${nlb}-nlb-target-type: ${target}`,
  ...more,
]
const service = (annotations: readonly string[] = [], spec = 'type: NodePort,', targetPort = '8080') =>
  `{ kind: Service, metadata: { name: web, ${annotated(annotations)} }, spec: { ${spec} selector: { app: web }, ports: [{ name: http, port: 80, targetPort: ${targetPort} }] } }`
const ingress = (className: string, ...annotations: readonly string[]) =>
  `{ kind: Ingress, metadata: { name: web, ${annotated(annotations)} }, spec: { ${className === '' ? '' : `ingressClassName: ${className},`} rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] } }`
const ofGce = (...annotations: readonly string[]) => ingress('', 'kubernetes.io/ingress.class: gce', ...annotations)
const backendConfig = (healthCheck: string) =>
  `{ kind: BackendConfig, metadata: { name: web }, spec: { healthCheck: { ${healthCheck} } } }`
const named = `cloud.google.com/backend-config: '{"default": "web"}'`
const neg = `cloud.google.com/neg: '{"ingress": true}'`
const nginx = `{ kind: Deployment, metadata: { name: controller }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web, app.kubernetes.io/name: ingress-nginx } }, spec: { containers: [{ name: controller, image: "registry.k8s.io/ingress-nginx/controller:v1.12.0", ports: [{ name: http, containerPort: 8080 }], readinessProbe: { httpGet: { path: /healthz, port: 10254 } }, ${resources} }] } } } }`
const all = (...objects: readonly string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'network-lb-health-check-mismatch',
  summary: 'The health check of a load balancer asks a port and a path that answer as the readiness probe does.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/',
    'https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/',
    'kubernetes-sigs/aws-load-balancer-controller pkg/service and pkg/ingress, model_build_target_group.go',
    'kubernetes-sigs/cloud-provider-azure pkg/provider/azure_loadbalancer_healthprobe.go',
    'https://github.com/Azure/AKS/issues/2903, /3210, /3502; https://github.com/kubernetes/ingress-nginx/issues/8501',
    'kubernetes/ingress-gce pkg/annotations/service.go, pkg/controller/translator/translator.go (getHTTPProbe)',
    'Azure/application-gateway-kubernetes-ingress pkg/annotations/ingress_annotations.go',
  ],
  on: ['Service', 'Ingress', ...templateKinds],
  reads: ['Service', 'Ingress', 'IngressClass', 'IngressClassParams', 'BackendConfig', 'Node', ...backendKinds],
  reasons: {
    'aws-port-unresolvable': { baseline: 'deny', why: noBalancer },
    'azure-interval-product': { baseline: 'deny', why: noBalancer },
    'azure-probe-port': { baseline: 'deny', why: noBalancer },
    'gce-backendconfig-json': { baseline: 'deny', why: noBalancer },
    'aws-local-tcp': {
      baseline: 'warn',
      why: 'Under Local only nodes with a pod answer: a check of the traffic port does not tell them from the others, so clients are sent to nodes that drop them.',
      snippet: `metadata:\n  annotations:\n    ${nlb}-healthcheck-protocol: http # port and path: healthCheckNodePort, /healthz`,
    },
    'aws-path-without-http': {
      baseline: 'warn',
      why: 'A TCP check is content with an open port: a pod that answers every request with an error stays a target.',
      snippet: `metadata:\n  annotations:\n    ${nlb}-healthcheck-protocol: http\n    ${nlb}-healthcheck-path: /healthz`,
    },
    'aws-port-vs-nodeport': { baseline: 'warn', why: universes },
    'aws-port-vs-container': { baseline: 'warn', why: universes },
    'aws-path-mismatch': { baseline: 'warn', why: universes },
    timing: {
      baseline: 'warn',
      why: 'A check that may take longer than the time to the next is refused or overlaps: a slow target is told late or never.',
    },
    'azure-approtocol-root': {
      baseline: 'warn',
      strict: 'deny',
      why: 'appProtocol turns the probe from TCP into GET / with the address as Host: whatever answers that with 404 takes the whole load balancer down.',
      snippet:
        'metadata:\n  annotations:\n    service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path: /healthz',
    },
    'gce-probe-not-inferable': {
      baseline: 'warn',
      why: 'GKE takes over only a plain httpGet on the declared target port; else it asks for / and takes 404 for ill, while the pods are Ready.',
      snippet: `apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata: {name: web}\nspec:\n  healthCheck: {type: HTTP, requestPath: /healthz} # Service: ${named}`,
    },
    'gce-backendconfig-missing': {
      baseline: 'warn',
      absence: true,
      why: 'GKE does not sync the Ingress until the BackendConfig is there: backends and health checks stay as they were, or are never made.',
    },
    'gce-hc-port': { baseline: 'warn', why: universes },
    'host-routed': {
      baseline: 'warn',
      why: 'A load balancer names an address and no host, for which an ingress controller has no rule: it answers 404, and every target is unhealthy.',
    },
    'agic-path': { baseline: 'audit', why: universes },
  },
  params: {
    albDefaultTargetType: {
      type: 'string',
      enum: ['instance', 'ip'],
      default: 'instance',
      description: 'The --default-target-type of the AWS Load Balancer Controller.',
    },
    cloud: {
      type: 'string',
      enum: ['', 'aws', 'azure', 'gcp'],
      default: '',
      description:
        'Who makes the load balancers of Services. Left out: annotations and the providerID of nodes say it.',
    },
    azureSharedProbe: {
      type: 'boolean',
      default: false,
      description:
        'clusterServiceLoadBalancerHealthProbeMode of the Azure provider is shared: kube-proxy is asked, not the pods.',
    },
  },
  examples: {
    passes: [
      {
        name: 'a Network Load Balancer that asks what the kubelet asks',
        object: balancer(external('ip', `${nlb}-healthcheck-protocol: http`, `${nlb}-healthcheck-path: /ready`)),
        inventory: web(ready('/ready')),
      },
      {
        name: 'a Network Load Balancer that only connects',
        object: balancer(external('instance')),
        inventory: web(ready('/ready')),
      },
      {
        name: 'Local, with what the controller does by itself',
        object: balancer(external('instance'), 'externalTrafficPolicy: Local,'),
        inventory: web(ready('/ready')),
      },
      {
        name: 'a load balancer that nobody says anything of',
        object: balancer([]),
        inventory: web(ready('/ready')),
      },
      {
        name: 'an Application Load Balancer that is content with 404',
        object: ingress('alb', `${alb}/target-type: ip`, `${alb}/success-codes: 200-404`),
        inventory: all(service(), web(ready('/ready'))),
      },
      {
        name: 'the readiness probe asks another port, of which the load balancer knows nothing',
        object: ingress('alb', `${alb}/target-type: ip`),
        inventory: all(service(), web(ready('/ready', '9090'))),
      },
      {
        name: 'Azure is told the path for HTTP',
        object: balancer(
          ['service.beta.kubernetes.io/port_80_health-probe_request-path: /ready'],
          '',
          '[{ name: http, port: 80, targetPort: 8080, appProtocol: http }]',
        ),
        params: { cloud: 'azure' },
        inventory: web(ready('/ready')),
      },
      {
        name: 'Azure asks the healthCheckNodePort under Local',
        object: balancer(
          [],
          'externalTrafficPolicy: Local,',
          '[{ name: http, port: 80, targetPort: 8080, appProtocol: http }]',
        ),
        params: { cloud: 'azure' },
        inventory: web(ready('/ready')),
      },
      {
        name: 'GKE takes over the readiness probe',
        object: ofGce(),
        inventory: all(service([neg]), web(ready('/ready', '8080'))),
      },
      {
        name: 'GKE is told by a BackendConfig',
        object: ofGce(),
        inventory: all(
          service([neg, named]),
          web('{ exec: { command: [ready] } }'),
          backendConfig('type: HTTP, requestPath: /ready, port: 8080'),
        ),
      },
      {
        name: 'an Ingress of another controller',
        object: ingress('nginx'),
        inventory: all(service([], ''), web(ready('/ready'))),
      },
    ],
    fails: [
      {
        name: 'tcp under Local',
        object: balancer(external('instance', `${nlb}-healthcheck-protocol: tcp`), 'externalTrafficPolicy: Local,'),
        finds: [`aws-local-tcp /metadata/annotations/${nlb.replace('/', '~1')}-healthcheck-protocol`],
      },
      {
        name: 'the traffic port under Local',
        object: balancer(
          external('instance', `${nlb}-healthcheck-port: traffic-port`),
          'externalTrafficPolicy: Local,',
        ),
        finds: [`aws-local-tcp /metadata/annotations/${nlb.replace('/', '~1')}-healthcheck-port`],
      },
      {
        name: 'an Application Load Balancer asks a port by name, and its target is a name too',
        object: ingress('alb', `${alb}/target-type: ip`, `${alb}/healthcheck-port: http`),
        inventory: all(service([], '', 'http'), web(ready('/'))),
        finds: [`aws-port-unresolvable /metadata/annotations/${alb}~1healthcheck-port`],
      },
      {
        name: 'a Network Load Balancer asks a port that the Service has not',
        object: balancer(external('instance', `${nlb}-healthcheck-port: status`)),
        finds: [`aws-port-unresolvable /metadata/annotations/${nlb.replace('/', '~1')}-healthcheck-port`],
      },
      {
        name: 'a path that is never asked',
        object: balancer(external('ip', `${nlb}-healthcheck-path: /ready`)),
        inventory: web(ready('/ready')),
        finds: [`aws-path-without-http /metadata/annotations/${nlb.replace('/', '~1')}-healthcheck-path`],
      },
      {
        name: 'the port of the container, asked of the node',
        object: balancer(external('instance', `${nlb}-healthcheck-port: "8080"`)),
        inventory: web(ready('/ready')),
        finds: [`aws-port-vs-nodeport /metadata/annotations/${nlb.replace('/', '~1')}-healthcheck-port`],
      },
      {
        name: 'a port that no container has',
        object: balancer(external('ip', `${nlb}-healthcheck-port: "9000"`)),
        inventory: web(ready('/ready')),
        finds: [`aws-port-vs-container /metadata/annotations/${nlb.replace('/', '~1')}-healthcheck-port`],
      },
      {
        name: 'the default path of an Application Load Balancer, and a probe of another',
        object: ingress('alb', `${alb}/target-type: ip`),
        inventory: all(service([], ''), web(ready('/health/api'))),
        finds: [`aws-path-mismatch /metadata/annotations/${alb}~1healthcheck-path`],
      },
      {
        name: 'the same, where the workload comes last',
        object: web(ready('/health/api')),
        inventory: all(service([], ''), ingress('alb', `${alb}/target-type: ip`)),
        finds: ['aws-path-mismatch /spec/template/spec/containers/0/readinessProbe/httpGet/path'],
      },
      {
        name: 'the same, where the Service comes last, and says the path itself',
        object: service([`${alb}/healthcheck-path: /status`], ''),
        inventory: all(web(ready('/health/api')), ingress('alb', `${alb}/target-type: ip`)),
        finds: [`aws-path-mismatch /metadata/annotations/${alb}~1healthcheck-path`],
      },
      {
        name: 'a timeout as long as the interval',
        object: ingress(
          'alb',
          `${alb}/target-type: ip`,
          `${alb}/healthcheck-interval-seconds: "5"`,
          `${alb}/healthcheck-timeout-seconds: "5"`,
        ),
        inventory: all(service([], ''), web(ready('/'))),
        finds: [`timing /metadata/annotations/${alb}~1healthcheck-timeout-seconds`],
      },
      {
        name: 'appProtocol makes Azure ask for /',
        object: balancer([], '', '[{ name: http, port: 80, targetPort: 8080, appProtocol: http }]'),
        params: { cloud: 'azure' },
        inventory: web(ready('/ready')),
        finds: ['azure-approtocol-root /spec/ports/0/appProtocol'],
      },
      {
        name: 'the same, known by the nodes',
        object: balancer([], '', '[{ name: http, port: 80, targetPort: 8080, appProtocol: HTTPS }]'),
        inventory: `{ kind: Node, metadata: { name: aks-1 }, spec: { providerID: "azure:///subscriptions/1/vm" } }`,
        finds: ['azure-approtocol-root /spec/ports/0/appProtocol'],
      },
      {
        name: 'the same, while nodes are not known',
        object: balancer([], '', '[{ name: http, port: 80, targetPort: 8080, appProtocol: http }]'),
        unknown: ['Node'],
        finds: ['unresolved Node'],
      },
      {
        name: 'Azure does not take probes that last two minutes',
        object: balancer([`${azure}-interval: "30"`, `${azure}-num-of-probe: "4"`]),
        finds: [`azure-interval-product /metadata/annotations/${azure.replace('/', '~1')}-num-of-probe`],
      },
      {
        name: 'Azure does not take an interval below five seconds',
        object: balancer(['service.beta.kubernetes.io/port_80_health-probe_interval: "3"']),
        finds: [
          'azure-interval-product /metadata/annotations/service.beta.kubernetes.io~1port_80_health-probe_interval',
        ],
      },
      {
        name: 'Azure does not find the port',
        object: balancer(['service.beta.kubernetes.io/port_80_health-probe_port: status']),
        finds: ['azure-probe-port /metadata/annotations/service.beta.kubernetes.io~1port_80_health-probe_port'],
      },
      {
        name: 'GKE cannot take over a probe of another port',
        object: ofGce(),
        inventory: all(service([neg], ''), web(ready('/ready', '9090'))),
        finds: ['gce-probe-not-inferable /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'GKE cannot take over a command, where the workload comes last',
        object: web('{ exec: { command: [ready] } }'),
        inventory: all(service([neg], ''), ofGce()),
        finds: ['gce-probe-not-inferable /spec/template/spec/containers/0/readinessProbe'],
      },
      {
        name: 'an annotation that is no JSON',
        object: service(['cloud.google.com/backend-config: web']),
        inventory: web(ready('/ready')),
        finds: ['gce-backendconfig-json /metadata/annotations/cloud.google.com~1backend-config'],
      },
      {
        name: 'a BackendConfig that is not there',
        object: ofGce(),
        inventory: all(service([neg, named]), web(ready('/ready'))),
        finds: ['gce-backendconfig-missing /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'a BackendConfig that asks a port which no container has',
        object: service([neg, named]),
        inventory: all(ofGce(), web(ready('/ready')), backendConfig('type: HTTP, requestPath: /ready, port: 9000')),
        finds: ['gce-hc-port /metadata/annotations/cloud.google.com~1backend-config'],
      },
      {
        name: 'an ingress controller is asked for / without a host',
        object: balancer(external('ip', `${nlb}-healthcheck-protocol: http`)),
        inventory: nginx,
        finds: [`host-routed /metadata/annotations/${nlb.replace('/', '~1')}-healthcheck-protocol`],
      },
      {
        name: 'the same, where the controller comes last',
        object: nginx,
        inventory: balancer(external('ip', `${nlb}-healthcheck-protocol: http`)),
        finds: ['host-routed /spec/template/metadata/labels/app.kubernetes.io~1name'],
      },
      {
        name: 'an Application Gateway asks another path',
        object: ingress('azure-application-gateway', 'appgw.ingress.kubernetes.io/health-probe-path: /status'),
        inventory: all(service([], ''), web(ready('/ready'))),
        finds: ['agic-path /metadata/annotations/appgw.ingress.kubernetes.io~1health-probe-path'],
      },
      {
        name: 'a variable that nobody has filled in',
        object: balancer(external('ip', `${nlb}-healthcheck-port: "\${PORT}"`)),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    const routes = routesThrough(kind, object, namespace, inventory)
    const missing = new Set<Missing>()
    const told = new Set<string>()
    const found = routes.found.flatMap((route) =>
      healthCheckFaults(route, params, inventory).map((fault) => ({ route, fault })),
    )
    const own = kind === 'Service' ? serviceFaults(object).map((fault) => ({ route: undefined, fault })) : []
    for (const { route, fault } of [...own, ...found]) {
      if ('unresolved' in fault) {
        missing.add(fault.unresolved)
        continue
      }
      const path = placeIn(fault, kind, object)
      if (path === undefined || told.has(`${fault.reason} ${path}`)) continue
      told.add(`${fault.reason} ${path}`)
      const { reason, message, fix } = fault
      yield { reason, path, message, fix, related: route ? relatedOf(fault, route, object) : [] }
    }
    if (found.length > 0) for (const each of routes.unsure) missing.add(each)
    for (const each of missing) yield unresolved(each)
  },
})
