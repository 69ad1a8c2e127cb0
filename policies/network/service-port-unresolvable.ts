import { unknown, type Inventory, type Unknown } from '../../src/sdk/inventory.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import {
  describeFault,
  describeServer,
  fixOfService,
  fixOfWorkload,
  type PortFault,
  targetInstead,
} from '../../src/sdk/offer-texts.ts'
import { offerOf, serversAmong, type Offer, type Server } from '../../src/sdk/offered-ports.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Related, type Unresolved, type Violation } from '../../src/sdk/policy.ts'
import { portInstead, portNameFault } from '../../src/sdk/port-names.ts'
import { backendKinds, backendsOf, isHeadless, isSelecting, servicesOf } from '../../src/sdk/services.ts'
import type { Backend, BackendKind, Service } from '../../src/sdk/services.ts'
import { listOf, memberOf, stringOf } from '../../src/sdk/shape.ts'
import { type GivenValues, yaml } from '../../src/sdk/snippet.ts'
import { findTargetPort, targetPortOf, type Target } from '../../src/sdk/target-ports.ts'

const dead =
  'The EndpointSlice gets the pods but not this port, so nothing answers on it: connections are refused inside the cluster, and a load balancer answers 502 or 503.'
const slip =
  'A number works where the process listens, declared or not; where every container declares other ports it may be a slip, and then connections are refused.'
const snippet = yaml`spec:
  ports:
    - ${{ servicePort: { name: 'http', port: 80, targetPort: 'http' } }} # targetPort: a name or number under ports of the container`

const container = (fields: string, name = 'web') =>
  `{ name: ${name}, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }${fields} }`
const workload = (containers: string, { name = 'web', kind = 'Deployment', rest = '', spec = '' } = {}) =>
  `{ kind: ${kind}, metadata: { name: ${name} }, spec: { ${spec}selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${rest}containers: [${containers}] } } } }`
const port = (name: string, number: number, rest = '') =>
  `, ports: [{ name: ${name}, containerPort: ${number}${rest} }]`
const web = workload(container(port('http', 8080)))
const service = (ports: string, rest = '') =>
  `{ kind: Service, metadata: { name: web }, spec: { ${rest}selector: { app: web }, ports: [${ports}] } }`
const toHttp = '{ port: 80, targetPort: http }'

