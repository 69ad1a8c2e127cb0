import { scaleTargets } from '../../src/sdk/kinds.ts'
import { crowd, describeBudget, replicasToDrain } from '../../src/sdk/budgets.ts'
import { blocksAll, drainOf, type Drain } from '../../src/sdk/drain.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { AnyObject, KindName, Kinds } from '../../src/sdk/objects.ts'
import { definePolicy, mostRelated, undecided, unresolved, type Related } from '../../src/sdk/policy.ts'
import { budgetsAround, witnessKinds } from '../../src/sdk/relations.ts'
import { recordOf } from '../../src/sdk/shape.ts'

const why =
  'The budget needs as many healthy pods as there are, so every eviction gets HTTP 429: the drain hangs until someone scales up or edits the budget.'
const snippet = `spec: # the selector stays as it is
  maxUnavailable: 1 # in place of minAvailable, if that is there
  unhealthyPodEvictionPolicy: AlwaysAllow`

// A budget is refused; what scales is not, because scaling down in an emergency must work.
const strict = {
  default: 'warn',
  budget: 'deny',
  autoscaler: 'deny',
  'template:CREATE': 'deny',
} as const

const web = (replicas: number) => deployment('web', replicas)
const deployment = (name: string, replicas: number) =>
  `{ kind: Deployment, metadata: { name: ${name} }, spec: { replicas: ${replicas}, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }] } } } }`
const rollout = (replicas: number) => web(replicas).replace('kind: Deployment', 'kind: Rollout')
const referring = (replicas: number, scaleDown = '') =>
  `{ kind: Rollout, metadata: { name: web }, spec: { replicas: ${replicas}, workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web${scaleDown} } } }`
const budget = (amount: string) =>
  `{ kind: PodDisruptionBudget, spec: { ${amount}, selector: { matchLabels: { app: web } } } }`
const autoscaler = (min: number, max: number) =>
  `{ kind: HorizontalPodAutoscaler, spec: { minReplicas: ${min}, maxReplicas: ${max}, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, metrics: [{ type: External, external: { metric: { name: queue }, target: { type: AverageValue, averageValue: "30" } } }] } }`

