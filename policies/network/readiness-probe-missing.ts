import type { Exposure } from '../../src/sdk/exposure.ts'
import type { Inventory } from '../../src/sdk/inventory.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { describeServer } from '../../src/sdk/offer-texts.ts'
import { serversAmong } from '../../src/sdk/offered-ports.ts'
import { podSpecOf, type ContainerView, type PodSpecView } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Related, type Unresolved, type Violation } from '../../src/sdk/policy.ts'
import { sameProbe } from '../../src/sdk/probe-sameness.ts'
import { handlersOf } from '../../src/sdk/probes.ts'
import { servedContainers, servingContainers, type ServedContainer } from '../../src/sdk/served-containers.ts'
import { backendsOf, isHeadless, type Backend, type BackendKind, type Service } from '../../src/sdk/services.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { declaredPortsOf } from '../../src/sdk/target-ports.ts'

const why =
  'Without a readiness probe a container counts as ready the moment its process starts, so each rollout and each restart sends requests to a pod that cannot answer yet: 502.'
const snippet = yaml`readinessProbe:
  httpGet: {path: /ready, port: ${{ port: 'http' }}} # a path that answers only when the pod can serve`

const container = (fields: string) =>
  `{ name: web, image: "registry.example.com/web:1.4.2", ports: [{ name: http, containerPort: 8080 }], resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }${fields} }`
const deployment = (fields: string, more = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [${container(fields)}${more}] } } } }`
const service = (fields = '') =>
  `{ kind: Service, metadata: { name: web }, spec: { ${fields}selector: { app: web }, ports: [{ port: 80, targetPort: http }] } }`
const ingress = `{ kind: Ingress, metadata: { name: shop }, spec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] } }`
const ask = (rest = '') => `{ httpGet: { path: /ready, port: http }${rest} }`

export default definePolicy({
  id: 'network-readiness-probe-missing',
  summary: 'Containers that Services send to say when they are ready.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/kubelet/prober/prober_manager.go',
    'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes',
  ],
  on: ['Service', 'DaemonSet', 'Deployment', 'Pod', 'ReplicaSet', 'ReplicationController', 'Rollout', 'StatefulSet'],
  reads: [
    'Service',
    'Ingress',
    'DaemonSet',
    'Deployment',
    'Pod',
    'ReplicaSet',
    'ReplicationController',
    'Rollout',
    'StatefulSet',
    'Job',
    'CronJob',
  ],
  params: {
    always: {
      type: 'boolean',
      default: false,
      description: 'Ask for the probe also where no Service is known: of each container that declares a port.',
    },
  },
  reasons: {
    missing: { baseline: 'audit', strict: 'warn', why, snippet },
    // The Service is not what lacks the probe.
    'missing-exposed': { baseline: 'audit', strict: { default: 'deny', service: 'warn' }, why, snippet },
    'readiness-equals-liveness': {
      baseline: 'audit',
      why: 'A pod that is merely overloaded fails both probes at once: it is restarted instead of being left alone until it has caught up, and its load moves on to the next.',
      snippet: `readinessProbe:
  httpGet: {path: /ready, port: http}
