import { closestForFew } from '../../src/sdk/closest.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { backendsOfIngress, backendsTo, ingressesOf, type Ingress } from '../../src/sdk/ingress-backends.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved, type Unresolved, type Violation } from '../../src/sdk/policy.ts'
import {
  backendsOfRoute,
  isGranted,
  routeKinds,
  routesTo,
  type GatewayRoute,
  type RouteKind,
} from '../../src/sdk/route-backends.ts'
import type { Service } from '../../src/sdk/services.ts'
import { shadowedRoutes } from '../../src/sdk/shadowed-routes.ts'
import { listOf, memberOf, stringOf, textOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { targetPortOf } from '../../src/sdk/target-ports.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const why =
  'The API server stores it, but the controller finds no Service port to send to: it leaves the path out or answers 500, 503 or 404 for it.'
const lost =
  'The gateway drops the mirror and says so only in the status of the route (ResolvedRefs: False): requests are answered as ever, and the copies reach nobody.'
const snippet = yaml`backend:
  service:
    name: ${{ service: 'web' }}
    port: {number: ${{ port: 80 }}} # spec.ports[].port of the Service, not the port of the container
# HTTPRoute, GRPCRoute: backendRefs: [{name: ${{ service: 'web' }}, port: ${{ port: 80 }}}]`

const service = (ports = '{ name: http, port: 80, targetPort: 8080 }', rest = 'selector: { app: web }, ') =>
  `{ kind: Service, metadata: { name: web }, spec: { ${rest}ports: [${ports}] } }`
const external = service(undefined, 'type: ExternalName, externalName: web.example.com, ')
const path = (port: string, name = 'web', route = '/') =>
  `{ path: ${route}, pathType: Prefix, backend: { service: { name: ${name}, port: { ${port} } } } }`
const ingress = (paths: string, { name = 'shop', annotations = '', spec = '' } = {}) =>
  `{ kind: Ingress, metadata: { name: ${name}, annotations: { ${annotations} } }, spec: { ${spec}rules: [{ host: shop.example.com, http: { paths: [${paths}] } }] } }`
const route = (reference: string, { kind = 'HTTPRoute', metadata = '', filters = '' } = {}) =>
  `{ kind: ${kind}, metadata: { name: shop${metadata} }, spec: { parentRefs: [{ name: edge }], rules: [{ ${filters}backendRefs: [{ ${reference} }] }] } }`
const mirror = (reference: string) =>
  route('name: web, port: 80', {
    filters: `filters: [{ type: RequestMirror, requestMirror: { backendRef: { ${reference} } } }], `,
  })
const far =
  '{ kind: Service, metadata: { name: web, namespace: backend }, spec: { selector: { app: web }, ports: [{ port: 80 }] } }'
const grant = ({ kind = 'HTTPRoute', from = 'default', to = 'backend' } = {}) =>
  `{ kind: ReferenceGrant, metadata: { name: shop, namespace: ${to} }, spec: { from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: ${from} }], to: [{ group: "", kind: Service }] } }`
const edge = { from: 'edge', to: 'default' }
const fromEdge = (port: number) =>
  route(`name: web, namespace: default, port: ${port}`, { metadata: ', namespace: edge' })

export default definePolicy({
  id: 'network-ingress-backend-missing',
  summary: 'Ingresses and routes of the Gateway API send to ports that their Services have.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'https://kubernetes.io/docs/concepts/services-networking/ingress/#resource-backend',
    'https://gateway-api.sigs.k8s.io/api-types/referencegrant/',
    'https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#actions',
  ],
  on: ['Ingress', 'Service', ...routeKinds],
  reads: ['Ingress', 'Service', 'ReferenceGrant', ...routeKinds],
  // Actions and canaries are annotations.
  readsMetadata: true,
  reasons: {
    port: { baseline: { default: 'deny', service: 'warn' }, strict: 'deny', why, snippet },
    service: { baseline: { default: 'warn', check: 'deny' }, strict: 'deny', absence: true, why, snippet },
    'not-granted': {
      baseline: 'warn',
      strict: 'deny',
      absence: true,
      why: 'A route may send to another namespace only where a ReferenceGrant of that namespace lets it: without one the gateway answers 500 (gRPC: UNAVAILABLE) for the path.',
      snippet: yaml`apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata:
  name: routes
  namespace: ${{ toNamespace: 'backend' }} # that of the Service
spec:
  from: [{group: gateway.networking.k8s.io, kind: ${{ kind: 'HTTPRoute' }}, namespace: ${{ namespace: 'shop' }}}]
  to: [{group: "", kind: Service}]`,
    },
    'mirror-port': { baseline: 'warn', why: lost },
    'mirror-missing': { baseline: 'warn', absence: true, why: lost },
    'external-name': {
      baseline: 'audit',
      why: 'The Service has no endpoints, only a name: many controllers refuse such a backend, or send to whatever that name resolves to.',
      snippet,
    },
    'route-shadowed': {
      baseline: 'audit',
      why: 'Both Ingresses claim the same host and path, and the controller lets one win, as a rule the older: changes to the other do nothing.',
    },
  },
  examples: {
    passes: [
      { name: 'the number of the port of the Service', object: ingress(path('number: 80')), inventory: service() },
      { name: 'or its name', object: ingress(path('name: http')), inventory: service() },
      {
        name: 'a backend that is no Service',
        object: `{ kind: Ingress, spec: { defaultBackend: { resource: { apiGroup: example.com, kind: Bucket, name: static } } } }`,
      },
      {
        name: 'an action of a load balancer, written as a backend',
        object: ingress(path('name: use-annotation', 'to-https'), {
          annotations: 'alb.ingress.kubernetes.io/actions.to-https: "{}"',
        }),
      },
      {
        name: 'a canary shares its path on purpose',
        object: ingress(path('number: 80'), { annotations: 'nginx.ingress.kubernetes.io/canary: "true"' }),
        inventory: `${service()}\n---\n${ingress(path('number: 80'), { name: 'stable' })}`,
      },
      { name: 'seen from the Service', object: service(), inventory: ingress(path('number: 80')) },
      {
        name: 'a route to another namespace that lets it',
        object: route('name: web, namespace: backend, port: 80'),
        inventory: `${far}\n---\n${grant()}`,
      },
      {
        name: 'a gRPC route to another namespace that lets it',
        object: route('name: web, namespace: backend, port: 80', { kind: 'GRPCRoute' }),
        inventory: `${far}\n---\n${grant({ kind: 'GRPCRoute' })}`,
      },
      {
        name: 'a number in quotes is the fault of the Ingress',
        object: service(),
        inventory: ingress(path('name: "80"')),
      },
      { name: 'a mirror of the requests', object: mirror('name: web, port: 80'), inventory: service() },
      {
        name: 'a Service, and a route of another namespace by a port that it has',
        object: service(),
        inventory: `${fromEdge(80)}\n---\n${grant(edge)}`,
      },
      {
        name: 'nor does a route that nobody lets in concern a Service',
        object: service(),
        inventory: `${fromEdge(8080)}\n---\n${grant({ ...edge, kind: 'GRPCRoute' })}`,
      },
    ],
    fails: [
      {
        name: 'a Service without the port that a route of another namespace names',
        object: service(),
        inventory: `${fromEdge(8080)}\n---\n${grant(edge)}`,
        finds: ['port /spec/ports'],
      },
      {
        name: 'the port of the container',
        object: ingress(path('number: 8080')),
        inventory: service(),
        finds: ['port /spec/rules/0/http/paths/0/backend/service/port/number'],
      },
      {
        name: 'a name that no port has',
        object: `{ kind: Ingress, spec: { defaultBackend: { service: { name: web, port: { name: https } } } } }`,
        inventory: service(),
        finds: ['port /spec/defaultBackend/service/port/name'],
      },
      {
        name: 'seen from the Service that renumbers its port',
        object: service('{ name: http, port: 8080 }'),
        oldObject: service('{ name: http, port: 80 }'),
        inventory: ingress(path('number: 80')),
        finds: ['port /spec/ports'],
      },
      {
        name: 'a slip in the name of the Service',
        object: ingress(path('number: 80', 'wep')),
        inventory: service(),
        finds: ['service /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'an action that nobody wrote',
        object: ingress(path('name: use-annotation', 'to-https')),
        inventory: service(),
        finds: ['service /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'a Service that is a name',
        object: ingress(path('number: 80')),
        inventory: external,
        finds: ['external-name /spec/rules/0/http/paths/0/backend/service'],
      },
      {
        name: 'the same, seen from the Service',
        object: external,
        inventory: ingress(path('number: 80')),
        finds: ['external-name /spec/type'],
      },
      {
        name: 'two Ingresses for one path',
        object: ingress(path('number: 80')),
        inventory: `${service()}\n---\n${ingress(path('number: 80'), { name: 'other' })}`,
        finds: ['route-shadowed /spec/rules/0/http/paths/0'],
      },
      {
        name: 'a route by the port of the container',
        object: route('name: web, port: 8080'),
        inventory: service(),
        finds: ['port /spec/rules/0/backendRefs/0/port'],
      },
      {
        name: 'a route to another namespace without a grant',
        object: route('name: web, namespace: backend, port: 80'),
        inventory: far,
        finds: ['not-granted /spec/rules/0/backendRefs/0/namespace'],
      },
      {
        name: 'a number in quotes, which is the name of a port',
        object: ingress(path('name: "80"')),
        inventory: service(),
        finds: ['port /spec/rules/0/http/paths/0/backend/service/port/name'],
      },
      {
        name: 'a grant to routes of a namespace that a variable names',
        object: route('name: web, namespace: backend, port: 80'),
        inventory: `${far}\n---\n${grant({ from: '"${NAMESPACE}"' })}`,
        frontEnd: 'check',
        finds: ['unresolved ReferenceGrant'],
      },
      {
        name: 'the same at an old version',
        object: `{ apiVersion: networking.k8s.io/v1beta1, kind: Ingress, spec: { backend: { serviceName: web, servicePort: "80" } } }`,
        inventory: service(),
        frontEnd: 'check',
        finds: ['port /spec/backend/servicePort'],
      },
      {
        name: 'a grant to routes of another kind',
        object: route('name: web, namespace: backend, port: 80', { kind: 'GRPCRoute' }),
        inventory: `${far}\n---\n${grant()}`,
        finds: ['not-granted /spec/rules/0/backendRefs/0/namespace'],
      },
      {
        name: 'a gRPC route by the port of the container',
        object: route('name: web, port: 8080', { kind: 'GRPCRoute' }),
        inventory: service(),
        finds: ['port /spec/rules/0/backendRefs/0/port'],
      },
      {
        name: 'a Service that renumbers its port under a route of another namespace',
        object: service('{ name: http, port: 8080 }'),
        oldObject: service('{ name: http, port: 80 }'),
        inventory: `${fromEdge(80)}\n---\n${grant(edge)}`,
        finds: ['port /spec/ports'],
      },
      {
        name: 'a mirror by the port of the container',
        object: mirror('name: web, port: 8080'),
        inventory: service(),
        finds: ['mirror-port /spec/rules/0/filters/0/requestMirror/backendRef/port'],
      },
      {
        name: 'a mirror on a single backend, to a Service that is not there',
        object: route(
          'name: web, port: 80, filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: spy, port: 80 } } }]',
        ),
        inventory: service(),
        finds: ['mirror-missing /spec/rules/0/backendRefs/0/filters/0/requestMirror/backendRef'],
      },
      {
        name: 'a mirror in another namespace without a grant',
        object: mirror('name: web, namespace: backend, port: 80'),
        inventory: `${service()}\n---\n${far}`,
        finds: ['mirror-missing /spec/rules/0/filters/0/requestMirror/backendRef/namespace'],
      },
      {
        name: 'grants that are not known yet',
        object: service(),
        unknown: ['ReferenceGrant'],
        finds: ['unresolved ReferenceGrant'],
      },
      {
        name: 'Services that are not known yet',
        object: ingress(path('number: 80')),
        unknown: ['Service'],
        finds: ['unresolved Service'],
      },
    ],
  },
  *check({ kind, object, namespace, inventory }) {
    if (kind === 'Service') yield* judgeService(object, namespace, inventory)
    else if (kind === 'Ingress') yield* judgeIngress(object, namespace, inventory)
    else yield* judgeRoute(kind, object, namespace, inventory)
  },
})

type Reason = 'port' | 'service' | 'not-granted' | 'mirror-port' | 'mirror-missing' | 'external-name' | 'route-shadowed'
type Known = Inventory<'Ingress' | 'Service' | 'ReferenceGrant' | RouteKind>
type Said = Generator<Violation<Reason> | Unresolved, void>

function* judgeIngress(ingress: Ingress, namespace: string, inventory: Known): Said {
  const title = `Ingress ${brief(nameOf(ingress), 20)}`
  const closest = closestForFew()
  for (const backend of backendsOfIngress(ingress)) {
    const action = memberOf(ingress.metadata?.annotations, `alb.ingress.kubernetes.io/actions.${backend.service}`)
    if (backend.port === 'use-annotation' && action !== undefined) continue
    const fault = faultOf({ ...backend, namespace }, title, inventory, closest)
    if (fault) yield fault
  }
  const shadowed = shadowedRoutes(ingress, inventory)
  for (const { path, host, route, other } of shadowed === unknown ? [] : shadowed) {
    const [name, where] = [nameOf(other), stringOf(other.metadata?.namespace) ?? namespace]
    yield {
      reason: 'route-shadowed',
      path,
      message: `${title} serves ${brief(host, 40)}${brief(route, 30)}, and so does Ingress ${brief(name, 20)} of ${brief(where, 20)}`,
      fix: 'give one of them another host or path, or delete it',
      related: [{ kind: 'Ingress', namespace: where, name }],
    }
  }
}

function* judgeRoute(kind: RouteKind, route: GatewayRoute, namespace: string, inventory: Known): Said {
  const title = `${kind} ${brief(nameOf(route), 20)}`
  const closest = closestForFew()
  for (const backend of backendsOfRoute(route, namespace)) {
    const fault = faultOf({ ...backend, portPath: `${backend.path}/port` }, title, inventory, closest)
    if (fault) yield backend.mirror ? ofMirror(fault) : fault
    if (fault || backend.namespace === namespace) continue
    const granted = isGranted(kind, backend, namespace, inventory)
    if (granted === unknown) yield unresolved('ReferenceGrant')
    else if (!granted)
      yield {
        reason: backend.mirror ? 'mirror-missing' : 'not-granted',
        path: `${backend.path}/namespace`,
        message: `${title} → ${brief(backend.service, 20)}: no ReferenceGrant of namespace ${brief(backend.namespace, 20)} lets it send there`,
        fix: `create a ReferenceGrant there, from ${kind} of ${brief(namespace, 20)} to Service`,
        values: { kind, namespace, toNamespace: backend.namespace },
      }
  }
}

// A mirror that fails costs no request its answer.
function ofMirror(fault: Violation<Reason> | Unresolved): Violation<Reason> | Unresolved {
  if (!('reason' in fault)) return fault
  const reason = mirrorReasons.get(fault.reason)
  return reason ? { ...fault, reason } : fault
}

const mirrorReasons: ReadonlyMap<Reason, Reason> = new Map([
  ['port', 'mirror-port'],
  ['service', 'mirror-missing'],
])

/** A Service, and those that send to a port that it does not have. */
function* judgeService(service: Service, namespace: string, inventory: Known): Said {
  const isName = service.spec?.type === 'ExternalName'
  const name = nameOf(service)
  const ports = portsOf(service)
  const unsure = new Set<KindName>()
  const lacked = new Map<string, Violation<Reason>>()
  const { found, unsure: more } = sendersTo(service, namespace, inventory)
  for (const each of more) unsure.add(each)
  for (const { kind, name: from, namespace: where, backends } of found) {
    const place = where === namespace ? '' : ` of ${brief(where, 20)}`
    for (const { port, mirror } of backends) {
      if (isName) {
        lacked.set(`${kind} ${where} ${from}`, {
          reason: 'external-name',
          path: '/spec/type',
          message: `Service ${brief(name, 20)} is only a name (ExternalName), and ${kind} ${brief(from, 20)}${place} sends to it`,
          fix: 'check that the controller allows it, or give the Service endpoints',
          related: [{ kind, namespace: where, name: from }],
        })
        continue
      }
      if (port === undefined || isVariable(port) || port === 'use-annotation' || isQuoted(port, ports)) continue
      if (ports.varies || ports.numbers.has(port) || ports.names.has(port)) continue
      lacked.set(`${kind} ${where} ${from} ${port}`, {
        reason: mirror ? 'mirror-port' : 'port',
        path: '/spec/ports',
        message: `Service ${brief(name, 20)} has no port ${quoted(port)}, to which ${kind} ${brief(from, 20)}${place} ${mirror ? 'mirrors' : 'sends'}${listed(service)}`,
        fix: `keep the port, or change the backend of the ${kind} first`,
        related: [{ kind, namespace: where, name: from }],
        values: { service: name, port: portMeant(service, port) },
      })
    }
  }
  yield* lacked.values()
  for (const each of unsure) yield unresolved(each)
}

interface Sender {
  readonly kind: 'Ingress' | RouteKind
  readonly namespace: string
  readonly name: string
  readonly backends: readonly { readonly port: number | string | undefined; readonly mirror?: boolean }[]
}

function sendersTo(service: Service, namespace: string, inventory: Known) {
  const name = nameOf(service)
  const ingresses = ingressesOf(service, namespace, inventory)
  const routes = routesTo(service, namespace, inventory)
  const found: Sender[] = [
    ...ingresses.found.map((ingress) => {
      return { kind: 'Ingress' as const, namespace, name: nameOf(ingress), backends: backendsTo(name, ingress) }
    }),
    ...routes.found.map(({ kind, route, namespace: from }) => {
      const backends = backendsOfRoute(route, from).filter(
        (each) => each.service === name && each.namespace === namespace,
      )
      return { kind, namespace: from, name: nameOf(route), backends }
    }),
  ]
  return { found, unsure: [...ingresses.unsure, ...routes.unsure] }
}

interface Reference {
  readonly path: string
  readonly portPath: string
  readonly namespace: string
  readonly service: string
  readonly port: number | string | undefined
}

function faultOf(
  { path, portPath, namespace, service: name, port }: Reference,
  title: string,
  inventory: Known,
  closest: ReturnType<typeof closestForFew>,
): Violation<Reason> | Unresolved | undefined {
  if (name === '' || isVariable(name) || isVariable(namespace))
    return isVariable(name + namespace) ? unresolved('value') : undefined
  const service = inventory.get('Service', namespace, name)
  if (service === unknown || (service && inventory.uncertain(service))) return unresolved('Service')
  const arrow = `${title} → ${brief(name, 20)}`
  if (!service) {
    const services = inventory.list('Service', namespace)
    const near = services === unknown ? undefined : closest(name, () => services.map(nameOf))
    return {
      reason: 'service',
      path,
      message: `${arrow}: this Service does not exist`,
      fix:
        near === undefined
          ? 'create the Service, or correct the name'
          : `write name: ${brief(near)}, or create the Service`,
      values: { service: near ?? name, port: typeof port === 'number' ? port : undefined },
    }
  }
  const related = [{ kind: 'Service', namespace, name }]
  if (service.spec?.type === 'ExternalName') {
    const message = `${arrow}: the Service is only a name (ExternalName)`
    return {
      reason: 'external-name',
      path,
      message,
      fix: 'check that the controller allows it, or send to a Service with endpoints',
      related,
    }
  }
  if (port === undefined) return undefined
  const ports = portsOf(service)
  if (isVariable(port) || ports.varies) return unresolved(isVariable(port) ? 'value' : 'Service')
  if (ports.numbers.has(port) || ports.names.has(port)) return undefined
  return {
    reason: 'port',
    path: portPath,
    message: `${arrow}: the Service has no port ${quoted(port)}${listed(service)}`,
    fix: isQuoted(port, ports)
      ? `write ${fieldAt(path, portPath)}: ${port}, without quotes: text is the name of a port`
      : portFix(service, port, fieldAt(path, portPath)),
    related,
    values: { service: name, port: isQuoted(port, ports) ? Number(port) : portMeant(service, port) },
  }
}

// Text is looked up among the names, whatever it looks like (IntOrString), and no name is without a letter.
function isQuoted(port: number | string, { numbers }: ReturnType<typeof portsOf>): boolean {
  return typeof port === 'string' && /^[1-9]\d{0,4}$/.test(port) && numbers.has(Number(port))
}

// Where a number stands: in a route, in an Ingress before networking.k8s.io/v1, and in one of today.
function fieldAt(path: string, portPath: string): string {
  if (portPath === `${path}/port`) return 'port'
  return portPath.endsWith('/servicePort') ? 'servicePort' : 'number'
}

function portsOf(service: Service) {
  const ports = listOf(service.spec?.ports)
  const numbers = new Set<unknown>(ports.map((port) => memberOf(port, 'port')))
  const names = new Set<unknown>(ports.map((port) => memberOf(port, 'name') ?? undefined))
  return { numbers, names, varies: [...numbers, ...names].some(isVariable) }
}

/** The port of a Service that a backend most likely means: the one that leads to what it names, or the only one. */
function portMeant(service: Service, port: number | string): number | undefined {
  const ports = listOf(service.spec?.ports)
  const behind = ports.find((each) => targetPortOf(each) === port)
  const [only, second] = ports
  const number = memberOf(behind ?? (second === undefined ? only : undefined), 'port')
  return typeof number === 'number' ? number : undefined
}

function portFix(service: Service, port: number | string, field: string): string {
  const behind = listOf(service.spec?.ports).find((each) => targetPortOf(each) === port)
  const number = portMeant(service, port)
  if (number === undefined) return `write the number ${field === 'port' ? '' : 'or the name '}of one of its ports`
  return behind === undefined
    ? `write ${field}: ${number}`
    : `write ${field}: ${number} (${quoted(port)} is its targetPort; a backend names a port of the Service)`
}

function listed(service: Service): string {
  const ports = listOf(service.spec?.ports)
  if (ports.length === 0) return ''
  const some = ports.slice(0, 2).map((port) => brief(textOf(memberOf(port, 'port')), 8))
  return ` (it has ${[...some, ...(ports.length > 2 ? [`${ports.length - 2} more`] : [])].join(', ')})`
}

function quoted(port: number | string): string {
  return typeof port === 'number' ? String(port) : `"${brief(port, 15)}"`
}
