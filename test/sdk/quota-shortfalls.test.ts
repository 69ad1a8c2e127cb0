import fc from 'fast-check'
import t from 'tap'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { effectiveResources } from '../../src/sdk/effective-resources.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { exhaustedClaims } from '../../src/sdk/quota-claims.ts'
import { comingPods, exhausted, unspecified, type QuotaSubject } from '../../src/sdk/quota-shortfalls.ts'
import { ask, type PlainQuota, type QuotaPod } from '../support/quota-plugin.ts'

const empty = buildInventory([], { complete: true })
const amount = fc.constantFrom(0, 1, 2, 4)
const resource = fc.constantFrom('cpu', 'memory', 'ephemeral-storage', 'example.com/gpu')
const amounts = fc.dictionary(resource, amount, { maxKeys: 3 })
const whole = fc.dictionary(fc.constantFrom('cpu', 'memory'), amount, { maxKeys: 2 })
const resources = fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] })
const named = (prefix: string) => (list: readonly object[]) =>
  list.map((each, index) => ({ ...each, name: `${prefix}${index}` }))
const pod = fc.record(
  {
    containers: fc
      .array(fc.record({ resources }, { requiredKeys: [] }), { minLength: 1, maxLength: 2 })
      .map(named('c')),
    initContainers: fc
      .array(fc.record({ resources, restartPolicy: fc.constant('Always') }, { requiredKeys: [] }), { maxLength: 2 })
      .map(named('i')),
    resources: fc.record({ requests: whole, limits: whole }, { requiredKeys: [] }),
    overhead: whole,
    activeDeadlineSeconds: fc.constantFrom(0, 60),
    priorityClassName: fc.constantFrom('high', 'low'),
  },
  { requiredKeys: ['containers', 'initContainers'] },
) as fc.Arbitrary<QuotaPod>
const keys = [
  ...[
    'cpu',
    'memory',
    'pods',
    'count/pods',
    'ephemeral-storage',
    'requests.ephemeral-storage',
    'limits.ephemeral-storage',
  ],
  ...['requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory', 'requests.example.com/gpu'],
]
const grants = fc.dictionary(fc.constantFrom(...keys), amount, { minKeys: 1, maxKeys: 4 })
const quota: fc.Arbitrary<PlainQuota> = fc.record(
  {
    hard: grants,
    used: grants,
    scopes: fc.uniqueArray(
      fc.constantFrom('Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'PriorityClass'),
      {
        maxLength: 2,
      },
    ),
    expressions: fc.array(
      fc.record({
        scopeName: fc.constant('PriorityClass'),
        operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
        values: fc.array(fc.constantFrom('high', 'low'), { minLength: 1, maxLength: 1 }),
      }),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: ['hard', 'used'] },
)

function asObject({ hard, used, scopes, expressions }: PlainQuota): Kinds['ResourceQuota'] {
  const text = { spec: { hard }, status: { used } }
  const { spec, status } = JSON.parse(JSON.stringify(text), (_, each: unknown) =>
    typeof each === 'number' ? String(each) : each,
  ) as { spec: object; status: object }
  const scopeSelector = expressions ? { matchExpressions: expressions } : null
  return { spec: { ...spec, scopes: scopes ?? null, scopeSelector }, status }
}

function subjectOf(pod: QuotaPod): QuotaSubject {
  const { activeDeadlineSeconds } = pod
  const texts = JSON.parse(JSON.stringify(pod), (_, each: unknown) =>
    typeof each === 'number' ? String(each) : each,
  ) as object
  const object = { spec: { ...texts, ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }) } }
  const view = podSpecOf('Pod', object)
  if (!view) throw new Error('no pod spec')
  return { kind: 'Pod', object, namespace: 'default', view, resources: effectiveResources(view) }
}