livenessProbe:
  httpGet: {path: /live, port: http}
  failureThreshold: 6 # more patient than readiness`,
    },
    'probe-port-differs': {
      baseline: 'audit',
      why: 'The pod is called ready for a port that no Service sends to, while the one that gets the traffic may not be open yet.',
      snippet,
    },
  },
  examples: {
    passes: [
      {
        name: 'the container that gets the traffic has a probe',
        object: deployment(`, readinessProbe: ${ask()}`),
        inventory: service(),
      },
      { name: 'no Service sends to it', object: deployment('') },
      { name: 'peers behind a headless Service', object: deployment(''), inventory: service('clusterIP: None, ') },
      {
        name: 'the same question, but a more patient liveness',
        object: deployment(`, readinessProbe: ${ask()}, livenessProbe: ${ask(', failureThreshold: 6')}`),
        inventory: service(),
      },
      {
        name: 'a container beside it needs none',
        object: deployment(
          `, readinessProbe: ${ask()}`,
          ', { name: log, image: "registry.example.com/log:1.0.0", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }',
        ),
        inventory: service(),
      },
      {
        name: 'a number that nobody declares, and one container with a probe',
        object: deployment(`, readinessProbe: ${ask()}`),
        inventory: `{ kind: Service, spec: { selector: { app: web }, ports: [{ name: a, port: 80, targetPort: 9000 }, { name: b, port: 81, targetPort: http }] } }`,
      },
    ],
    fails: [
      {
        name: 'behind a Service',
        object: deployment(''),
        inventory: service(),
        finds: ['missing /spec/template/spec/containers/0/readinessProbe'],
      },
      {
        name: 'one probe is missing, however many ports lead to the container',
        object: deployment(''),
        inventory: service().replace(
          /ports: .*\]/,
          'ports: [{ name: http, port: 80, targetPort: http }, { name: admin, port: 81, targetPort: 9000 }]',
        ),
        finds: ['missing /spec/template/spec/containers/0/readinessProbe'],
      },
      {
        name: 'startup is not readiness',
        object: deployment(`, startupProbe: ${ask()}`),
        inventory: service(),
        finds: ['missing /spec/template/spec/containers/0/readinessProbe'],
      },
      {
        name: 'behind a load balancer',
        object: deployment(''),
        inventory: service('type: LoadBalancer, '),
        finds: ['missing-exposed /spec/template/spec/containers/0/readinessProbe'],
      },
      {
        name: 'behind an Ingress',
        object: deployment(''),
        inventory: `${service()}\n---\n${ingress}`,
        finds: ['missing-exposed /spec/template/spec/containers/0/readinessProbe'],
      },
      {
        name: 'seen from the Service',
        object: service('type: LoadBalancer, '),
        inventory: deployment(''),
        finds: ['missing-exposed /spec/selector'],
      },
      {
        name: 'asked of every container that declares a port',
        object: deployment(''),
        params: { always: true },
        finds: ['missing /spec/template/spec/containers/0/readinessProbe'],
      },
      {
        name: 'liveness asks the very same',
        object: deployment(
          `, readinessProbe: ${ask(', periodSeconds: 10')}, livenessProbe: ${ask(', failureThreshold: 3')}`,
        ),
        inventory: service(),
        finds: ['readiness-equals-liveness /spec/template/spec/containers/0/livenessProbe'],
      },
      {
        name: 'the probe asks another port',
        object: deployment(', readinessProbe: { tcpSocket: { port: 9090 } }'),
        inventory: service(),
        finds: ['probe-port-differs /spec/template/spec/containers/0/readinessProbe/tcpSocket/port'],
      },
      {
        name: 'the same, seen from the Service',
        object: service(),
        inventory: deployment(', readinessProbe: { tcpSocket: { port: 9090 } }'),
        finds: ['probe-port-differs /spec/selector'],
      },
      {
        name: 'Services that are not known yet',
        object: deployment(''),
        unknown: ['Service'],
        finds: ['unresolved Service'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    if (kind === 'Service') {
      yield* judgeService(object, namespace, inventory)
      return
    }
    const view = podSpecOf(kind, object)
    if (!view) return
    for (const each of servingContainers(view)) {
      const { readinessProbe, livenessProbe } = each.container
      if (!readinessProbe || !livenessProbe || !sameProbe(readinessProbe, livenessProbe)) continue
      yield {
        reason: 'readiness-equals-liveness',
        path: `${each.path}/livenessProbe`,
        message: `liveness and readiness of ${each.name} are the same probe with the same patience`,
        fix: 'give livenessProbe a path of its own, or a larger failureThreshold',
      }
    }
    const { served, unsure } = servedContainers(kind, object, view, namespace, inventory)
    if (served.length === 0 && unsure.length === 0 && !params.always) return
    const lacking = served.flatMap((each) => {
      const container = lackingProbe(each.container, view)
      return container ? [{ container, exposures: each.exposures }] : []
    })
    const told = new Set<string>()
    for (const { container, exposures } of [...lacking].sort((a, b) => farness(b) - farness(a))) {
      if (!told.has(container.path)) yield missing(container, exposures, namespace)
      told.add(container.path)
    }
    if (params.always && served.length === 0) {
      for (const each of servingContainers(view))
        if (!each.container.readinessProbe && declaredPortsOf(each).length > 0) yield missing(each, [], namespace)
    }
    for (const each of served) {
      const other = otherPort(each, namespace)
      if (other) yield other
    }
    const isOpen = servingContainers(view).some(({ container }) => !container.readinessProbe)
    if (isOpen) for (const kind of unsure) yield unresolved(kind)
  },
})

type Reason = 'missing' | 'missing-exposed' | 'readiness-equals-liveness' | 'probe-port-differs'
type Said = Generator<Violation<Reason> | Unresolved, void>

