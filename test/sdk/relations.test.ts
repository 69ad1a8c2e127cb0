import fc from 'fast-check'
import t from 'tap'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { budgetSelector } from '../../src/sdk/budgets.ts'
import { drainOf } from '../../src/sdk/drain.ts'
import { scalableKinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { selectsPods } from '../../src/sdk/pod-labels.ts'
import {
  autoscalersOf,
  budgetsAround,
  budgetsOf,
  scaledBy,
  witnessKinds,
  workloadsOf,
} from '../../src/sdk/relations.ts'

const apiVersions = new Map<KindName, string>([
  ['ReplicationController', 'v1'],
  ['Job', 'batch/v1'],
  ['CronJob', 'batch/v1'],
  ['PodDisruptionBudget', 'policy/v1'],
  ['HorizontalPodAutoscaler', 'autoscaling/v2'],
])

function entry(kind: KindName, name: string, rest: object, namespace = 'default'): Entry {
  return {
    kind,
    namespace,
    name,
    object: { apiVersion: apiVersions.get(kind) ?? 'apps/v1', kind, metadata: { name }, ...rest },
  }
}

function workload(kind: KindName, name: string, labels: object, replicas?: number, namespace?: string): Entry {
  const template = { metadata: { labels }, spec: { containers: [] } }
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { replicas, template }
  return entry(kind, name, { spec }, namespace)
}

const budget = (name: string, spec: object, namespace?: string): Entry =>
  entry('PodDisruptionBudget', name, { spec }, namespace)

const autoscaler = (name: string, target: string, spec: object = {}): Entry => {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: target }
  return entry('HorizontalPodAutoscaler', name, { spec: { minReplicas: 1, maxReplicas: 4, scaleTargetRef, ...spec } })
}

function inventoryOf(entries: readonly Entry[], complete = true): Inventory {
  return buildInventory(entries, { complete })
}

/** The inventory without what it knows of one kind. */
function without(inventory: Inventory, hidden: KindName): Inventory {
  return {
    complete: inventory.complete,
    uncertain: (object) => inventory.uncertain(object),
    list: (kind, namespace) => (kind === hidden ? unknown : inventory.list(kind, namespace)),
    get: (kind, namespace, name) => (kind === hidden ? unknown : inventory.get(kind, namespace, name)),
  }
}

/** Objects have the names that the generators gave them. */
function nameOf(object: object): string {
  return (object as { metadata: { name: string } }).metadata.name
}

t.test('a pair is found from either side', async (t) => {
  let pairs = 0
  const label = fc.constantFrom<object>(
    { app: 'web' },
    { app: '${APP}' },
    { '${KEY}': 'web' },
    { app: 'api' },
    { app: 'web', tier: 'x' },
    {},
  )
  const selector = fc.constantFrom<unknown>(
    null,
    {},
    { matchLabels: { app: 'web' } },
    { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] },
    { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
    { matchLabels: { app: '${APP}' } },
    { matchLabels: { tier: 'x', app: 'web' } },
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] },
  )
  const namespace = fc.constantFrom('a', 'b')
  const cluster = fc.record({
    workloads: fc.array(fc.tuple(fc.constantFrom(...witnessKinds), label, namespace), { maxLength: 6 }),
    budgets: fc.array(fc.tuple(selector, namespace), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(cluster, ({ workloads, budgets }) => {
      const w = workloads.map(([kind, labels, ns], i) => workload(kind, `w${i}`, labels, 2, ns))
      const b = budgets.map(([selector, ns], i) => budget(`b${i}`, { selector }, ns))
      const inventory = inventoryOf([...w, ...b])
      const fromBudgets = b.flatMap(({ object, name, namespace }) =>
        workloadsOf(object, namespace, inventory).found.map((witness) => `${name} ${nameOf(witness.object)}`),
      )
      const fromWorkloads = w.flatMap(({ kind, object, name, namespace }) =>
        budgetsOf(kind, object, namespace, inventory).found.map((found) => `${nameOf(found)} ${name}`),
      )
      // A walk over all of them, without any table.
      const walked = b.flatMap((over) =>
        w
          .filter(({ kind, object, namespace }) => {
            const selected = selectsPods(budgetSelector(over.object), kind, object)
            return selected === true && namespace === over.namespace
          })
          .map(({ name }) => `${over.name} ${name}`),
      )
      pairs += walked.length
      const sides = [fromBudgets, fromWorkloads, walked].map((side) => side.sort().join())
      return new Set(sides).size === 1
    }),
    { numRuns: 1000 },
  )
  t.ok(pairs > 300, `${pairs} pairs`)
})