export default definePolicy({
  id: 'network-service-port-unresolvable',
  summary: 'Every port of a Service leads to a port of the pods that it selects.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'kubernetes/staging/src/k8s.io/endpointslice/utils.go',
    'kubernetes/pkg/apis/core/v1/defaults.go',
    'https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports',
  ],
  on: ['Service', ...backendKinds],
  reads: ['Service', ...backendKinds],
  reasons: {
    'named-port': { baseline: { default: 'warn', service: 'deny' }, why: dead, snippet },
    protocol: { baseline: { default: 'warn', service: 'deny' }, why: dead, snippet },
    'named-port-partial': {
      baseline: 'warn',
      why: 'Pods without the name get no traffic on this port: the others carry all of it, and none is left once a rollout has replaced them.',
      snippet,
    },
    'numeric-protocol': { baseline: 'warn', why: slip, snippet },
    'numeric-port': { baseline: 'audit', strict: 'warn', why: slip, snippet },
    'headless-port': {
      baseline: 'audit',
      why: 'A headless Service has no proxy that translates ports: clients that follow its name to a pod and call `port` find nobody there.',
      snippet: yaml`spec:
  clusterIP: None
  ports:
    - ${{ servicePort: { name: 'http', port: 8080 } }} # the port of the container itself`,
    },
    'port-name-invalid': {
      baseline: 'deny',
      api: true,
      why: 'The API server refuses the Service: a port in quotes is a name, and names follow the rules of IANA service names.',
      snippet,
    },
  },
  examples: {
    passes: [
      { name: 'the name of a port of the container', object: service(toHttp), inventory: web },
      {
        name: 'a sidecar may have the port',
        object: service('{ port: 80, targetPort: proxy }'),
        inventory: workload(container(''), {
          rest: `initContainers: [${container(`, restartPolicy: Always${port('proxy', 9000)}`, 'proxy')}], `,
        }),
      },
      { name: 'a number that is declared', object: service('{ port: 80, targetPort: 8080 }'), inventory: web },
      { name: 'no targetPort means the port itself', object: service('{ port: 8080 }'), inventory: web },
      {
        name: 'a container that declares nothing may listen anywhere',
        object: service('{ port: 80, targetPort: 9999 }'),
        inventory: workload(`${container(port('http', 8080))}, ${container('', 'other')}`),
      },
      {
        name: 'who keeps the endpoints of a Service without a selector is not known',
        object: `{ kind: Service, metadata: { name: web }, spec: { ports: [${toHttp}] } }`,
        inventory: web,
      },
      {
        name: 'a name in the DNS',
        object: `{ kind: Service, metadata: { name: web }, spec: { type: ExternalName, externalName: web.example.com, selector: { app: web }, ports: [{ port: 80, targetPort: https }] } }`,
        inventory: web,
      },
      { name: 'the workload comes later', object: service(toHttp) },
      { name: 'a headless Service without ports', object: service('', 'clusterIP: None, '), inventory: web },
      {
        name: 'a headless Service by the number of the pods',
        object: service('{ port: 8080, targetPort: http }', 'clusterIP: None, '),
        inventory: web,
      },
      {
        name: 'what is scaled to zero, or runs to an end, serves nothing',
        object: service(toHttp),
        inventory: `${web}\n---\n${workload(container(''), { name: 'old', spec: 'replicas: 0, ' })}\n---\n{ kind: Job, metadata: { name: migrate }, spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [${container('')}] } } } }`,
      },
      { name: 'seen from the workload', object: web, inventory: service(toHttp) },
    ],
    fails: [
      {
        name: 'a sidecar that is injected may have the name',
        object: service('{ port: 80, targetPort: dapr-http }'),
        inventory: web.replace(
          'labels: { app: web } }, spec',
          'labels: { app: web }, annotations: { dapr.io/enabled: "true" } }, spec',
        ),
        finds: ['unresolved value'],
      },
      {
        name: 'no container has a port of that name',
        object: service('{ port: 80, targetPort: web }'),
        inventory: web,
        finds: ['named-port /spec/ports/0/targetPort'],
      },
      {
        name: 'the other ports of the Service live',
        object: service(`{ name: web, ${toHttp.slice(2)}, { name: metrics, port: 9090, targetPort: metrics }`),
        inventory: web,
        finds: ['named-port /spec/ports/1/targetPort'],
      },
      {
        name: 'only an init container has it, which has ended by then',
        object: service(toHttp),
        inventory: workload(container(''), { rest: `initContainers: [${container(port('http', 8080), 'setup')}], ` }),
        finds: ['named-port /spec/ports/0/targetPort'],
      },
      {
        name: 'the name is there, for another protocol',
        object: service('{ port: 53, targetPort: dns, protocol: UDP }'),
        inventory: workload(container(port('dns', 53))),
        finds: ['protocol /spec/ports/0/targetPort'],
      },
      {
        name: 'one of two workloads has it',
        object: service(toHttp),
        inventory: `${web}\n---\n${workload(container(port('web', 8080)), { name: 'web-next' })}`,
        finds: ['named-port-partial /spec/ports/0/targetPort'],
      },
      {
        name: 'a number that no container declares',
        object: service('{ port: 80, targetPort: 8081 }'),
        inventory: web,
        finds: ['numeric-port /spec/ports/0/targetPort'],
      },
      {
        name: 'nor the port itself, where targetPort is left out',
        object: service('{ port: 80 }'),
        inventory: web,
        finds: ['numeric-port /spec/ports/0/targetPort'],
      },
      {
        name: 'a number that is declared for another protocol',
        object: service('{ port: 53, protocol: UDP }'),
        inventory: workload(container(port('dns', 53))),
        finds: ['numeric-protocol /spec/ports/0/targetPort'],
      },
      {
        name: 'a headless Service translates no ports',
        object: service('{ port: 80, targetPort: http }', 'clusterIP: None, '),
        inventory: web,
        finds: ['headless-port /spec/ports/0/port'],
      },
      {
        name: 'a number in quotes is a name, and none that is allowed',
        object: service('{ port: 80, targetPort: "8080" }'),
        inventory: web,
        frontEnd: 'check',
        finds: ['port-name-invalid /spec/ports/0/targetPort'],
      },
      {
        name: 'upper case',
        object: service('{ port: 80, targetPort: HTTP }'),
        inventory: web,
        frontEnd: 'check',
        finds: ['port-name-invalid /spec/ports/0/targetPort'],
      },
      {
        name: 'seen from a workload that renames its port',
        object: workload(container(port('web', 8080))),
        oldObject: web,
        inventory: service(toHttp),
        finds: ['named-port /spec/template/spec/containers/0/ports'],
      },
      {
        name: 'seen from a workload that changes its protocol',
        object: workload(container(port('http', 8080, ', protocol: UDP'))),
        oldObject: web,
        inventory: service(toHttp),
        finds: ['protocol /spec/template/spec/containers/0/ports/0/protocol'],
      },
      {
        name: 'seen from the one of two workloads that lacks it',
        object: workload(container(port('web', 8080)), { name: 'web-next' }),
        inventory: `${service(toHttp)}\n---\n${web}`,
        finds: ['named-port-partial /spec/template/spec/containers/0/ports'],
      },
      {
        name: 'a bare Pod',
        object: `{ kind: Pod, metadata: { labels: { app: web } }, spec: { containers: [${container('')}] } }`,
        inventory: service(toHttp),
        unknown: ['Pod'],
        finds: ['named-port /spec/containers/0/ports'],
      },
      {
        name: 'other workloads that are not known yet may have it',
        object: service('{ port: 80, targetPort: web }'),
        inventory: web,
        unknown: ['StatefulSet'],
        finds: ['unresolved StatefulSet'],
      },
      {
        name: 'a variable names the port',
        object: service('{ port: 80, targetPort: "${PORT_NAME}" }'),
        inventory: web,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, namespace, inventory }) {
    if (kind === 'Service') {
      yield* judgeService(object, namespace, inventory)
      return
    }
    const view = podSpecOf(kind, object)
    // The kind says which object it is.
    if (view) yield* judgeWorkload({ backend: { kind, object } as Backend, view }, namespace, inventory)
  },
})