t.test('what the quota plugin wants of a pod, and what it finds exceeded', async (t) => {
  let missing = 0
  let exceeded = 0
  const property = () =>
    fc.assert(
      fc.property(pod, fc.array(quota, { maxLength: 2 }), (pod, quotas) => {
        const expected = ask(pod, quotas)
        const objects = quotas.map(asObject)
        const subject = subjectOf(pod)
        const lacks = [...unspecified(subject, objects, empty)].map((each) =>
          'unresolved' in each ? each.unresolved : `${each.container.name} ${each.field}.${each.resource}`,
        )
        const over = new Set(
          [...exhausted(subject, 1, objects, empty)].map((each) => ('unresolved' in each ? each.unresolved : each.key)),
        )
        missing += expected.missing.size
        exceeded += expected.exceeded.size
        const [told, wanted] = [[...new Set(lacks)], [...expected.missing]].map((list) => list.sort().join())
        if (told !== wanted) throw new Error(`missing: ${told}; the plugin: ${wanted}`)
        const [found, refused] = [over, expected.exceeded].map((set) => [...set].sort().join())
        if (found !== refused) throw new Error(`exceeded: ${found}; the plugin: ${refused}`)
      }),
      { numRuns: 2000 },
    )
  t.doesNotThrow(property)
  t.ok(missing > 200 && exceeded > 200, `${missing} values missing, ${exceeded} keys exceeded`)
})

t.test('pods and claims that are yet to come', async (t) => {
  const coming = (kind: 'Deployment' | 'Job' | 'Pod' | 'DaemonSet', object: object) =>
    comingPods({ ...subjectOf({ containers: [], initContainers: [] }), kind, object }, empty)
  t.equal(coming('Deployment', { spec: {} }), 1)
  t.equal(coming('Deployment', { spec: { replicas: 5 }, status: { replicas: 3 } }), 2)
  t.equal(coming('DaemonSet', { spec: {} }), 0, 'as many as there are nodes')
  t.equal(coming('Job', { spec: { parallelism: 4, completions: 3 }, status: { active: 1 } }), 2)
  t.equal(coming('Job', { spec: { parallelism: 4, suspend: true } }), 0)
  t.equal(coming('Job', { spec: { parallelism: 4 }, status: { conditions: [{ type: 'Complete' }] } }), 0)
  t.equal(coming('Pod', { status: { phase: 'Running' } }), 0)

  const set = {
    metadata: { name: 'db' },
    spec: {
      ordinals: { start: 2 },
      volumeClaimTemplates: ['data', 'log'].map((name) => ({
        metadata: { name },
        spec: { storageClassName: 'gold', resources: { requests: { storage: '10Gi' } } },
      })),
    },
  }
  // Of an ordinal before the first, of another set, of no template, and two of its own.
  const names = ['data-db-1', 'data-other-2', 'cache-db-2', 'data-db-2', 'log-db-3']
  const entries = names.map((name): Entry => ({
    kind: 'PersistentVolumeClaim',
    namespace: 'default',
    name,
    object: { metadata: { name } },
  }))
  const inventory = buildInventory(entries, { complete: true })
  const over = (hard: object, rest: object = {}) =>
    [...exhaustedClaims(set, 2, 'default', [{ spec: { hard, ...rest } }], inventory)].map((each) =>
      'unresolved' in each ? each.unresolved : `${each.coming} ${each.key}`,
    )
  t.strictSame(over({ persistentvolumeclaims: '2', 'requests.storage': '20Gi' }), [])
  t.strictSame(over({ persistentvolumeclaims: '1', 'count/persistentvolumeclaims': '1', 'requests.storage': '19Gi' }), [
    '2 persistentvolumeclaims',
    '2 count/persistentvolumeclaims',
    '2 requests.storage',
  ])
  t.strictSame(
    over({ persistentvolumeclaims: '1' }, { scopes: ['BestEffort'] }),
    [],
    'a scope of pods holds for no claim',
  )
  t.strictSame(over({ 'silver.storageclass.storage.k8s.io/persistentvolumeclaims': '0' }), [])
})