/** The container that lacks the probe; where it is not known which one serves, the first, if none has any. */
function lackingProbe(container: ContainerView | undefined, view: PodSpecView): ContainerView | undefined {
  if (container) return container.container.readinessProbe ? undefined : container
  const all = servingContainers(view)
  return all.some((each) => each.container.readinessProbe) ? undefined : all[0]
}

function isFar({ reach }: Exposure): boolean {
  return reach === 'load-balancer' || reach === 'ingress'
}

function farness({ exposures: [farthest] }: Pick<ServedContainer, 'exposures'>): number {
  return farthest && isFar(farthest) ? 1 : 0
}

function missing(container: ContainerView, exposures: readonly Exposure[], namespace: string): Violation<Reason> {
  const [first] = exposures
  const through = first ? ` serves ${describe(first)}` : ''
  return {
    reason: first && isFar(first) ? 'missing-exposed' : 'missing',
    path: `${container.path}/readinessProbe`,
    message: `${container.name}${through} without readinessProbe: it gets requests as soon as its process starts`,
    fix: 'add readinessProbe with a path that answers only when the pod can serve',
    values: { port: declaredPort(container) },
    related: exposures.map(({ service }) => ({ kind: 'Service', namespace, name: nameOf(service) })),
  }
}

/** The first port that a container declares, by its name where it has one. */
function declaredPort(container: ContainerView): string | number | undefined {
  const [first] = declaredPortsOf(container)
  return first && (first.name || first.number)
}

/** `Ingress shop`, `load balancer web`, `Service web`. */
function describe({ reach, service, ingresses: [ingress] }: Exposure): string {
  if (reach === 'ingress' && ingress) return `Ingress ${brief(nameOf(ingress), 20)}`
  return `${reach === 'load-balancer' ? 'load balancer' : 'Service'} ${brief(nameOf(service), 20)}`
}

function otherPort(
  { container, exposures, targets }: ServedContainer,
  namespace: string,
): Violation<Reason> | undefined {
  const handler = container && handlersOf(container).find(({ name }) => name === 'readinessProbe')
  if (!handler) return undefined
  const { port } = handler.action
  const number = typeof port === 'string' ? declaredPortsOf(container).find(({ name }) => name === port)?.number : port
  if (typeof number !== 'number' || targets.has(number) || targets.size === 0) return undefined
  const some = [...targets].slice(0, 3).join(', ')
  return {
    reason: 'probe-port-differs',
    path: `${handler.path}/port`,
    message: `readinessProbe of ${container.name} asks port ${number}, but Services send to ${brief(some, 40)}`,
    fix: 'probe the port that gets the traffic, or be sure that one implies the other',
    values: { port: [...targets][0] },
    related: exposures.map(({ service }) => ({ kind: 'Service', namespace, name: nameOf(service) })),
  }
}

/** The same, seen from the Service that comes last. */
function* judgeService(
  service: Service,
  namespace: string,
  inventory: Inventory<'Service' | 'Ingress' | BackendKind>,
): Said {
  if (isHeadless(service)) return
  const { found, unsure } = backendsOf(service, namespace, inventory)
  for (const { backend, view } of serversAmong(found.filter(isLasting))) {
    const { served } = servedContainers(backend.kind, backend.object, view, namespace, inventory)
    const told = new Set<string>()
    for (const each of served) {
      const own = each.exposures.filter((exposure) => exposure.service === service)
      if (own.length === 0) continue
      const other = otherPort(each, namespace)
      const seenFrom = { path: '/spec/selector', related: [relatedTo(backend, namespace)] }
      if (other) yield { ...other, ...seenFrom, message: `${describeServer({ backend, view })}: ${other.message}` }
      const lacking = lackingProbe(each.container, view)
      if (!lacking || told.has(lacking.path)) continue
      told.add(lacking.path)
      yield {
        ...missing(lacking, own, namespace),
        ...seenFrom,
        message: `${lacking.name} of ${describeServer({ backend, view })} has no readinessProbe: it gets requests as soon as its process starts`,
      }
    }
  }
  for (const kind of new Set<KindName>(unsure)) yield unresolved(kind)
}

function relatedTo({ kind, object }: Backend, namespace: string): Related {
  return { kind, namespace, name: nameOf(object) }
}

/** Not Pods either: a bare one is judged itself, and an audit keeps nothing of the containers of those it looks up. */
function isLasting({ kind }: Backend): boolean {
  return kind !== 'Job' && kind !== 'CronJob' && kind !== 'Pod'
}