export default definePolicy({
  id: 'compute-pdb-deadlock',
  summary: 'A PodDisruptionBudget leaves a drain at least one pod to evict, for the replicas that there are.',
  signatures: ['drain-stuck', 'pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/disruption/disruption.go',
    'kubernetes/pkg/registry/core/pod/storage/eviction.go',
    'kubernetes/pkg/controller/podautoscaler/horizontal.go',
  ],
  on: [
    'PodDisruptionBudget',
    'Deployment',
    'StatefulSet',
    'ReplicaSet',
    'ReplicationController',
    'Rollout',
    ...scaleTargets,
    'HorizontalPodAutoscaler',
  ],
  reads: ['PodDisruptionBudget', 'HorizontalPodAutoscaler', ...witnessKinds, 'Pod'],
  reasons: {
    'at-current': { baseline: { default: 'warn', budget: 'deny' }, strict, why, snippet },
    'at-hpa-min': {
      baseline: 'warn',
      strict,
      why: 'Drains pass by day and hang at night: once the autoscaler has scaled down, the budget needs every pod that is left, and each eviction gets HTTP 429.',
      snippet,
    },
    'still-blocked': { baseline: 'warn', why, snippet },
    bare: {
      baseline: 'audit',
      absence: true,
      why: 'Nobody replaces a pod without a controller: a drain evicts down to minAvailable, and then gets HTTP 429 for the rest.',
    },
    inactive: {
      baseline: 'audit',
      why: 'A budget over workloads that are scaled to zero protects nothing now, and decides the next drain once they are back.',
    },
  },
  examples: {
    passes: [
      { name: 'one of three replicas may go', object: budget('minAvailable: 2'), inventory: web(3) },
      { name: 'nor does a Rollout of three block it', object: budget('minAvailable: 2'), inventory: rollout(3) },
      {
        name: 'a Rollout of three, and the Deployment with its template that was scaled to zero',
        object: budget('minAvailable: 2'),
        inventory: `${referring(3)}\n---\n${web(0)}`,
      },
      {
        name: 'the pods of both count while a Rollout leaves its Deployment as it is',
        object: web(2),
        inventory: `${referring(2)}\n---\n${budget('minAvailable: 3')}`,
      },
      {
        name: 'neither before nor after a Rollout has scaled its Deployment to zero',
        object: web(2),
        inventory: `${referring(3, ', scaleDown: progressively')}\n---\n${budget('minAvailable: 2')}`,
      },
      { name: '50% of 2 replicas are 1', object: budget('minAvailable: 50%'), inventory: web(2) },
      { name: '90% of 10 replicas are 9', object: budget('minAvailable: 90%'), inventory: web(10) },
      { name: '66% of 3 replicas are 2', object: budget('minAvailable: 66%'), inventory: web(3) },
      {
        name: '50% of 3 replicas are 2, not a string to compare',
        object: budget('minAvailable: 50%'),
        inventory: web(3),
      },
      { name: 'maxUnavailable below the replicas is no fault', object: budget('maxUnavailable: 1'), inventory: web(3) },
      { name: 'maxUnavailable 1% of one replica is one pod', object: budget('maxUnavailable: 1%'), inventory: web(1) },
      {
        name: 'the replicas of all workloads that it selects count together',
        object: budget('minAvailable: 3'),
        inventory: `${web(2)}\n---\n${deployment('web-canary', 2)}`,
      },
      {
        name: 'an autoscaler raises one replica to its minimum of two',
        object: budget('minAvailable: 1'),
        inventory: `${web(1)}\n---\n${autoscaler(2, 5)}`,
      },
      {
        name: 'seen from the workload: two replicas, one must stay',
        object: web(2),
        inventory: budget('minAvailable: 1'),
      },
      {
        name: 'the budget selects other pods',
        object: budget('minAvailable: 1'),
        inventory: `{ kind: Deployment, spec: { replicas: 1, template: { metadata: { labels: { app: api } }, spec: {} } } }`,
      },
      {
        name: 'an owner without a scale is the fault of another rule',
        object: budget('minAvailable: 3'),
        inventory: `${web(3)}\n---\n{ kind: DaemonSet, spec: { template: { metadata: { labels: { app: web } }, spec: {} } } }`,
      },
    ],
    fails: [
      {
        name: 'both replicas must stay',
        object: budget('minAvailable: 2'),
        inventory: web(2),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'more must stay than there are',
        object: budget('minAvailable: 3'),
        inventory: web(2),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: '51% of 2 replicas round up to 2',
        object: budget('minAvailable: 51%'),
        inventory: web(2),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: '91% of 10 replicas round up to 10',
        object: budget('minAvailable: 91%'),
        inventory: web(10),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: '67% of 3 replicas round up to 3',
        object: budget('minAvailable: 67%'),
        inventory: web(3),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'any percentage of one replica is that replica',
        object: budget('minAvailable: 1%'),
        inventory: web(1),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'matchExpressions select too',
        object: `{ kind: PodDisruptionBudget, spec: { minAvailable: 1, selector: { matchExpressions: [{ key: app, operator: In, values: [web, api] }] } } }`,
        inventory: web(1),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'four of two and two replicas',
        object: budget('minAvailable: 4'),
        inventory: `${web(2)}\n---\n${deployment('web-canary', 2)}`,
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'the autoscaler may leave only what must stay',
        object: budget('minAvailable: 2'),
        inventory: `${web(5)}\n---\n${autoscaler(2, 10)}`,
        finds: ['at-hpa-min /spec/minAvailable'],
      },
      {
        name: '51% of the two replicas of the minimum round up to 2',
        object: budget('minAvailable: 51%'),
        inventory: `${web(5)}\n---\n${autoscaler(2, 10)}`,
        finds: ['at-hpa-min /spec/minAvailable'],
      },
      {
        name: 'an autoscaler that may scale to zero passes one',
        object: budget('minAvailable: 1'),
        inventory: `${web(2)}\n---\n${autoscaler(0, 10)}`,
        finds: ['at-hpa-min /spec/minAvailable'],
      },
      {
        name: 'seen from the workload',
        object: web(2),
        inventory: budget('minAvailable: 2'),
        finds: ['at-current /spec/replicas'],
      },
      {
        name: 'seen from a scale-down',
        object: web(2),
        oldObject: web(3),
        subresource: 'scale',
        inventory: budget('minAvailable: 2'),
        finds: ['at-current /spec/replicas'],
      },
      {
        name: 'seen from the autoscaler',
        object: autoscaler(2, 10),
        inventory: `${web(5)}\n---\n${budget('minAvailable: 2')}`,
        finds: ['at-hpa-min /spec/minReplicas'],
      },
      {
        name: 'a budget that let no pod go before lets none go still',
        object: budget('minAvailable: 1'),
        oldObject: budget('maxUnavailable: 0'),
        inventory: web(1),
        finds: ['still-blocked /spec/minAvailable'],
      },
      {
        name: 'scaled to zero',
        object: budget('minAvailable: 1'),
        inventory: web(0),
        finds: ['inactive /spec/minAvailable'],
      },
      {
        name: 'pods that nobody replaces',
        object: budget('minAvailable: 1'),
        inventory: `{ kind: Pod, metadata: { name: web-a, labels: { app: web } }, spec: { containers: [{ name: web }] } }\n---\n{ kind: Pod, metadata: { name: web-b, labels: { app: web } }, spec: { containers: [{ name: web }] } }`,
        finds: ['bare /spec/minAvailable'],
      },
      {
        name: 'both replicas of a Rollout',
        object: budget('minAvailable: 2'),
        inventory: rollout(2),
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'seen from the scale of a Rollout',
        object: rollout(2),
        oldObject: rollout(3),
        subresource: 'scale',
        inventory: budget('minAvailable: 2'),
        finds: ['at-current /spec/replicas'],
      },
      {
        name: 'a Rollout whose template is that of a Deployment which was scaled to zero',
        object: budget('minAvailable: 2'),
        inventory: `${referring(2)}\n---\n${web(0)}`,
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'the same, seen from the Rollout',
        object: referring(2),
        inventory: `${budget('minAvailable: 2')}\n---\n${web(0)}`,
        finds: ['at-current /spec/replicas'],
      },
      {
        name: 'a Rollout with the template of a Deployment that is not known',
        object: budget('minAvailable: 2'),
        inventory: referring(2),
        finds: ['unresolved Deployment'],
      },
      {
        name: 'nor is it, seen from the Rollout',
        object: referring(2),
        inventory: budget('minAvailable: 2'),
        finds: ['unresolved Deployment'],
      },
      {
        name: 'a Rollout that scales its Deployment to zero: how far it is nobody has written',
        object: budget('minAvailable: 2'),
        inventory: `${referring(2, ', scaleDown: onsuccess')}\n---\n${web(2)}`,
        finds: ['unresolved Deployment'],
      },
      {
        name: 'two autoscalers, of which neither scales',
        object: budget('minAvailable: 3'),
        inventory: `${web(1)}\n---\n${autoscaler(2, 10)}\n---\n${autoscaler(3, 5).replace('spec: {', 'metadata: { name: other }, spec: {')}`,
        finds: ['at-current /spec/minAvailable'],
      },
      {
        name: 'two autoscalers, of which neither scales, and a Deployment that leaves its replicas to them',
        object: budget('minAvailable: 3'),
        inventory: `${web(1).replace('replicas: 1, ', '')}\n---\n${autoscaler(2, 10)}\n---\n${autoscaler(3, 20).replace('spec: {', 'metadata: { name: other }, spec: {')}`,
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
      {
        name: 'two autoscalers that fight: the replicas never rest',
        object: budget('minAvailable: 3'),
        inventory: `${web(1)}\n---\n${autoscaler(1, 2)}\n---\n${autoscaler(3, 5).replace('spec: {', 'metadata: { name: other }, spec: {')}`,
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
      {
        name: 'autoscalers that are not known yet',
        object: budget('minAvailable: 2'),
        inventory: web(2),
        unknown: ['HorizontalPodAutoscaler'],
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
      {
        name: 'files that leave replicas to an autoscaler elsewhere',
        object: budget('minAvailable: 1'),
        inventory: `{ kind: Deployment, spec: { template: { metadata: { labels: { app: web } }, spec: {} } } }`,
        frontEnd: 'check',
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
    ],
  },
  *check({ kind, object, namespace, review, inventory }) {
    const budgets = budgetsAround(kind, object, namespace, inventory)
    if (budgets.found.length > crowd) return
    const unsure = new Set(budgets.unsure)
    const there = new Set<KindName>()
    for (const budget of budgets.found) {
      const drain = drainOf(budget, namespace, inventory)
      if (drain.state === 'unresolved') {
        for (const missing of drain.kinds) unsure.add(missing)
        for (const each of drain.there ?? []) there.add(each)
      } else if (drain.state !== 'open') {
        const field = kind === 'PodDisruptionBudget' ? drain.budget.form : fields.get(kind)
        yield {
          reason: isRelaxed(kind, review.oldObject, drain) ? 'still-blocked' : drain.state,
          path: `/spec/${field ?? 'replicas'}`,
          message: messageOf(budget, drain),
          fix: fixOf(drain),
          related: relatedTo(kind, budget, drain, namespace),
        }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
    for (const each of there) yield undecided(each)
  },
})

type Budget = Kinds['PodDisruptionBudget']
type Stuck = Extract<Drain, { readonly replicas: number }>

const fields: ReadonlyMap<KindName, string> = new Map([['HorizontalPodAutoscaler', 'minReplicas']])

/** True where the budget let no pod go before either: then this change makes nothing worse, and must not be refused. */
function isRelaxed(kind: KindName, before: unknown, { state, workloads }: Stuck): boolean {
  const old: Budget | undefined = kind === 'PodDisruptionBudget' ? recordOf(before) : undefined
  return old !== undefined && state !== 'inactive' && blocksAll(old, workloads)
}

function messageOf(budget: Budget, { state, budget: asked, replicas, workloads }: Stuck): string {
  if (state === 'bare') {
    const pods = replicas === 1 ? 'a pod' : `${replicas} pods`
    return `PDB ${brief(nameOf(budget), 20)} (${describeBudget(asked)}) covers ${pods} without a controller: a drain stays at ${describeBudget(asked).slice('minAvailable '.length)}`
  }
  const [first, second, ...more] = workloads.map(({ kind, object }) => `${kind}/${brief(nameOf(object), 20)}`)
  const names = [first, ...(second ? [second] : []), ...(more.length > 0 ? [`${more.length} more`] : [])].join(', ')
  const subject = `PDB ${brief(nameOf(budget), 20)} (${describeBudget(asked)})`
  if (state === 'inactive') return `${subject} covers only ${names}, scaled to 0 replicas: it protects nothing`
  const when = state === 'at-hpa-min' ? ' left by the autoscaler' : ''
  return `${subject} covers ${replicas} replica${replicas === 1 ? '' : 's'} of ${names}${when}: 0 disruptions allowed`
}

function fixOf({ state, budget, replicas, autoscalers }: Stuck): string {
  if (state === 'inactive') return 'scale up, or remove the PDB'
  if (state === 'bare') return 'run them as a Deployment or StatefulSet'
  const enough = `${replicasToDrain(budget) ?? replicas + 1}`
  // An autoscaler takes away again what somebody adds.
  const more = autoscalers.length > 0 ? `set minReplicas so that ${enough} stay` : `run ${enough} replicas`
  return replicas === 1
    ? `set maxUnavailable: 1 (a drain restarts the pod), ${more}, or remove the PDB`
    : `set maxUnavailable: 1 in place of minAvailable, or ${more}`
}

/** The budget, unless it is under review, and all that counts for it. */
function relatedTo(kind: KindName, budget: Budget, { workloads, autoscalers }: Stuck, namespace: string): Related[] {
  const place = (kind: KindName, object: AnyObject): Related => ({ kind, namespace, name: nameOf(object) })
  return [
    ...(kind === 'PodDisruptionBudget' ? [] : [place('PodDisruptionBudget', budget)]),
    ...workloads.slice(0, mostRelated).map((workload) => place(workload.kind, workload.object)),
    ...autoscalers.slice(0, mostRelated).map((autoscaler) => place('HorizontalPodAutoscaler', autoscaler)),
  ]
}
