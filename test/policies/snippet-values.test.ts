import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { runExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { labelsOfPods } from '../../src/sdk/labels-to-type.ts'
import { labelSelector } from '../../src/sdk/selectors.ts'
import { memberOf } from '../../src/sdk/shape.ts'

// One list for each: engines and validators are kept by list.
const lists = new Map(policies.map((policy) => [policy.id, [policy]]))

/** The selector in the first snippet of a rule, for an object beside others. */
function selectorTyped(id: string, object: unknown, ...inventory: unknown[]): unknown {
  const snippet = snippetOf(id, object, ...inventory)
  return snippet === undefined ? undefined : memberOf(memberOf(parse(snippet), 'spec'), 'selector')
}

function snippetOf(id: string, object: unknown, ...inventory: unknown[]): string | undefined {
  const list = lists.get(id) ?? []
  const [policy] = list
  if (!policy) throw new Error(id)
  const text = (value: unknown) => JSON.stringify(value)
  const example = { name: 'tried', object: text(object), inventory: inventory.map(text).join('\n---\n') }
  const { findings } = runExample(list, policy, example, 'strict')
  return findings.find(({ rule }) => rule === id)?.snippet
}

type Labels = { readonly [key: string]: string }

const service = {
  kind: 'Service',
  metadata: { name: 'all' },
  spec: { selector: { app: 'shop' }, ports: [{ port: 80 }] },
}
const template = (labels: Labels, annotations: Labels = {}) => ({
  metadata: { labels, annotations },
  spec: { containers: [{ name: 'web' }] },
})
const workload = (selector: object | undefined, labels: Labels, kind = 'Deployment') => ({
  kind,
  metadata: { name: 'shop' },
  spec: { replicas: 3, selector, template: template(labels) },
})
const example = { app: 'web' }

t.test(
  'a budget that is typed for one workload covers its pods, and none that its selector leaves to others',
  async () => {
    const value = fc.constantFrom('stable', 'canary', 'beta')
    const labels = fc
      .record({ track: value, tier: value, 'pod-template-hash': value }, { requiredKeys: [] })
      .map((more): Labels => ({ app: 'shop', ...more }))
    const key = fc.constantFrom('track', 'tier')
    const expression = fc.oneof(
      fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.uniqueArray(value, { minLength: 1 }) }),
      fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
    )
    const matchLabels = fc.record({ app: fc.constant('shop'), tier: value }, { requiredKeys: ['app'] })
    const selector = fc.record({ matchLabels, matchExpressions: fc.array(expression, { maxLength: 2 }) })
    let typed = 0
    fc.assert(
      fc.property(selector, labels, labels, (selector, own, other) => {
        fc.pre(labelSelector(selector)(own) === true)
        const matchLabels = labelsOfPods('Deployment', workload(selector, own))
        if (!matchLabels) return
        const shown = { matchLabels }
        typed += 1
        if (labelSelector(shown)(own) !== true) throw new Error(`not its own: ${JSON.stringify(shown)}`)
        if (labelSelector(shown)(other) === true && labelSelector(selector)(other) !== true)
          throw new Error(`others: ${JSON.stringify(shown)}`)
      }),
      { numRuns: 300 },
    )
    if (typed < 50) throw new Error(`only ${typed}`)
  },
)

t.test('the canary of a Deployment gets a budget of its own', async (t) => {
  const selector = {
    matchLabels: { app: 'shop' },
    matchExpressions: [{ key: 'track', operator: 'In', values: ['canary'] }],
  }
  const shown = selectorTyped(
    'compute-pdb-missing',
    workload(selector, { app: 'shop', track: 'canary', tier: 'front' }),
    service,
  )
  t.strictSame(shown, { matchLabels: { app: 'shop', track: 'canary' } })
})

t.test('a selector that no labels can say leaves the example as it is', async (t) => {
  const selector = { matchLabels: { app: 'shop' }, matchExpressions: [{ key: 'track', operator: 'DoesNotExist' }] }
  const shown = selectorTyped('compute-pdb-missing', workload(selector, { app: 'shop' }), service)
  t.strictSame(shown, { matchLabels: example })
})

