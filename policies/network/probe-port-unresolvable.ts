import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { containersOf, isPart, podSpecOf, type ContainerView, type PodSpecView } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Unresolved, type Violation } from '../../src/sdk/policy.ts'
import { portInstead, portNameFault } from '../../src/sdk/port-names.ts'
import { handlersOf, type Handler } from '../../src/sdk/probes.ts'
import { type GivenValues, yaml } from '../../src/sdk/snippet.ts'
import { declaredPortsOf, servingPortsOf, type DeclaredPort } from '../../src/sdk/target-ports.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const snippet = yaml`port: ${{ port: 8080 }} # in this probe or hook: a port of its container, or the number where the process listens`

const container = (fields: string, name = 'web') =>
  `{ name: ${name}, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }, ${fields} }`
const deployment = (containers: string, rest = '') =>
  `{ kind: Deployment, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${rest}containers: [${containers}] } } } }`
const http = 'ports: [{ name: http, containerPort: 8080 }]'
const probe = (port: string, rest = '') => `readinessProbe: { httpGet: { path: /ready, port: ${port}${rest} } }`

export default definePolicy({
  id: 'network-probe-port-unresolvable',
  summary: 'Probes and hooks name a port of their own container.',
  signatures: ['gateway-timeout', 'crash-loop'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/probe/util.go',
    'kubernetes/pkg/kubelet/lifecycle/handlers.go',
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/',
  ],
  on: podKinds,
  reads: [],
  reasons: {
    'named-port': {
      baseline: 'deny',
      why: 'The kubelet looks for the name in this container only, so the probe fails for ever: the pod never turns Ready and its Service has no endpoint, or it is restarted in a loop.',
      snippet,
    },
    host: {
      baseline: 'warn',
      why: 'The kubelet connects to that host instead of the pod, so the answer of another machine decides whether this pod gets traffic.',
    },
    undeclared: {
      baseline: 'audit',
      why: 'The number works if the process listens there; where the container declares other ports it may be a slip, and then the pod never turns Ready.',
      snippet,
    },
    'port-name-invalid': {
      baseline: 'deny',
      api: true,
      why: 'The API server refuses the object: a port in quotes is a name, and names follow the rules of IANA service names.',
      snippet,
    },
  },
  examples: {
    passes: [
      { name: 'a port of the same container, by name', object: deployment(container(`${http}, ${probe('http')}`)) },
      { name: 'and by number', object: deployment(container(`${http}, ${probe('8080')}`)) },
      { name: 'a container that declares no port', object: deployment(container(probe('8080'))) },
      {
        name: 'a sidecar has ports and probes of its own',
        object: deployment(
          container('', 'app'),
          `initContainers: [${container(`restartPolicy: Always, ports: [{ name: admin, containerPort: 9901 }], ${probe('admin')}`, 'proxy')}], `,
        ),
      },
      {
        name: 'an agent on the network of its node asks itself',
        object: deployment(container(probe('9100', ', host: 127.0.0.1')), 'hostNetwork: true, '),
      },
      {
        name: 'a probe that runs a command',
        object: deployment(container('livenessProbe: { exec: { command: [check] } }')),
      },
    ],
    fails: [
      {
        name: 'the port is named otherwise',
        object: deployment(container(`${http}, ${probe('web')}`)),
        finds: ['named-port /spec/template/spec/containers/0/readinessProbe/httpGet/port'],
      },
      {
        name: 'the port of a sibling container',
        object: deployment(
          `${container(`${http}, livenessProbe: { tcpSocket: { port: admin } }`)}, ${container('ports: [{ name: admin, containerPort: 9901 }]', 'proxy')}`,
        ),
        finds: ['named-port /spec/template/spec/containers/0/livenessProbe/tcpSocket/port'],
      },
      {
        name: 'a name, and no ports at all',
        object: `{ kind: Pod, spec: { containers: [${container('startupProbe: { httpGet: { port: http } }')}] } }`,
        finds: ['named-port /spec/containers/0/startupProbe/httpGet/port'],
      },
      {
        name: 'a hook calls a port that is not there',
        object: deployment(container(`${http}, lifecycle: { preStop: { httpGet: { path: /drain, port: admin } } }`)),
        finds: ['named-port /spec/template/spec/containers/0/lifecycle/preStop/httpGet/port'],
      },
      {
        name: 'the probe leaves the pod',
        object: deployment(container(`${http}, ${probe('http', ', host: web.example.com')}`)),
        finds: ['host /spec/template/spec/containers/0/readinessProbe/httpGet/host'],
      },
      {
        name: 'loopback is the node, not the pod',
        object: deployment(container(`${http}, ${probe('http', ', host: 127.0.0.1')}`)),
        finds: ['host /spec/template/spec/containers/0/readinessProbe/httpGet/host'],
      },
      {
        name: 'a number that the container does not declare',
        object: deployment(container(`${http}, ${probe('8081')}`)),
        finds: ['undeclared /spec/template/spec/containers/0/readinessProbe/httpGet/port'],
      },
      {
        name: 'a number in quotes is a name, and none that is allowed',
        object: deployment(container(`${http}, ${probe('"8080"')}`)),
        frontEnd: 'check',
        finds: ['port-name-invalid /spec/template/spec/containers/0/readinessProbe/httpGet/port'],
      },
      {
        name: 'upper case',
        object: deployment(container(`${http}, ${probe('HTTP')}`)),
        frontEnd: 'check',
        finds: ['port-name-invalid /spec/template/spec/containers/0/readinessProbe/httpGet/port'],
      },
      {
        name: 'a variable names the port',
        object: deployment(container(`ports: [{ name: "\${PORT_NAME}", containerPort: 8080 }], ${probe('http')}`)),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'a patch, whose port may be declared in what it patches',
        object: deployment(container(probe('http')).replace(/image: "[^"]*", /, '')),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    for (const each of containersOf(view)) {
      const handlers = handlersOf(each)
      if (handlers.length === 0) continue
      const ports = declaredPortsOf(each)
      for (const handler of handlers) {
        const host = hostFault(handler, each, view)
        if (host) yield host
        const port = portFault(handler, each, ports, view)
        if (port) yield port
      }
    }
  },
})

type Said = Violation<'named-port' | 'host' | 'undeclared' | 'port-name-invalid'> | Unresolved | undefined

const loopback: ReadonlySet<unknown> = new Set(['127.0.0.1', 'localhost', '::1'])

function hostFault(
  { name, action, isProbe, path }: Handler,
  { name: container }: ContainerView,
  view: PodSpecView,
): Said {
  const { host } = action
  if (!isProbe || typeof host !== 'string' || host === '') return undefined
  if (isVariable(host)) return unresolved('value')
  // The node's own address is the pod's where the pod is on the network of the node.
  if (view.spec.hostNetwork === true && loopback.has(host)) return undefined
  const where = loopback.has(host) ? 'the node' : 'that host'
  return {
    reason: 'host',
    path: `${path}/host`,
    message: `${name} of ${container} asks host ${brief(host)}: the kubelet connects to ${where}, not to the pod`,
    fix: 'remove host; for another name in the request set httpHeaders: [{name: Host, value: …}]',
  }
}

function portFault(
  handler: Handler,
  { name: container }: ContainerView,
  ports: readonly DeclaredPort[],
  view: PodSpecView,
): Said {
  const { port } = handler.action
  if (isVariable(port)) return unresolved('value')
  if (typeof port === 'number') return numberFault(port, handler, container, ports)
  if (typeof port !== 'string' || port === '') return undefined
  const fault = portNameFault(port)
  if (fault !== undefined) {
    const message = `${askerOf(handler, container)}: port "${brief(port, 20)}" ${fault}`
    return {
      reason: 'port-name-invalid',
      path: `${handler.path}/port`,
      message,
      fix: `write port: ${portInstead(port)}`,
    }
  }
  if (ports.some(({ name }) => name === port)) return undefined
  // The rest of a patch may declare it.
  if (ports.some(mayBeAny) || isPart(view.spec)) return unresolved('value')
  const elsewhere = servingPortsOf(view).byName.get(port)?.[0]
  return {
    reason: 'named-port',
    path: `${handler.path}/port`,
    message: `${askerOf(handler, container)}: port "${port}" is not declared in this container`,
    fix: fixOf(port, ports, elsewhere),
    values: elsewhere?.number === undefined ? valuesOf(ports) : { port: elsewhere.number },
  }
}

/** Who asks, in words. */
function askerOf({ name }: Handler, container: string): string {
  return `${name} of ${container}`
}

function numberFault(port: number, handler: Handler, container: string, ports: readonly DeclaredPort[]): Said {
  const { host } = handler.action
  const isElsewhere = typeof host === 'string' && host !== ''
  if (ports.length === 0 || isElsewhere || ports.some(({ number }) => number === port)) return undefined
  if (ports.some(mayBeAny)) return unresolved('value')
  const declared = ports
    .slice(0, 3)
    .map(({ number, name }) => (name === '' ? `${number}` : `${brief(name, 15)} (${number})`))
  return {
    reason: 'undeclared',
    path: `${handler.path}/port`,
    message: `${askerOf(handler, container)} asks port ${port}; the container declares ${declared.join(', ')}`,
    fix: `declare containerPort ${port} if the process listens there, or name one of its ports`,
    values: valuesOf(ports),
  }
}

/** The port of a container that has but one. */
function valuesOf([only, second]: readonly DeclaredPort[]): GivenValues {
  return second ? {} : { port: only?.name || only?.number }
}

/** A port whose name or number is not known yet. */
function mayBeAny({ name, number }: DeclaredPort): boolean {
  return isVariable(name) || number === undefined
}

/** What to type for a name that this container does not have; `elsewhere` is who else has it. */
function fixOf(port: string, ports: readonly DeclaredPort[], elsewhere: DeclaredPort | undefined): string {
  if (elsewhere?.number !== undefined) {
    return `container ${elsewhere.container.name} has it: write its number, port: ${elsewhere.number}`
  }
  const [only, second] = ports.filter(({ name }) => name !== '')
  if (!only || second) return `declare {name: ${port}, containerPort: …} in this container, or write the number`
  return `write port: ${brief(only.name, 15)}, or declare {name: ${port}, containerPort: …} here`
}