t.test('autoscalers and workloads find each other', async (t) => {
  const [web, api, set] = [
    workload('Deployment', 'web', {}, 1),
    workload('Deployment', 'api', {}, 1),
    workload('StatefulSet', 'web', {}, 1),
  ]
  const hpa = autoscaler('hpa', 'web')
  const inventory = inventoryOf([web, api, set, hpa])
  const found = [web, api, set].map(({ object, namespace }) =>
    autoscalersOf(object, namespace, inventory).found.map(nameOf),
  )
  t.strictSame(found, [['hpa'], [], []])
  t.strictSame(
    scaledBy(hpa.object, 'default', inventory).found.map(({ kind, object }) => `${kind} ${nameOf(object)}`),
    ['Deployment web'],
  )
  t.strictSame(scaledBy(autoscaler('x', 'nobody').object, 'default', inventory), { found: [], unsure: [] })
  t.strictSame(scaledBy({}, 'default', inventory), { found: [], unsure: [] })
  for (const kind of scalableKinds) {
    const own = workload(kind, 'it', {}, 1)
    const apiVersion = apiVersions.get(kind) ?? 'apps/v1'
    const over = autoscaler('over', 'it', { scaleTargetRef: { apiVersion, kind, name: 'it' } })
    t.equal(scaledBy(over.object, 'default', inventoryOf([own])).found.length, 1, kind)
  }
})

t.test('what is not known, varies or depends on a variable is said, not guessed', async (t) => {
  const web = workload('Deployment', 'web', { app: 'web' }, 2)
  const over = budget('b', { minAvailable: 2, selector: { matchLabels: { app: 'web' } } })
  const hpa = autoscaler('hpa', 'web')
  const all = inventoryOf([web, over, hpa])

  t.strictSame(budgetsOf('Deployment', web.object, 'default', without(all, 'PodDisruptionBudget')).unsure, [
    'PodDisruptionBudget',
  ])
  t.strictSame(workloadsOf(over.object, 'default', without(all, 'CronJob')).unsure, ['CronJob'])
  t.strictSame(autoscalersOf(web.object, 'default', without(all, 'HorizontalPodAutoscaler')).unsure, [
    'HorizontalPodAutoscaler',
  ])
  t.strictSame(scaledBy(hpa.object, 'default', without(all, 'Deployment')).unsure, ['Deployment'])

  const variants = inventoryOf([web, workload('Deployment', 'web', { app: 'web' }, 5), over, hpa])
  t.strictSame(workloadsOf(over.object, 'default', variants), { found: [], unsure: ['Deployment'] })
  t.strictSame(scaledBy(hpa.object, 'default', variants), { found: [], unsure: ['Deployment'] })
  const elsewhere = inventoryOf([
    web,
    workload('Deployment', 'api', { app: 'api' }),
    workload('Deployment', 'api', { app: 'x' }),
  ])
  t.strictSame(workloadsOf(over.object, 'default', elsewhere).unsure, [], 'variants of what it does not select')

  const variable = inventoryOf([workload('Deployment', 'x', { app: '${APP}' }, 1)])
  t.strictSame(workloadsOf(over.object, 'default', variable), { found: [], unsure: ['Deployment'] })
  t.strictSame(scaledBy(autoscaler('h', '${APP}').object, 'default', all).unsure, ['Deployment'])
  t.strictSame(autoscalersOf(web.object, 'default', inventoryOf([autoscaler('h', '${APP}')])).unsure, [
    'HorizontalPodAutoscaler',
  ])
  t.strictSame(
    budgetsAround('HorizontalPodAutoscaler', hpa.object, 'default', without(all, 'PodDisruptionBudget')).unsure,
    ['PodDisruptionBudget'],
  )
})

