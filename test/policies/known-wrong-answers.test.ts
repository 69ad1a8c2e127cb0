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

const replicas = (count: number, name = 'web', labels = 'app: web', selector = labels) =>
  `{ kind: Deployment, metadata: { name: ${name} }, spec: { replicas: ${count}, selector: { matchLabels: { ${selector} } }, template: { metadata: { labels: { ${labels} } }, spec: {} } } }`
const budget = (fields: string, name = 'web', selector = '{ matchLabels: { app: web } }') =>
  `{ kind: PodDisruptionBudget, metadata: { name: ${name} }, spec: { ${fields}, selector: ${selector} } }`
const scaled = (min: number) =>
  `{ kind: HorizontalPodAutoscaler, metadata: { name: web }, spec: { minReplicas: ${min}, maxReplicas: 9, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`
const together = (...objects: string[]) => objects.join('\n---\n')
const [blocks, deadlock] = ['compute-pdb-blocks-all', 'compute-pdb-deadlock']

// gatekeeper-library's poddisruptionbudget compares numbers with strings: "0%" passes, and every percentage is denied.
t.test('percentages of budgets', async (t) => {
  t.same(said(blocks, budget('maxUnavailable: 0%'), replicas(3)), ['max-unavailable-zero deny'])
  t.same(said(deadlock, budget('minAvailable: 50%'), replicas(3)), [])
  t.same(said(deadlock, budget('minAvailable: 67%'), replicas(3)), ['at-current deny'])
})

// It reads matchLabels only, and no autoscaler.
t.test('selectors of expressions, and autoscalers', async (t) => {
  const expressions = '{ matchExpressions: [{ key: app, operator: In, values: [web] }] }'
  t.same(said(deadlock, budget('minAvailable: 1', 'web', expressions), replicas(1)), ['at-current deny'])
  t.same(said(deadlock, budget('minAvailable: 1'), together(replicas(1), scaled(2))), [])
})

// kyverno's pdb-minavailable asks whether minAvailable equals the replicas, and looks at the first budget only.
t.test('more than there are, and the second of two budgets', async (t) => {
  t.same(said(deadlock, budget('minAvailable: 3'), replicas(2)), ['at-current deny'])
  const budgets = together(budget('maxUnavailable: 1', 'a'), budget('minAvailable: 2', 'b'))
  t.same(said(deadlock, replicas(2), budgets), ['at-current warn'])
})

// kyverno's pdb-maxunavailable-with-deployments denies maxUnavailable below the replicas, which is what it is for.
t.test('maxUnavailable below the replicas', async (t) => {
  t.same(said(blocks, budget('maxUnavailable: 1'), replicas(3)), [])
  t.same(said(deadlock, budget('maxUnavailable: 1'), replicas(3)), [])
})

// kyverno's and kube-linter's rules compare a budget with each Deployment by itself.
t.test('a budget over two Deployments', async (t) => {
  const both = together(replicas(2), replicas(2, 'web-canary'))
  t.same(said(deadlock, budget('minAvailable: 3'), both), [])
  t.same(said(deadlock, budget('minAvailable: 4'), both), ['at-current deny'])
})

// kube-linter matches budgets with the selector of the workload instead of the labels of its pods.
t.test('a budget by a label that only the template has', async (t) => {
  const tier = '{ matchLabels: { tier: front } }'
  const labelled = replicas(2, 'web', 'app: web, tier: front', 'app: web')
  t.same(said(deadlock, budget('minAvailable: 2', 'web', tier), labelled), ['at-current deny'])
})

// kube-linter knows no overlap and no owner without a scale; a DaemonSet counts 0 replicas there, so any budget is wrong.
t.test('budgets that overlap, and DaemonSets', async (t) => {
  t.same(
    said('compute-pdb-overlap', budget('maxUnavailable: 1'), together(replicas(3), budget('maxUnavailable: 1', 'b'))),
    ['overlap deny'],
  )
  const agent =
    '{ kind: DaemonSet, metadata: { name: agent }, spec: { template: { metadata: { labels: { app: web } }, spec: {} } } }'
  t.same(said('compute-pdb-unscalable-owner', budget('maxUnavailable: 1'), agent), ['no-scale deny'])
  t.same(said('compute-pdb-unscalable-owner', budget('minAvailable: 1'), agent), [])
  t.same(said(deadlock, budget('minAvailable: 1'), agent), [])
})

// karpenter's isFullyBlocking knows 0, "0%" and "100%".
t.test('other ways to allow nothing', async (t) => {
  t.same(said(blocks, budget('maxUnavailable: 00%'), replicas(3)), ['max-unavailable-zero deny'])
  t.same(said(blocks, budget('unhealthyPodEvictionPolicy: AlwaysAllow'), replicas(3)), ['unspecified deny'])
})

// polaris compares whole numbers with minReplicas, and by `>`: what is equal passes.
t.test('the minimum of an autoscaler', async (t) => {
  const cluster = together(replicas(5), scaled(2))
  t.same(said(deadlock, budget('minAvailable: 2'), cluster), ['at-hpa-min warn'])
  t.same(said(deadlock, budget('minAvailable: 51%'), cluster), ['at-hpa-min warn'])
  t.same(said(deadlock, budget('minAvailable: 50%'), cluster), [])
})
