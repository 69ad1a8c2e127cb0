import { scaleTargets } from '../../src/sdk/kinds.ts'
import { crowd, describeBudget } from '../../src/sdk/budgets.ts'
import { blocksAll } from '../../src/sdk/drain.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, mostRelated, unresolved, type Related } from '../../src/sdk/policy.ts'
import { budgetsAround, workloadsOf, witnessKinds } from '../../src/sdk/relations.ts'
import { recordOf } from '../../src/sdk/shape.ts'
import { isSuspended } from '../../src/sdk/suspension.ts'
import { countingOf, type Counting, type Named } from '../../src/sdk/uncountable.ts'

const why =
  'The disruption controller reads the scale of every owner; one without a scale fails the sync of the whole budget, so no pod that it covers can be evicted, whoever owns it.'
const snippet = `spec: # labels that pods with a scale carry, and no others
  selector:
    matchLabels: { app: web, app.kubernetes.io/component: server }`

const onBudget = { default: 'warn', budget: 'deny' } as const
// Scaling down in an emergency must work.
const strictly = { default: 'warn', budget: 'deny', autoscaler: 'deny', 'template:CREATE': 'deny' } as const

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const template = (app = 'web', more = '') =>
  `template: { metadata: { labels: { app: ${app} } }, spec: { ${more}containers: [${container}] } }`