t.test('labels that only a controller sets', async (t) => {
  const selects = (kind: KindName, expression: object) => {
    const over = budget('b', { selector: { matchExpressions: [expression] } })
    const { found, unsure } = workloadsOf(over.object, 'default', inventoryOf([workload(kind, 'w', {}, 2)]))
    return unsure.length > 0 ? 'unsure' : found.length > 0
  }
  t.equal(selects('Job', { key: 'job-name', operator: 'DoesNotExist' }), false, 'the way to leave Jobs out')
  t.equal(selects('CronJob', { key: 'batch.kubernetes.io/job-name', operator: 'Exists' }), true)
  t.equal(selects('Deployment', { key: 'job-name', operator: 'DoesNotExist' }), true)
  t.equal(selects('Deployment', { key: 'pod-template-hash', operator: 'In', values: ['abc'] }), 'unsure')
  t.equal(selects('Rollout', { key: 'rollouts-pod-template-hash', operator: 'In', values: ['abc'] }), 'unsure')
})

t.test('a Rollout with the template of another object may have any labels', async (t) => {
  const metadata = { name: 'web', namespace: 'default' }
  const object = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata,
    spec: { workloadRef: { name: 'web' } },
  }
  const over = budget('b', { selector: { matchLabels: { app: 'web' } } })
  const all = inventoryOf([{ ...workload('Rollout', 'web', {}, 2), object }, over])
  t.strictSame(workloadsOf(over.object, 'default', all), { found: [], unsure: ['Rollout'] })
  t.strictSame(budgetsOf('Rollout', object, 'default', all), { found: [], unsure: ['Rollout'] })
  t.strictSame(workloadsOf(budget('b', {}).object, 'default', all).unsure, [], 'nothing is selected for certain')
})

t.test('a Rollout has the template of the object that it refers to', async (t) => {
  const over = budget('b', { selector: { matchLabels: { app: 'web' } } })
  const rollout = (workloadRef: object, name = 'roll') => {
    const entry = workload('Rollout', name, {}, 2)
    const metadata = { name, namespace: 'default' }
    const object = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec: { replicas: 2, workloadRef } }
    return { ...entry, object }
  }
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const related = (workloadRef: object, ...more: Entry[]) => {
    const { found, unsure } = workloadsOf(over.object, 'default', inventoryOf([rollout(workloadRef), ...more]))
    return [...found.map(({ kind }) => kind), ...unsure.map((kind) => `${kind}?`)]
  }
  const web = workload('Deployment', 'web', { app: 'web' }, 0)
  t.strictSame(related(reference, web), ['Deployment', 'Rollout'])
  t.strictSame(related({ ...reference, kind: 'ReplicaSet' }, workload('ReplicaSet', 'web', { app: 'web' }, 0)), [
    'ReplicaSet',
    'Rollout',
  ])
  t.strictSame(related(reference, workload('Deployment', 'web', { app: 'api' }, 0)), [], 'other labels')
  t.strictSame(related({ ...reference, name: 'other' }, web), ['Deployment', 'Deployment?'], 'that one is wanting')
  t.strictSame(related({ ...reference, kind: 'ReplicaSet' }, web), ['Deployment', 'ReplicaSet?'])
  const lacking = rollout({ ...reference, name: 'other' }).object
  t.strictSame(budgetsOf('Rollout', lacking, 'default', inventoryOf([over])).unsure, ['Deployment'], 'not the budget')
  t.strictSame(related({ ...reference, apiVersion: 'v1', kind: 'PodTemplate' }), ['Rollout?'])
  t.strictSame(related({ ...reference, apiVersion: 'example.com/v1' }, web), ['Deployment', 'Rollout?'])
  const variants = [web, workload('Deployment', 'web', { app: 'api' }, 0)]
  t.strictSame(related(reference, ...variants), ['Deployment?'])
})

t.test('an owner stands for what it owns', async (t) => {
  const owned = (kind: KindName, by: string) => {
    const { object, ...rest } = workload(kind, 'owned', { app: 'web' }, 1)
    const ownerReferences = [{ apiVersion: 'x/v1', kind: by, name: 'owner', uid: 'u', controller: true }]
    return { ...rest, object: { ...object, metadata: { name: 'owned', ownerReferences } } }
  }
  const over = budget('b', { selector: {} })
  const found = (...entries: Entry[]) =>
    workloadsOf(over.object, 'default', inventoryOf(entries)).found.map(({ kind }) => kind)
  t.strictSame(found(owned('ReplicaSet', 'Deployment'), owned('Job', 'CronJob')), [])
  t.strictSame(found(owned('ReplicaSet', 'Rollout')), [])
  t.strictSame(found(owned('ReplicaSet', 'Operator'), owned('Job', 'Workflow'), owned('StatefulSet', 'Kafka')), [
    'ReplicaSet',
    'StatefulSet',
    'Job',
  ])
})

