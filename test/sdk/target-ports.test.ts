import fc from 'fast-check'
import t from 'tap'
import { unknown } from '../../src/sdk/inventory.ts'
import { portInstead, portNameFault } from '../../src/sdk/port-names.ts'
import { podSpecOf, type PodSpecView } from '../../src/sdk/pod-specs.ts'
import { findTargetPort, servingPortsOf, targetPortOf, type Target } from '../../src/sdk/target-ports.ts'

interface Port {
  readonly name?: string
  readonly containerPort: number
  readonly protocol?: string
}
interface Container {
  readonly name: string
  readonly restartPolicy?: string
  readonly ports?: readonly Port[]
}
interface Spec {
  readonly containers: readonly Container[]
  readonly initContainers: readonly Container[]
}
interface ServicePort {
  readonly port: number
  readonly targetPort?: number | string
  readonly protocol?: string
}

function viewOf(spec: object): PodSpecView {
  const view = podSpecOf('Pod', { spec })
  if (!view) throw new Error('no pod spec')
  return view
}

/** Written after the text of endpointslice FindPort, with the defaults that the API server sets before; no table. */
function oracle(spec: Spec, { port, targetPort, protocol = 'TCP' }: ServicePort): number | undefined {
  const target = targetPort === undefined || targetPort === 0 || targetPort === '' ? port : targetPort
  if (typeof target === 'number') return target
  for (const container of spec.containers)
    for (const each of container.ports ?? [])
      if (each.name === target && (each.protocol ?? 'TCP') === protocol) return each.containerPort
  for (const container of spec.initContainers) {
    if (container.restartPolicy !== 'Always') continue
    for (const each of container.ports ?? [])
      if (each.name === target && (each.protocol ?? 'TCP') === protocol) return each.containerPort
  }
  return undefined
}

const protocol = fc.constantFrom(undefined, 'TCP', 'UDP')
const present = <T extends object>(object: T) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>
  }
const port = fc
  .record({
    name: fc.constantFrom(undefined, 'http', 'admin', 'dns'),
    containerPort: fc.integer({ min: 1, max: 4 }),
    protocol,
  })
  .map(present)
const container = fc
  .record({
    name: fc.constant('c'),
    restartPolicy: fc.constantFrom(undefined, 'Always'),
    ports: fc.array(port, { maxLength: 3 }),
  })
  .map(present)
const spec = fc.record({
  containers: fc.array(container, { minLength: 1, maxLength: 3 }),
  initContainers: fc.array(container, { maxLength: 3 }),
})
const servicePort = fc
  .record({
    port: fc.integer({ min: 1, max: 5 }),
    targetPort: fc.constantFrom<number | string | undefined>(undefined, 0, '', 1, 2, 'http', 'admin', 'dns', 'none'),
    protocol,
  })
  .map(present)

t.test('a port is found where the EndpointSlice controller finds it', async (t) => {
  const states = new Map<string, number>()
  fc.assert(
    fc.property(spec, servicePort, (spec, servicePort) => {
      const found = findTargetPort(viewOf(spec), servicePort)
      states.set(found.state, (states.get(found.state) ?? 0) + 1)
      const number = oracle(spec, servicePort)
      const named = typeof targetPortOf(servicePort) === 'string'
      if (found.state === 'found') return found.number === number
      // A number is served even if it is declared for another protocol only.
      return found.state === 'protocol' && !named ? number === targetPortOf(servicePort) : number === undefined
    }),
    { numRuns: 3000 },
  )
  for (const state of ['found', 'protocol', 'missing']) t.ok((states.get(state) ?? 0) > 50, `${state}: often enough`)
})

