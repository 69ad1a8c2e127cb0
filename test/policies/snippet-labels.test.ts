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
  const list = lists.get(id) ?? []
  const [policy] = list
  if (!policy) throw new Error(id)
  const text = (value: unknown) => JSON.stringify(value)
  const example = { name: 'tried', object: text(object), inventory: inventory.map(text).join('\n---\n') }
  const { findings } = runExample(list, policy, example, 'strict')
  const snippet = findings.find(({ rule }) => rule === id)?.snippet
  return snippet === undefined ? undefined : memberOf(memberOf(parse(snippet), 'spec'), 'selector')
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