t.test('labels that a release, a revision or a controller changes are not typed', async (t) => {
  const labels = {
    app: 'shop',
    'app.kubernetes.io/version': '1.4.2',
    'helm.sh/chart': 'shop-1.4.2',
    'pod-template-hash': '7d4b9c',
    'controller-revision-hash': 'x1',
    'pod-template-generation': '3',
    'statefulset.kubernetes.io/pod-name': 'shop-0',
    'rollouts-pod-template-hash': '1f',
    'batch.kubernetes.io/job-name': 'shop',
  }
  const lasting = { matchLabels: { app: 'shop' } }
  const kept = template(labels, { 'karpenter.sh/do-not-disrupt': 'true' })
  t.strictSame(selectorTyped('compute-do-not-evict', { kind: 'Pod', ...kept }), lasting)
  const bare = { kind: 'Pod', metadata: { name: 'a', labels }, spec: kept.spec }
  const budget = (name: string, selector: object) => ({
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { maxUnavailable: 1, selector },
  })
  t.strictSame(selectorTyped('compute-pdb-overlap', bare, budget('all', {}), budget('shop', lasting)), lasting)

  const rollout = (more: object) => ({
    kind: 'Rollout',
    metadata: { name: 'shop' },
    spec: { replicas: 3, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' }, ...more },
  })
  const reads = (object: object, referred: object) => selectorTyped('compute-pdb-missing', object, service, referred)
  const two = { app: 'shop', part: 'a' }
  const referred = workload({ matchLabels: { part: 'a' } }, { ...labels, ...two })
  t.strictSame(reads(rollout({}), referred), { matchLabels: { part: 'a' } }, 'the selector of the Deployment')
  t.strictSame(
    reads(rollout({ selector: lasting }), referred),
    lasting,
    'its own selector before that of the Deployment',
  )
  t.strictSame(reads(rollout({}), workload(undefined, { ...labels, ...two })), { matchLabels: two })
})

t.test('a term that says more than labels leaves the example as it is', async (t) => {
  const snippet = (labelSelector: object) => {
    const term = { topologyKey: 'topology.kubernetes.io/zone', labelSelector }
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const pod = {
      kind: 'Pod',
      metadata: { labels: { app: 'shop' } },
      spec: { affinity, containers: [{ name: 'web' }] },
    }
    return snippetOf('compute-hard-anti-affinity', pod)
  }
  const said = (operator: string, values?: string[]) => ({ matchExpressions: [{ key: 'app', operator, values }] })
  const own = /topologyKey: topology.*\n.*matchLabels: \{ app: shop \}/
  t.match(snippet({ matchLabels: { app: 'shop' } }), own)
  t.match(snippet(said('In', ['shop'])), own)
  for (const more of [said('In', ['shop', 'cart']), said('Exists')])
    t.match(snippet(more), /topologyKey: kubernetes.io\/hostname\n.*matchLabels: \{ app: web \}/)
})

t.test('the selector of a Service keeps what its author chose, with the value that pods have', async (t) => {
  const shop = workload(undefined, { app: 'shop', tier: 'zz', part: 'a' })
  const shown = (selector: Labels) =>
    selectorTyped('network-service-selector-no-match', { ...service, spec: { ...service.spec, selector } }, shop)
  t.strictSame(shown({ app: 'shop', tier: 'z' }), { app: 'shop', tier: 'zz' })
  t.strictSame(shown({ tier: 'zz', app: 'shopp' }), { tier: 'zz', app: 'shop' })
  t.strictSame(shown({ app: 'shop', team: 'x' }), { app: 'shop' }, 'they have no such label')
})

t.test('the port of a Service is typed with the port that the container has, or not at all', async (t) => {
  const container = (...ports: object[]) => {
    const { spec, ...rest } = workload(undefined, { app: 'shop' })
    const containers = [{ name: 'web', ports }]
    return { ...rest, spec: { ...spec, template: { ...spec.template, spec: { containers } } } }
  }
  const shown = (port: object, ...ports: object[]) =>
    snippetOf(
      'network-service-port-unresolvable',
      { ...service, spec: { ...service.spec, ports: [port] } },
      container(...ports),
    )
  const web = { name: 'web', containerPort: 3000 }
  t.match(shown({ port: 443, targetPort: 'https' }, web), /- \{ port: 443, targetPort: web \} #/)
  t.match(
    shown({ name: 'dns', port: 53, protocol: 'UDP', targetPort: 'web' }, web),
    /- \{ name: dns, protocol: TCP, port: 53, targetPort: web \} #/,
  )
  t.match(
    shown({ port: 443, targetPort: 'https' }, web, { name: 'other', containerPort: 4000 }),
    /- \{ name: http, port: 80, targetPort: http \} #/,
    'which is meant nobody knows',
  )
  t.notMatch(shown({ port: 443, targetPort: 'https' }, web), /8080/)
})

t.test('a tag that nobody knows is not made up', async (t) => {
  const pod = (image: string) => ({
    kind: 'Pod',
    spec: { containers: [{ name: 'web', image, imagePullPolicy: 'IfNotPresent' }] },
  })
  for (const image of ['r.example.com:5000/shop:latest', 'r.example.com:5000/shop'])
    t.match(snippetOf('compute-image-mutable-tag', pod(image)), 'image: "r.example.com:5000/shop:<version>" #')
})