type Reason =
  | 'named-port'
  | 'protocol'
  | 'named-port-partial'
  | 'numeric-protocol'
  | 'numeric-port'
  | 'headless-port'
  | 'port-name-invalid'
type Refused = { readonly name: string; readonly fault: string }
type Said = Generator<Violation<Reason> | Unresolved, void>
type Known = Inventory<'Service' | BackendKind>

function* judgeService(service: Service, namespace: string, inventory: Known): Said {
  const behind = isSelecting(service) ? backendsOf(service, namespace, inventory) : undefined
  const servers = serversAmong(behind?.found ?? [])
  const offer = offerOf(servers)
  const [first, ...others] = servers
  const unsure = new Set<KindName>(first ? [] : behind?.unsure)
  for (const [index, port] of listOf(service.spec?.ports).entries()) {
    const refused = refusedName(port)
    if (refused) yield refusal(service, index, refused)
    else if (first && isHeadless(service)) yield* judgeHeadless(service, port, index, first, namespace)
    else {
      const fault = offer(port)
      if (fault.state === 'served') continue
      if (fault.state === 'unknown') yield unresolved('value')
      else if (fault.state !== 'some' && behind && behind.unsure.length > 0)
        for (const kind of behind.unsure) unsure.add(kind)
      else
        yield {
          reason: reasonOf(fault),
          path: `/spec/ports/${index}/targetPort`,
          message: `${titleOf(service, port)}: ${describeFault(fault, others.length)}`,
          fix: fixOfService(fault),
          related: relatedTo(fault.state === 'some' ? [fault.lacking] : servers, namespace),
          values: { servicePort: mended(port, fault) },
        }
    }
  }
  for (const kind of unsure) yield unresolved(kind)
}

function refusal(service: Service, index: number, { name, fault }: Refused): Violation<'port-name-invalid'> {
  return {
    reason: 'port-name-invalid',
    path: `/spec/ports/${index}/targetPort`,
    message: `Service ${brief(nameOf(service), 20)}: targetPort "${brief(name, 20)}" ${fault}`,
    fix: `write targetPort: ${portInstead(name)}`,
    values: { servicePort: typedPort(listOf(service.spec?.ports)[index], { targetPort: typedTarget(name) }) },
  }
}

/** What the fix says, as it is typed. */
function typedTarget(name: string): string | number {
  return /^[0-9]{1,5}$/.test(name) ? Number(name) : portInstead(name)
}

/** The same, for each Service over a workload, seen from the workload that lacks the port. */
function* judgeWorkload(own: Server, namespace: string, inventory: Known): Said {
  const { kind, object } = own.backend
  const unsure = new Set<KindName>()
  const services = servicesOf(kind, object, namespace, inventory)
  for (const missing of services.unsure) unsure.add(missing)
  for (const service of services.found) {
    const lacked = isHeadless(service) ? [] : portsLacked(service, own)
    if (lacked.length === 0) continue
    const behind = backendsOf(service, namespace, inventory)
    // Where Pods are not known, the one under review is.
    const isThere = behind.found.some((backend) => backend.object === object)
    const servers = serversAmong(isThere ? behind.found : [...behind.found, own.backend])
    if (!servers.some(({ backend }) => backend.object === object)) continue
    const offer = offerOf(servers)
    for (const { port, target } of lacked) {
      const fault = ownFault(offer(port), target, own)
      if (fault === undefined) continue
      if (fault === unknown) yield unresolved(target.state === 'unknown' ? 'value' : 'Service')
      else if (fault.state !== 'some' && behind.unsure.length > 0)
        for (const missing of behind.unsure) unsure.add(missing)
      else
        yield {
          reason: reasonOf(fault),
          path: placeInWorkload(fault, own),
          message: `${titleOf(service, port)}: ${describeFault(fault, 0)}`,
          fix: fixOfWorkload(fault),
          related: [{ kind: 'Service', namespace, name: nameOf(service) }],
          values: { servicePort: mended(port, fault) },
        }
    }
  }
  for (const missing of unsure) yield unresolved(missing)
}