const web = (replicas = 3) =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: ${replicas}, selector: { matchLabels: { app: web } }, ${template()} } }`
const agent = (app = 'web') =>
  `{ kind: DaemonSet, metadata: { name: agent }, spec: { selector: { matchLabels: { app: ${app} } }, ${template(app)} } }`
const job = (parallelism = 1, app = 'web', more = '', annotations = '') =>
  `{ kind: Job, metadata: { name: migrate${annotations} }, spec: { ${more}parallelism: ${parallelism}, ${template(app, 'restartPolicy: Never, ')} } }`
const cronJob = (more = '') =>
  `{ kind: CronJob, metadata: { name: nightly }, spec: { ${more}schedule: "0 3 * * *", jobTemplate: { spec: { ${template('web', 'restartPolicy: Never, ')} } } } }`
const budget = (amount: string, selector = '{ matchLabels: { app: web } }') =>
  `{ kind: PodDisruptionBudget, spec: { ${amount}, selector: ${selector} } }`
const pod = (name: string, owner = '', phase = 'Running') =>
  `{ kind: Pod, metadata: { name: ${name}, labels: { app: web }${owner} }, spec: { containers: [${container}] }, status: { phase: ${phase} } }`
const ownedBy = (apiVersion: string, kind: string, name: string) =>
  `, ownerReferences: [{ apiVersion: ${apiVersion}, kind: ${kind}, name: ${name}, controller: true }]`
const together = (...objects: string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'compute-pdb-unscalable-owner',
  summary: 'A PodDisruptionBudget covers pods whose number the disruption controller can read.',
  signatures: ['drain-stuck', 'pending-pods'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes/pkg/controller/disruption/disruption.go (getExpectedScale, getScaleController)',
    'https://github.com/kubernetes/kubernetes/issues/109954',
    'https://github.com/kubernetes/kubernetes/issues/77383',
  ],
  on: [
    'PodDisruptionBudget',
    'DaemonSet',
    'Job',
    'CronJob',
    'Pod',
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
    'no-scale': { baseline: onBudget, strict: 'deny', why, snippet },
    'finished-job': {
      baseline: onBudget,
      strict: 'deny',
      why: 'A pod that has ended stays until its Job is deleted, and its owner has no scale: the budget fails to sync, and no pod that it covers can be evicted.',
      snippet,
    },
    'passing-job': {
      baseline: 'warn',
      why: 'While the Job is there, running or ended, its pods have an owner without a scale and the budget fails to sync: until it is deleted no pod that the budget covers can be evicted.',
      snippet,
    },
    'finished-job-integer': {
      baseline: onBudget,
      strict: strictly,
      why: 'Only while the Job runs are there more pods than must stay; once its pods have ended they no longer count as healthy, and every eviction gets HTTP 429.',
    },
    'only-bare': {
      baseline: onBudget,
      strict: 'deny',
      absence: true,
      why: 'Without a controller there is no scale to count by, so the disruption controller expects no pods and allows no disruption: every eviction gets HTTP 429.',
    },
    'still-blocked': { baseline: 'warn', why, snippet },
  },
  examples: {
    passes: [
      { name: 'all owners have a scale', object: budget('maxUnavailable: 1'), inventory: web() },
      {
        name: 'the DaemonSet has a label of its own',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), agent('agent')),
      },
      {
        name: 'an integer minAvailable counts pods, also those of a DaemonSet',
        object: budget('minAvailable: 3'),
        inventory: together(web(6), agent()),
      },
      { name: 'an integer minAvailable over the pods of a Job', object: budget('minAvailable: 2'), inventory: job(4) },
      {
        name: 'an integer minAvailable below the replicas beside a Job',
        object: budget('minAvailable: 4'),
        inventory: together(web(5), job()),
      },
      {
        name: 'a CronJob and a Job that are suspended make no pods',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), cronJob('suspend: true, '), job(1, 'web', 'suspend: true, ')),
      },
      {
        name: 'seen from the CronJob that is suspended, beside another owner without a scale',
        object: cronJob('suspend: true, '),
        inventory: together(web(), agent(), budget('maxUnavailable: 1')),
      },
      {
        name: 'no selector, no pods',
        object: '{ kind: PodDisruptionBudget, spec: { maxUnavailable: 1, selector: null } }',
        inventory: agent(),
        alongside: ['compute-pdb-selector'],
      },
      {
        name: 'one bare Pod beside a Deployment',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), pod('debug')),
      },
      {
        name: 'a bare Pod, where Pods are not known',
        object: budget('maxUnavailable: 1'),
        inventory: pod('debug'),
        unknown: ['Pod'],
      },
      {
        name: 'a Pod of a custom resource that may well have a scale',
        object: budget('maxUnavailable: 1'),
        inventory: pod('db-0', ownedBy('db.example.com/v1', 'Database', 'db')),
      },
    ],
    fails: [
      {
        name: 'a DaemonSet',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), agent()),
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'every pod of the namespace, and a DaemonSet among them',
        object: budget('maxUnavailable: 1', '{}'),
        inventory: together(web(), agent('agent')),
        alongside: ['compute-pdb-selector'],
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'a percentage of minAvailable',
        object: budget('minAvailable: 50%'),
        inventory: together(web(), agent()),
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'a Job beside five replicas',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(5), job()),
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'a CronJob',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), cronJob()),
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'pods that the kubelet made from files, whose owner is their Node',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), pod('web-node-1', ownedBy('v1', 'Node', 'node-1'))),
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'pods of a custom resource without a scale',
        object: budget('maxUnavailable: 1'),
        inventory: pod('kafka-0', ownedBy('core.strimzi.io/v1beta2', 'StrimziPodSet', 'kafka')),
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'a pod that has ended and stays',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), job(), pod('migrate-x7k2p', ownedBy('batch/v1', 'Job', 'migrate'), 'Succeeded')),
        finds: ['finished-job /spec/selector'],
      },
      {
        name: 'a Job that is deleted as soon as it has ended',
        object: budget('maxUnavailable: 1'),
        inventory: together(
          web(),
          job(1, 'web', 'ttlSecondsAfterFinished: 0, '),
          pod('migrate-x7k2p', ownedBy('batch/v1', 'Job', 'migrate'), 'Succeeded'),
        ),
        finds: ['passing-job /spec/selector'],
      },
      {
        name: 'a hook that Helm deletes, seen from the Job',
        object: job(
          1,
          'web',
          '',
          ', annotations: { helm.sh/hook-delete-policy: "before-hook-creation, hook-succeeded" }',
        ),
        inventory: together(web(), budget('maxUnavailable: 1')),
        finds: ['passing-job /spec/template/metadata/labels'],
      },
      {
        name: 'a CronJob beside it makes Jobs again and again',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), job(1, 'web', 'ttlSecondsAfterFinished: 0, '), cronJob()),
        finds: ['no-scale /spec/selector'],
      },
      {
        name: 'a CronJob that may be suspended',
        object: budget('maxUnavailable: 1'),
        inventory: together(web(), cronJob('suspend: "${SUSPEND}", ')),
        frontEnd: 'check',
        finds: ['unresolved CronJob'],
      },
      {
        name: 'an integer minAvailable that only a running Job leaves room under',
        object: budget('minAvailable: 5'),
        inventory: together(web(5), job()),
        finds: ['finished-job-integer /spec/minAvailable'],
      },
      {
        name: 'the same, seen from the replicas',
        object: web(5),
        inventory: together(budget('minAvailable: 5'), job()),
        finds: ['finished-job-integer /spec/replicas'],
      },
      {
        name: 'the same, seen from the Job',
        object: job(),
        inventory: together(budget('minAvailable: 5'), web(5)),
        finds: ['finished-job-integer /spec/template/metadata/labels'],
      },
      {
        name: 'only a bare Pod',
        object: budget('maxUnavailable: 1'),
        inventory: pod('debug'),
        finds: ['only-bare /spec/selector'],
      },
      {
        name: 'a bare Pod under a budget of nobody else',
        object: pod('debug'),
        inventory: budget('maxUnavailable: 1'),
        finds: ['only-bare /metadata/labels'],
      },
      {
        name: 'seen from the DaemonSet',
        object: agent(),
        inventory: together(web(), budget('maxUnavailable: 1')),
        finds: ['no-scale /spec/template/metadata/labels'],
      },
      {
        name: 'seen from the CronJob',
        object: cronJob(),
        inventory: together(web(), budget('maxUnavailable: 1')),
        finds: ['no-scale /spec/jobTemplate/spec/template/metadata/labels'],
      },
      {
        name: 'a budget that let no pod go before lets none go still',
        object: budget('maxUnavailable: 1'),
        oldObject: `{ kind: PodDisruptionBudget, spec: { selector: { matchLabels: { app: web } } } }`,
        inventory: together(web(), agent()),
        finds: ['still-blocked /spec/selector'],
      },
      {
        name: 'Jobs that are not known yet',
        object: budget('maxUnavailable: 1'),
        inventory: web(),
        unknown: ['Job'],
        finds: ['unresolved Job'],
      },
    ],
  },
  *check({ kind, object, namespace, review, inventory }) {
    if (isSuspended(kind, object) === true) return
    const budgets = budgetsAround(kind, object, namespace, inventory)
    if (budgets.found.length > crowd) return
    const unsure = new Set(budgets.unsure)
    for (const budget of budgets.found) {
      const counting = countingOf(budget, namespace, inventory)
      if (counting.state === 'unresolved') for (const missing of counting.kinds) unsure.add(missing)
      const path = placeOf(kind, object, counting)
      if (counting.state === 'counted' || counting.state === 'unresolved' || path === undefined) continue
      const old: Budget | undefined = kind === 'PodDisruptionBudget' ? recordOf(review.oldObject) : undefined
      const relaxed = old !== undefined && blocksAll(old, workloadsOf(budget, namespace, inventory).found)
      yield {
        reason: relaxed ? 'still-blocked' : counting.state,
        path,
        message: messageOf(budget, counting),
        fix: fixOf(counting),
        related: relatedTo(kind, budget, counting, namespace),
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

type Budget = Kinds['PodDisruptionBudget']
type Uncounted = Extract<Counting, { readonly budget: unknown }>

const countless: ReadonlySet<KindName> = new Set(['CronJob', 'DaemonSet', 'Job'])

/** Where the fault stands in the object under review; undefined where that object has no part in it. */
function placeOf(kind: KindName, object: object, { state }: Counting): string | undefined {
  const integer = state === 'finished-job-integer'
  if (kind === 'PodDisruptionBudget') return integer ? '/spec/minAvailable' : '/spec/selector'
  if (kind === 'Pod') return state === 'only-bare' ? '/metadata/labels' : undefined
  const metadata = podSpecOf(kind, object)?.metadataPath
  if (countless.has(kind)) return state === 'only-bare' || metadata === undefined ? undefined : `${metadata}/labels`
  if (!integer) return undefined
  return kind === 'HorizontalPodAutoscaler' ? '/spec/minReplicas' : '/spec/replicas'
}

function messageOf(budget: Budget, { budget: asked, owners, ...counting }: Uncounted): string {
  const subject = `PDB ${brief(nameOf(budget), 20)} (${describeBudget(asked)}) covers`
  const [{ kind, name }, ...others] = owners
  const names = `${kind}/${brief(name, 20)}${others.length > 0 ? ` and ${others.length} more` : ''}`
  switch (counting.state) {
    case 'finished-job':
      return `${subject} ${names}, of a Job that has ended and has no scale: 0 disruptions allowed`
    case 'finished-job-integer':
      return `${subject} ${counting.replicas} replica${counting.replicas === 1 ? '' : 's'} beside ${names}: 0 disruptions allowed once the Job has ended`
    case 'only-bare':
      return `${subject} only ${names}, without a controller: 0 disruptions allowed`
    case 'passing-job':
      return `${subject} ${names}, without a scale: 0 disruptions allowed until the Job is deleted`
    case 'no-scale':
      return `${subject} ${names}, which has no scale: 0 disruptions allowed`
  }
}

function fixOf(counting: Uncounted): string {
  if (counting.state === 'finished-job-integer') {
    const { replicas } = counting
    const enough = replicas > 1 ? `set minAvailable: ${replicas - 1}` : 'set maxUnavailable: 1 in its place'
    return `${enough}${replicas > 1 ? ', or' : ' and'} give the Job a label of its own`
  }
  if (counting.state === 'only-bare')
    return `run ${counting.countable ? 'them as a Deployment, or set an integer minAvailable' : 'it as a Deployment'}`
  const [{ kind }] = counting.owners
  const own = kind === 'DaemonSet' || kind === 'Node' ? 'narrow the selector' : 'give its pods a label of their own'
  return counting.countable ? `${own}, or set minAvailable to a number below the replicas` : own
}

function relatedTo(kind: KindName, budget: Budget, counting: Uncounted, namespace: string): Related[] {
  const place = ({ kind, name }: Named): Related => ({ kind, namespace: kind === 'Node' ? '' : namespace, name })
  return [
    ...(kind === 'PodDisruptionBudget' ? [] : [place({ kind: 'PodDisruptionBudget', name: nameOf(budget) })]),
    // Pods that have ended may be very many.
    ...counting.owners.slice(0, mostRelated).map(place),
    ...(counting.state === 'finished-job-integer' ? counting.workloads.slice(0, mostRelated).map(place) : []),
  ]
}