t.test('whose port it is', async (t) => {
  const ports = (name: string, containerPort: number) => [{ name, containerPort }]
  const view = viewOf({
    containers: [{ name: 'app', ports: ports('http', 8080) }],
    initContainers: [
      { name: 'setup', ports: ports('setup', 1) },
      { name: 'proxy', restartPolicy: 'Always', ports: [...ports('http', 9090), ...ports('admin', 9091)] },
    ],
  })
  const of = (target: Target) => (target.state === 'found' ? target.declared?.container.name : target.state)
  t.equal(of(findTargetPort(view, { port: 80, targetPort: 'http' })), 'app', 'main containers come first')
  t.equal(of(findTargetPort(view, { port: 80, targetPort: 'admin' })), 'proxy')
  t.equal(of(findTargetPort(view, { port: 80, targetPort: 'setup' })), 'missing')
  t.equal(of(findTargetPort(view, { port: 9091 })), 'proxy')
  t.equal(of(findTargetPort(view, { port: 9091, protocol: 'UDP' })), 'protocol')
  t.equal(of(findTargetPort(view, { port: 7777 })), undefined, 'served all the same')
  t.ok(servingPortsOf(view).everyContainerDeclares)
  t.notOk(servingPortsOf(viewOf({ containers: [{ name: 'a' }] })).everyContainerDeclares)
  t.notOk(servingPortsOf(viewOf({ containers: [] })).everyContainerDeclares)
})

t.test('what nobody can know', async (t) => {
  const view = viewOf({ containers: [{ name: 'app', ports: [{ name: '${PORT_NAME}', containerPort: 8080 }] }] })
  const http = { port: 80, targetPort: 'http' }
  t.equal(findTargetPort(view, http).state, 'unknown', 'a name that is a variable may be the one')
  t.equal(findTargetPort(viewOf({ containers: [] }), { port: 80, targetPort: '${PORT}' }).state, 'unknown')
  t.equal(findTargetPort(viewOf({ containers: [] }), { ...http, protocol: '${PROTOCOL}' }).state, 'unknown')
  for (const targetPort of [{}, [], 1.5, true, null]) {
    const target = targetPortOf({ port: {}, targetPort })
    t.equal(target, unknown, JSON.stringify(targetPort))
  }
  t.equal(findTargetPort(viewOf({}), http).state, 'unknown', 'an outline of a Pod')
  const hostile = {
    containers: [null, { ports: 'x' }, { ports: [null, 1, { name: {}, containerPort: 'x', protocol: 1 }] }],
  }
  t.equal(findTargetPort(viewOf(hostile), http).state, 'unknown')
})

t.test('many ports are read once', async (t) => {
  const ports = Array.from({ length: 20_000 }, (_, i) => ({ name: `p${i}`, containerPort: i }))
  const view = viewOf({ containers: [{ name: 'app', ports }] })
  const missing = ports.filter(
    ({ name }) => findTargetPort(view, { port: 1, targetPort: `${name}x` }).state === 'missing',
  )
  t.equal(missing.length, ports.length)
})

t.test('names of ports as the API server judges them', async (t) => {
  for (const name of ['http', 'a', '9p', 'grpc-web', 'fifteen-letters', '${PORT}'])
    t.equal(portNameFault(name), undefined, name)
  const refused = {
    '8080': 'must contain at least one letter (a-z)',
    HTTP: 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'sixteen-letters-': 'must be no more than 15 characters',
    'a--b': 'must not contain consecutive hyphens',
    '-a': 'must not begin or end with a hyphen',
    'a-': 'must not begin or end with a hyphen',
  }
  for (const [name, fault] of Object.entries(refused)) t.equal(portNameFault(name), fault, name)
  t.equal(portInstead('8080'), '8080 (without quotes)')
  t.equal(portInstead('HTTP'), 'http')
  t.equal(portInstead('Admin_Port-of-the-web'), 'admin-port-of-t')
  t.equal(portInstead('---'), 'http')
  fc.assert(
    fc.property(
      fc.string(),
      (name) =>
        name.includes('${') || portInstead(name).endsWith('quotes)') || portNameFault(portInstead(name)) === undefined,
    ),
  )
})