/** A headless Service: clients call the pods at the port that they know. */
function* judgeHeadless(service: Service, port: unknown, index: number, server: Server, namespace: string): Said {
  const target = findTargetPort(server.view, port)
  const known = memberOf(port, 'port')
  if (target.state === 'unknown' || typeof known !== 'number') return
  const asked = targetPortOf(port)
  if (asked === unknown) return
  const number = target.state === 'found' ? target.number : asked
  if (number === known) return
  const where =
    typeof number === 'number'
      ? `${number}`
      : `a port "${brief(number ?? '', 15)}" that ${describeServer(server)} lacks`
  yield {
    reason: 'headless-port',
    path: `/spec/ports/${index}/port`,
    message: `headless ${titleOf(service, port)} leads to ${where}: no proxy translates ${known}`,
    fix: typeof number === 'number' ? `write port: ${number}` : 'write the port of the container in both fields',
    values: { servicePort: typeof number === 'number' ? typedPort(port, { port: number }) : undefined },
    related: relatedTo([server], namespace),
  }
}

/** The ports of a Service that a workload does not serve, or not evidently. */
function portsLacked(service: Service, { view }: Server): { readonly port: unknown; readonly target: Target }[] {
  return listOf(service.spec?.ports).flatMap((port) => {
    const target = findTargetPort(view, port)
    const isServed = target.state === 'found' && target.declared !== undefined
    return isServed || refusedName(port) ? [] : [{ port, target }]
  })
}

/** What all servers together make of a port, told of this one. */
function ownFault(offer: Offer, target: Target, own: Server): PortFault | Unknown | undefined {
  if (offer.state === 'served') return undefined
  if (offer.state === 'unknown' || target.state === 'unknown') return unknown
  if (offer.state === 'some') return { ...offer, lacking: own }
  if (target.state === 'protocol' && offer.state === 'protocol')
    return { ...offer, server: own, declared: target.declared }
  if (offer.state === 'protocol' && typeof offer.target === 'number') return undefined
  return { state: 'none', target: offer.target, server: own }
}

function reasonOf(fault: PortFault): Exclude<Reason, 'headless-port' | 'port-name-invalid'> {
  if (fault.state === 'some') return 'named-port-partial'
  const isName = typeof fault.target === 'string'
  if (fault.state === 'protocol') return isName ? 'protocol' : 'numeric-protocol'
  return isName ? 'named-port' : 'numeric-port'
}

/** The targetPort, if it is a name that the API server refuses. */
function refusedName(port: unknown): Refused | undefined {
  const name = stringOf(memberOf(port, 'targetPort')) ?? ''
  const fault = name === '' ? undefined : portNameFault(name)
  return fault === undefined ? undefined : { name, fault }
}

/** A port of a Service, with the target that is meant; undefined where that is not known. */
function mended(port: unknown, fault: PortFault): GivenValues['servicePort'] {
  if (fault.state === 'protocol')
    return typedPort(port, { protocol: fault.declared.protocol, targetPort: fault.target })
  const targetPort = targetInstead(fault)
  return targetPort === undefined ? undefined : typedPort(port, { targetPort })
}

/** What the snippet keeps of a port of a Service, with what changes. */
function typedPort(port: unknown, changed: { readonly [field: string]: string | number }): GivenValues['servicePort'] {
  const kept = ['name', 'protocol', 'port'].flatMap((field): [string, string | number][] => {
    const value = memberOf(port, field)
    return typeof value === 'string' || typeof value === 'number' ? [[field, value]] : []
  })
  const typed = { ...Object.fromEntries(kept), ...changed }
  const isValid = typeof typed['port'] === 'number' && protocols.has(typed['protocol'] ?? 'TCP')
  return isValid ? typed : undefined
}

const protocols: ReadonlySet<string | number> = new Set(['TCP', 'UDP', 'SCTP'])

/** `Service web port 53/UDP`. */
function titleOf(service: Service, port: unknown): string {
  const number = memberOf(port, 'port')
  const protocol = stringOf(memberOf(port, 'protocol')) ?? 'TCP'
  const title = `Service ${brief(nameOf(service), 20)}`
  if (typeof number !== 'number') return title
  return `${title} port ${number}${protocol === 'TCP' ? '' : `/${brief(protocol, 8)}`}`
}

function placeInWorkload(fault: PortFault, { view }: Server): string {
  if (fault.state !== 'protocol') return `${view.path}/containers/0/ports`
  return `${fault.declared.container.path}/ports/${fault.declared.index}/protocol`
}

function relatedTo(servers: readonly Server[], namespace: string): Related[] {
  return servers.map(({ backend: { kind, object } }) => ({ kind, namespace, name: nameOf(object) }))
}