t.test('drains', async (t) => {
  const selector = { matchLabels: { app: 'web' } }
  const state = (spec: object, ...entries: Entry[]) =>
    drainOf(budget('b', { selector, ...spec }).object, 'default', inventoryOf(entries)).state
  const web = (replicas: number, name = 'web') => workload('Deployment', name, { app: 'web' }, replicas)

  t.equal(state({ minAvailable: '1%' }, web(1)), 'at-current')
  t.equal(state({ minAvailable: '50%' }, web(2)), 'open')
  t.equal(state({ minAvailable: '51%' }, web(2)), 'at-current')
  t.equal(state({ minAvailable: '66%' }, web(3)), 'open')
  t.equal(state({ minAvailable: '67%' }, web(3)), 'at-current')
  t.equal(state({ minAvailable: '90%' }, web(10)), 'open')
  t.equal(state({ minAvailable: '91%' }, web(10)), 'at-current')
  t.equal(state({ minAvailable: 3 }, web(2), web(2, 'b')), 'open')
  t.equal(state({ minAvailable: 4 }, web(2), web(2, 'b')), 'at-current')
  t.equal(state({ minAvailable: 0 }, web(1)), 'open')
  t.equal(state({ maxUnavailable: 1 }, web(1)), 'open')
  t.equal(state({ minAvailable: 1 }, web(0)), 'inactive')
  t.equal(state({ minAvailable: 1 }), 'open', 'nothing to select is the fault of another rule')

  t.equal(state({ minAvailable: 2 }, web(5), autoscaler('h', 'web', { minReplicas: 2 })), 'at-hpa-min')
  t.equal(state({ minAvailable: 1 }, web(1), autoscaler('h', 'web', { minReplicas: 2 })), 'open')
  t.equal(state({ minAvailable: 1 }, web(2), autoscaler('h', 'web', { minReplicas: 0 })), 'at-hpa-min')
  t.equal(
    state({ minAvailable: 1 }, web(0), autoscaler('h', 'web', { minReplicas: 2 })),
    'inactive',
    'a disabled autoscaler',
  )
  t.equal(state({ minAvailable: 4 }, web(9), autoscaler('h', 'web', { maxReplicas: 4 })), 'at-current', 'lowered')
  const [high, low] = [autoscaler('h', 'web', { minReplicas: 4 }), autoscaler('i', 'web', { maxReplicas: 3 })]
  t.equal(state({ minAvailable: 1 }, web(2), high, low), 'unresolved', 'a fight')
  t.equal(state({ minAvailable: 2 }, web(2), web(0, 'b'), autoscaler('h', 'b', { minReplicas: 5 })), 'at-current')

  const set = (kind: KindName) => workload(kind, 'other', { app: 'web' }, 1)
  for (const kind of ['DaemonSet', 'Job', 'CronJob'] as const)
    for (const spec of [{ minAvailable: 2 }, { maxUnavailable: 1 }, { minAvailable: '90%' }])
      t.equal(state(spec, web(2), set(kind)), 'open', `${kind}: the fault of another rule`)
  t.equal(state({ maxUnavailable: 0 }, web(2)), 'open', 'the budget blocks by itself')
  t.equal(state({}, web(2)), 'open')
  t.equal(state({ minAvailable: 2, selector: null }, web(2)), 'open')
  t.equal(state({ minAvailable: 2, maxUnavailable: 1 }, web(2)), 'open')
  t.equal(state({ minAvailable: '${MIN}' }, web(2)), 'unresolved')

  const silent = workload('Deployment', 'web', { app: 'web' })
  const over = budget('b', { selector, minAvailable: 1 }).object
  t.equal(drainOf(over, 'default', inventoryOf([silent])).state, 'at-current', 'one replica by default')
  t.equal(drainOf(over, 'default', inventoryOf([silent], false)).state, 'unresolved', 'an autoscaler may be elsewhere')
  t.equal(drainOf(over, 'default', inventoryOf([web(1)], false)).state, 'at-current')
})
