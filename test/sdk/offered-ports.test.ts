import fc from 'fast-check'
import t from 'tap'
import { offerOf, serversAmong, type Server } from '../../src/sdk/offered-ports.ts'
import type { Backend } from '../../src/sdk/services.ts'
import { findTargetPort, servingPortsOf, targetPortOf } from '../../src/sdk/target-ports.ts'

interface Port {
  readonly name?: string
  readonly containerPort: number
  readonly protocol?: string
}

function pod(...containers: readonly (readonly Port[])[]): Backend {
  return { kind: 'Pod', object: { spec: { containers: containers.map((ports) => ({ name: 'c', ports })) } } }
}

const port = fc
  .tuple(
    fc.constantFrom<object>({}, { name: 'http' }, { name: 'admin' }),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom<object>({}, { protocol: 'UDP' }),
  )
  .map(([name, containerPort, protocol]): Port => ({ ...name, containerPort, ...protocol }))
const containers = fc.array(fc.array(port, { maxLength: 2 }), { minLength: 1, maxLength: 2 })
const servicePort = fc
  .tuple(fc.constantFrom(1, 2, 4, 'http', 'admin'), fc.constantFrom<object>({}, { protocol: 'UDP' }))
  .map(([targetPort, protocol]) => ({ port: 80, targetPort, ...protocol }))

t.test('what all servers together make of a port is what each makes of it', async (t) => {
  const states = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(containers, { minLength: 1, maxLength: 4 }), servicePort, (pods, servicePort) => {
      const servers = serversAmong(pods.map((each) => pod(...each)))
      const offer = offerOf(servers)(servicePort)
      states.set(offer.state, (states.get(offer.state) ?? 0) + 1)
      return offer.state === oracle(servers, servicePort)
    }),
    { numRuns: 3000 },
  )
  for (const state of ['served', 'some', 'protocol', 'none'])
    t.ok((states.get(state) ?? 0) > 50, `${state}: often enough`)
})

/** Asks each server on its own. */
function oracle(servers: readonly Server[], servicePort: object): string {
  const each = servers.map(({ view }) => findTargetPort(view, servicePort))
  const having = each.filter((target) => target.state === 'found' && target.declared !== undefined).length
  const named = typeof targetPortOf(servicePort) === 'string'
  if (named ? having === each.length : having > 0) return 'served'
  if (having > 0) return 'some'
  if (each.some(({ state }) => state === 'protocol')) return 'protocol'
  return named || servers.every(({ view }) => servingPortsOf(view).everyContainerDeclares) ? 'none' : 'served'
}

t.test('who lacks the port', async (t) => {
  const http = [{ name: 'http', containerPort: 8080 }]
  const backends = [pod(http), pod(http), pod([]), pod(http)]
  const offer = offerOf(serversAmong(backends))({ port: 80, targetPort: 'http' })
  t.equal(offer.state, 'some')
  if (offer.state === 'some') t.equal(offer.lacking.backend, backends[2])
  t.equal(offerOf([])({ port: 80, targetPort: 'http' }).state, 'served', 'without servers there is nothing to say')
  t.equal(offerOf(serversAmong(backends))({ port: 80, targetPort: '${PORT}' }).state, 'unknown')
})

t.test('what serves', async (t) => {
  const template = { spec: { containers: [] } }
  const web: Backend = { kind: 'Deployment', object: { spec: { replicas: 1, template } } }
  const idle: Backend = { kind: 'Deployment', object: { spec: { replicas: 0, template } } }
  const job: Backend = { kind: 'Job', object: { spec: { template } } }
  t.same(
    serversAmong([idle, web, job]).map(({ backend }) => backend),
    [web],
  )
  t.same(
    serversAmong([idle, job]).map(({ backend }) => backend),
    [idle, job],
    'what there is',
  )
  const rollout = (replicas: number): Backend => ({ kind: 'Rollout', object: { spec: { replicas, template } } })
  const other: Backend = { kind: 'Deployment', object: { spec: { replicas: 0, template: { spec: {} } } } }
  const running = rollout(1)
  t.same(
    serversAmong([idle, running, other]).map(({ backend }) => backend),
    [idle, running],
    'and what lends its template to a Rollout that runs',
  )
  t.same(
    serversAmong([idle, rollout(0), web]).map(({ backend }) => backend),
    [web],
  )
})
