import t from 'tap'
import { policies } from '../../policies/index.ts'
import { runExample } from '../../docs/examples.ts'

/** What a rule says of an object beside others, as `reason severity`. */
function said(id: string, object: string, inventory: string): string[] {
  const policy = policies.find((each) => each.id === id)
  if (!policy) throw new Error(id)
  const { findings } = runExample(policies, policy, { name: 'tried', object, inventory })
  return findings.filter(({ rule }) => rule === id).map(({ reason, severity }) => `${reason} ${severity}`)
}

const workload = (ports: string) =>
  `{ kind: Deployment, metadata: { name: web }, spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, ports: [${ports}] }] } } } }`
const http = '{ name: http, containerPort: 8080 }'

// kube-linter's dangling-service calls a Service without a selector dangling, though somebody keeps its endpoints.
t.test('a Service without a selector', async (t) => {
  const service = '{ kind: Service, spec: { ports: [{ port: 80, targetPort: http }] } }'
  t.same(said('network-service-port-unresolvable', service, workload(http)), [])
  t.same(said('network-service-selector-no-match', service, ''), [])
})

// kube-linter's target-port looks at the spelling of the name only.
t.test('a targetPort that is spelt well and exists nowhere', async (t) => {
  const service = '{ kind: Service, spec: { selector: { app: web }, ports: [{ port: 80, targetPort: web }] } }'
  t.same(said('network-service-port-unresolvable', service, workload(http)), ['named-port deny'])
  t.same(said('network-service-port-unresolvable', service, workload('{ name: web, containerPort: 1 }')), [])
})

// kube-linter's readiness-port calls a number wrong that no container declares, though it works where one listens.
t.test('a number is information', async (t) => {
  const service = '{ kind: Service, spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 9999 }] } }'
  t.same(said('network-service-port-unresolvable', service, workload(http)), ['numeric-port audit'])
  t.same(said('network-service-port-unresolvable', service, workload('')), [])
})
