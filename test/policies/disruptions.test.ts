import fc from 'fast-check'
import t from 'tap'
import type { KindName } from '../../src/sdk/objects.ts'
import { autoscaler, budget, entry, review, workload, type Named } from '../support/budget-cluster.ts'
import { drains, selects, type PlayedBudget, type PlayedPod } from '../support/disruption-controller.ts'

const app = fc.constantFrom('web', 'api', 'db')
const amount = fc.oneof(
  fc.integer({ min: 0, max: 6 }).map((minAvailable) => ({ minAvailable })),
  fc.integer({ min: 0, max: 100 }).map((percent) => ({ minAvailable: `${percent}%` })),
  fc.integer({ min: 0, max: 3 }).map((maxUnavailable) => ({ maxUnavailable })),
  fc.integer({ min: 0, max: 100 }).map((percent) => ({ maxUnavailable: `${percent}%` })),
  fc.constant({}),
)
const selector = fc.oneof(
  fc.constant(null),
  fc.constant({}),
  fc.array(app, { minLength: 1, maxLength: 2 }).map((values) => ({ app: values })),
)
const arbitraryCluster = fc.record({
  workloads: fc.array(
    fc.record({
      kind: fc.constantFrom<KindName>('Deployment', 'StatefulSet', 'ReplicaSet'),
      app,
      replicas: fc.integer({ min: 0, max: 5 }),
      scaled: fc.option(fc.record({ min: fc.integer({ min: 1, max: 4 }), more: fc.nat(4) }), { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
  daemons: fc.array(app, { maxLength: 1 }),
  jobs: fc.array(app, { maxLength: 1 }),
  bare: fc.array(app, { maxLength: 2 }),
  budgets: fc.array(fc.tuple(selector, amount), { minLength: 1, maxLength: 3 }),
})
type Cluster = typeof arbitraryCluster extends fc.Arbitrary<infer T> ? T : never

/** The cluster as the rules see it. Jobs have ended, and a pod of each is left. */
function objectsOf({ workloads, daemons, jobs, bare }: Cluster): Named[] {
  const pod = (name: string, app: string, phase: string, metadata: object = {}): Named => {
    const made = entry('Pod', name, { containers: [] })
    return {
      ...made,
      object: { ...made.object, metadata: { name, labels: { app }, ...metadata }, ...{ status: { phase } } },
    }
  }
  const job = { apiVersion: 'batch/v1', kind: 'Job', controller: true, uid: '' }
  return [
    ...workloads.flatMap(({ kind, app, replicas, scaled }, index) => [
      workload(kind, `w${index}`, app, replicas),
      ...(scaled ? [autoscaler(`h${index}`, kind, `w${index}`, scaled.min, scaled.min + scaled.more)] : []),
    ]),
    ...daemons.map((app, index) => workload('DaemonSet', `d${index}`, app, 1)),
    ...jobs.map((app, index) => workload('Job', `j${index}`, app, 1)),
    ...jobs.map((app, index) =>
      pod(`j${index}-x`, app, 'Succeeded', { ownerReferences: [{ ...job, name: `j${index}` }] }),
    ),
    ...bare.map((app, index) => pod(`b${index}`, app, 'Running')),
  ]
}

/** The same as pods, all Ready, at the replicas of now or at the least that autoscalers may leave. */
function podsOf({ workloads, daemons, jobs, bare }: Cluster, when: 'now' | 'least'): PlayedPod[] {
  const replicasOf = ({ replicas, scaled }: Cluster['workloads'][number]) => {
    if (replicas === 0 || !scaled) return replicas
    return when === 'least' ? scaled.min : Math.min(Math.max(replicas, scaled.min), scaled.min + scaled.more)
  }
  return [
    ...workloads.flatMap((each, index) => {
      const scale = replicasOf(each)
      const pod: PlayedPod = { labels: { app: each.app }, owner: { id: `w${index}`, scale }, here: true }
      return Array.from({ length: scale }, () => ({ ...pod }))
    }),
    // Drains leave the pods of DaemonSets where they are.
    ...daemons.map((app) => ({ labels: { app }, owner: { id: 'd' }, here: false })),
    ...jobs.map((app) => ({ labels: { app }, owner: { id: 'j' }, ended: true as const, here: false })),
    ...bare.map((app) => ({ labels: { app }, here: true })),
  ]
}

function budgetsOf({ budgets }: Cluster): PlayedBudget[] {
  return budgets.map(([selector, amount], index) => ({ name: `p${index}`, selector, ...amount }))
}

function asObject({ name, selector, ...amount }: PlayedBudget): Named {
  const matchExpressions = Object.entries(selector ?? {}).map(([key, values]) => ({ key, operator: 'In', values }))
  const written = selector === null ? null : matchExpressions.length > 0 ? { matchExpressions } : {}
  return budget(name, { selector: written, ...amount, unhealthyPodEvictionPolicy: 'AlwaysAllow' })
}

const stuckNow: ReadonlySet<string> = new Set([
  ...['at-current', 'bare', 'finished-job', 'finished-job-integer', 'max-unavailable-zero', 'min-available-100'],
  ...['no-scale', 'only-bare', 'unspecified'],
])

t.test('a budget is found wrong if and only if a drain gets stuck under it', async (t) => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(arbitraryCluster, (cluster) => {
      const played = budgetsOf(cluster)
      const objects = [...objectsOf(cluster), ...played.map(asObject)]
      const pods = podsOf(cluster, 'now')
      for (const each of played) {
        const reasons = review(asObject(each), objects)
          .filter(({ rule }) => rule !== 'compute-pdb-overlap' && rule !== 'compute-pdb-selector')
          .map(({ reason }) => reason)
        const told = reasons.some((reason) => stuckNow.has(reason))
        const covers = pods.some((pod) => pod.here && selects(each, pod))
        const daemons = pods.some((pod) => pod.owner?.id === 'd' && selects(each, pod))
        for (const reason of reasons) seen.set(reason, (seen.get(reason) ?? 0) + 1)
        // Without pods there is nothing to drain; what such a budget would do to those to come is said all the same.
        if (!covers) continue
        // Nor is it said what becomes of a bare Pod beside workloads that are scaled to zero.
        const owned = pods.some((pod) => pod.owner?.scale !== undefined && selects(each, pod))
        if (!owned && cluster.workloads.some(({ app }) => selects(each, { labels: { app }, here: true }))) continue
        // How many pods a DaemonSet has no rule knows, and an integer minAvailable counts them.
        if (daemons && typeof each.minAvailable === 'number') {
          if (told) return false
          continue
        }
        if (told !== !drains(each, pods)) return false
        const later = reasons.includes('at-hpa-min')
        if (!told && later !== !drains(each, podsOf(cluster, 'least'))) return false
      }
      return true
    }),
    { numRuns: 800 },
  )
  for (const reason of [...stuckNow, 'at-hpa-min', 'inactive'])
    if (reason !== 'min-available-100') t.ok((seen.get(reason) ?? 0) > 0, `${reason} was met`)
})

t.test('budgets overlap if and only if one pod has two', async (t) => {
  let overlaps = 0
  fc.assert(
    fc.property(arbitraryCluster, (cluster) => {
      const played = budgetsOf(cluster)
      const objects = [...objectsOf(cluster), ...played.map(asObject)]
      // A workload that is scaled to zero has the labels of the pods that it will have.
      const pods = podsOf({ ...cluster, workloads: cluster.workloads.map((each) => ({ ...each, replicas: 1 })) }, 'now')
      return played.every((each) => {
        const others = played.filter(
          (other) => other !== each && pods.some((pod) => selects(each, pod) && selects(other, pod)),
        )
        const found = review(asObject(each), objects).filter(({ rule }) => rule === 'compute-pdb-overlap')
        overlaps += found.length
        if (found.length !== Math.min(1, others.length)) return false
        const named = new Set(found.flatMap(({ related }) => related.map(({ name }) => name)))
        const everything = each.selector !== null && Object.keys(each.selector).length === 0
        return everything || others.every(({ name }) => named.has(name))
      })
    }),
    { numRuns: 300 },
  )
  t.ok(overlaps > 100, `${overlaps} overlaps`)
})
