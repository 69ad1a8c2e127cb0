import fc from 'fast-check'
import { autoscaler, podSpec } from '../e2e/support/objects.ts'

interface Labels {
  readonly [key: string]: string
}

export const owners = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'] as const
export type Owner = (typeof owners)[number]

/** A namespace of workloads, Pods without a controller, autoscalers and budgets. All Pods become Ready; Jobs end. */
export interface BudgetPlan {
  readonly workloads: readonly {
    readonly kind: Owner
    readonly labels: Labels
    readonly replicas: number
    /** An autoscaler without metrics: it does no more than keep the replicas between its bounds. */
    readonly scaled?: { readonly min: number; readonly more: number } | undefined
  }[]
  readonly daemons: readonly Labels[]
  readonly jobs: readonly { readonly labels: Labels; readonly parallelism: number }[]
  readonly bare: readonly Labels[]
  readonly budgets: readonly { readonly selector?: object | null | undefined; readonly amount: object }[]
}

const app = fc.constantFrom('web', 'api')
const labels: fc.Arbitrary<Labels> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ app }) },
  { weight: 1, arbitrary: fc.record({ app, tier: fc.constantFrom('front', 'back') }) },
)
const percent = fc.oneof(fc.constantFrom(0, 1, 33, 34, 50, 51, 67, 99, 100), fc.integer({ min: 0, max: 100 }))
const amount = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 5 }).map((minAvailable) => ({ minAvailable })) },
  { weight: 4, arbitrary: percent.map((value) => ({ minAvailable: `${value}%` })) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }).map((maxUnavailable) => ({ maxUnavailable })) },
  { weight: 4, arbitrary: percent.map((value) => ({ maxUnavailable: `${value}%` })) },
  { weight: 1, arbitrary: fc.constant({}) },
)
const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.subarray(['web', 'front'], { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom('app', 'tier', 'team'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
)
const selector: fc.Arbitrary<object | null | undefined> = fc.oneof(
  { weight: 10, arbitrary: labels.map((matchLabels) => ({ matchLabels })) },
  {
    weight: 4,
    arbitrary: fc.array(requirement, { minLength: 1, maxLength: 2 }).map((matchExpressions) => ({ matchExpressions })),
  },
  { weight: 1, arbitrary: fc.constantFrom({}, null, undefined) },
)

export const budgetPlans: fc.Arbitrary<BudgetPlan> = fc.record({
  workloads: fc.array(
    fc.record({
      kind: fc.constantFrom(...owners),
      labels,
      replicas: fc.oneof(
        { weight: 1, arbitrary: fc.constant(0) },
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 5 }) },
      ),
      scaled: fc.option(fc.record({ min: fc.integer({ min: 1, max: 4 }), more: fc.nat(3) }), {
        nil: undefined,
        freq: 3,
      }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  daemons: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: labels.map((each) => [each]) }),
  jobs: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.record({ labels, parallelism: fc.integer({ min: 1, max: 2 }) }).map((each) => [each]) },
  ),
  bare: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(labels, { maxLength: 2 }) },
  ),
  budgets: fc.array(fc.record({ selector, amount }), { minLength: 1, maxLength: 5 }),
})

/** All but the budgets, with the names by which they are waited for. */
export function objectsOf({ workloads, daemons, jobs, bare }: BudgetPlan): object[] {
  return [
    // First: what is seen of the others later has been seen of these too.
    ...bare.map((labels, index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `bare-${index}`, labels },
      spec: podSpec({ resources: {} }),
    })),
    ...jobs.map(({ labels, parallelism }, index) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `job-${index}` },
      spec: { parallelism, completions: parallelism, template: template(labels, { restartPolicy: 'Never' }) },
    })),
    ...daemons.map((labels, index) => selected('apps/v1', 'DaemonSet', `daemon-${index}`, labels, {})),
    ...workloads.flatMap(({ kind, labels, replicas, scaled }, index) => {
      const apiVersion = kind === 'ReplicationController' ? 'v1' : 'apps/v1'
      const name = `workload-${index}`
      const own = kind === 'StatefulSet' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}
      const workload = selected(apiVersion, kind, name, labels, { replicas, ...own })
      if (!scaled) return [workload]
      const bounds = { minReplicas: scaled.min, maxReplicas: scaled.min + scaled.more }
      return [workload, autoscaler({ ...bounds, scaleTargetRef: { apiVersion, kind, name } }, name)]
    }),
  ]
}

export function budgetObjects({ budgets }: BudgetPlan): object[] {
  return budgets.map(({ selector, amount }, index) => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: `budget-${index}` },
    spec: { ...amount, ...(selector === undefined ? {} : { selector }), unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  }))
}

/** A workload whose selector no other one's Pods match, whatever their labels: it would adopt them. */
function selected(apiVersion: string, kind: string, name: string, labels: Labels, spec: object): object {
  const own = { owner: name }
  const selector = kind === 'ReplicationController' ? own : { matchLabels: own }
  return {
    apiVersion,
    kind,
    metadata: { name },
    spec: { selector, ...spec, template: template({ ...labels, ...own }) },
  }
}

function template(labels: Labels, pod: object = {}): object {
  return { metadata: { labels }, spec: podSpec({ resources: {}, pod }) }
}
