import { overlapOf } from '../../src/sdk/budget-overlap.ts'
import { selectsAll } from '../../src/sdk/budgets.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { labelsOfPods } from '../../src/sdk/labels-to-type.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, mostRelated, unresolved, type Related } from '../../src/sdk/policy.ts'
import { budgetsAround, witnessKinds } from '../../src/sdk/relations.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const onBudget = { default: 'warn', budget: 'deny' } as const

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const workload = (labels = 'app: web', kind = 'Deployment', name = 'web') =>
  `{ kind: ${kind}, metadata: { name: ${name} }, spec: { replicas: 3, selector: { matchLabels: { ${labels} } }, template: { metadata: { labels: { ${labels} } }, spec: { containers: [${container}] } } } }`
const budget = (name: string, selector = '{ matchLabels: { app: web } }') =>
  `{ kind: PodDisruptionBudget, metadata: { name: ${name} }, spec: { maxUnavailable: 1, selector: ${selector} } }`
const pod = (labels = 'app: web') =>
  `{ kind: Pod, metadata: { name: debug, labels: { ${labels} } }, spec: { containers: [${container}] } }`
const together = (...objects: string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'compute-pdb-overlap',
  summary: 'Each pod is covered by one PodDisruptionBudget at most.',
  signatures: ['drain-stuck', 'pending-pods'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes/pkg/registry/core/pod/storage/eviction.go (Create)',
    'https://kubernetes.io/docs/tasks/run-application/configure-pdb/#specifying-a-poddisruptionbudget',
  ],
  // A PodTemplate makes no pods by itself.
  on: ['PodDisruptionBudget', ...podKinds.filter((kind) => kind !== 'PodTemplate')],
  reads: ['PodDisruptionBudget', ...witnessKinds, 'Pod'],
  reasons: {
    overlap: {
      baseline: onBudget,
      strict: 'deny',
      why: 'The eviction API cannot serve a pod with two budgets: it answers HTTP 500 whatever they allow, both look healthy meanwhile, and kubectl drain gives up at once.',
    },
    'namespace-wide': {
      baseline: onBudget,
      strict: 'deny',
      why: 'A budget that selects every pod is a second one for each that has its own: the eviction API answers HTTP 500 for them, whatever both allow, and kubectl drain gives up at once.',
      snippet: yaml`spec:
  selector:
    matchLabels: ${{ labels: { app: 'web' } }} # the labels of one workload`,
    },
  },
  examples: {
    passes: [
      {
        name: 'a Rollout and the Deployment whose template it takes share a budget',
        object: `{ kind: Rollout, metadata: { name: web }, spec: { replicas: 3, workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`,
        inventory: together(workload(), budget('web')),
      },
      {
        name: 'each workload has a budget of its own',
        object: budget('web'),
        inventory: together(
          workload(),
          workload('app: api', 'Deployment', 'api'),
          budget('api', '{ matchLabels: { app: api } }'),
        ),
      },
      {
        name: 'selectors that could meet, and no workload where they do',
        object: budget('web'),
        inventory: together(workload(), budget('canary', '{ matchLabels: { track: canary } }')),
      },
      {
        name: 'a budget without a selector covers nothing',
        object: budget('web'),
        inventory: together(
          workload(),
          '{ kind: PodDisruptionBudget, metadata: { name: none }, spec: { maxUnavailable: 1, selector: null } }',
        ),
      },
      {
        name: 'the same budget, applied again',
        object: budget('web'),
        oldObject: budget('web'),
        inventory: together(workload(), budget('web')),
      },
      { name: 'seen from the workload: one budget', object: workload(), inventory: budget('web') },
    ],
    fails: [
      {
        name: 'two budgets over the template that a Rollout takes from a Deployment',
        object: `{ kind: Rollout, metadata: { name: web }, spec: { replicas: 3, workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`,
        inventory: together(workload(), budget('web'), budget('web-2')),
        finds: ['overlap /spec/workloadRef'],
      },
      {
        name: 'two budgets over the same labels',
        object: budget('web'),
        inventory: together(workload(), budget('web-old')),
        finds: ['overlap /spec/selector'],
      },
      {
        name: 'two selectors that meet at one workload',
        object: budget('web'),
        inventory: together(
          workload('app: web, track: canary', 'Deployment', 'web-canary'),
          budget('canary', '{ matchExpressions: [{ key: track, operator: In, values: [canary, beta] }] }'),
        ),
        finds: ['overlap /spec/selector'],
      },
      {
        name: 'a DaemonSet, which a drain leaves alone and an eviction does not',
        object: budget('agent'),
        inventory: together(workload('app: web', 'DaemonSet'), budget('web-old')),
        alongside: ['compute-pdb-unscalable-owner'],
        finds: ['overlap /spec/selector'],
      },
      {
        name: 'a budget for the whole namespace beside that of an app',
        object: budget('all', '{}'),
        inventory: together(workload(), budget('web')),
        alongside: ['compute-pdb-selector'],
        finds: ['namespace-wide /spec/selector'],
      },
      {
        name: 'the budget of an app beside one for the whole namespace',
        object: budget('web'),
        inventory: together(workload(), budget('all', '{}')),
        finds: ['namespace-wide /spec/selector'],
      },
      {
        name: 'two others are one fault of the selector',
        object: budget('web'),
        inventory: together(workload(), budget('web-old'), budget('web-older')),
        finds: ['overlap /spec/selector'],
      },
      {
        name: 'seen from the workload',
        object: workload(),
        inventory: together(budget('web'), budget('web-old')),
        finds: ['overlap /spec/template/metadata/labels'],
      },
      {
        name: 'a bare Pod',
        object: pod(),
        inventory: together(budget('web'), budget('web-old'), workload()),
        finds: ['overlap /metadata/labels'],
      },
      {
        name: 'only a bare Pod meets both',
        object: budget('web'),
        inventory: together(
          pod('app: web, team: shop'),
          workload('team: shop'),
          budget('shop', '{ matchLabels: { team: shop } }'),
        ),
        alongside: ['compute-pdb-unscalable-owner'],
        finds: ['overlap /spec/selector'],
      },
      {
        name: 'budgets that are not known yet',
        object: workload(),
        unknown: ['PodDisruptionBudget'],
        finds: ['unresolved PodDisruptionBudget'],
      },
    ],
  },
  *check({ kind, object, name, namespace, inventory }) {
    if (kind === 'PodDisruptionBudget') {
      const { witness, others, more, unsure } = overlapOf(object, namespace, inventory)
      const first = others.find(selectsAll) ?? others[0]
      for (const missing of unsure) yield unresolved(missing)
      if (!witness || !first) return
      const wide = selectsAll(object) || selectsAll(first)
      const further = others.length - 1
      const count = further > 0 ? `; ${brief(name, 20)} overlaps with ${more ? 'at least ' : ''}${further} more` : ''
      yield {
        reason: wide ? 'namespace-wide' : 'overlap',
        path: '/spec/selector',
        message: `${messageOf(`${witness.kind}/${brief(nameOf(witness.object), 24)}`, [name, nameOf(first)], wide)}${count}`,
        fix,
        related: [witness, ...others.map((other) => ({ kind, object: other }))]
          .slice(0, mostRelated)
          .map((each) => place(each, namespace)),
        values: { labels: labelsOfPods(witness.kind, witness.object) },
      }
      return
    }
    const view = podSpecOf(kind, object)
    const { found, unsure } = budgetsAround(kind, object, namespace, inventory)
    for (const missing of found.length > 1 ? [] : unsure) yield unresolved(missing)
    if (found.length < 2) return
    const wide = found.some(selectsAll)
    yield {
      reason: wide ? 'namespace-wide' : 'overlap',
      path: view ? `${view.metadataPath}/labels` : '/spec/workloadRef',
      message: messageOf(`${kind}/${brief(name, 24)}`, found.map(nameOf), wide),
      fix,
      related: found
        .slice(0, mostRelated)
        .map((budget) => place({ kind: 'PodDisruptionBudget', object: budget }, namespace)),
      values: { labels: labelsOfPods(kind, object) },
    }
  },
})

const fix = 'delete one of them, or narrow its selector'

function messageOf(workload: string, [first = '', second = '', ...more]: readonly string[], wide: boolean): string {
  const names = `${brief(first, 20)} and ${brief(second, 20)}${more.length > 0 ? ` and ${more.length} more` : ''}`
  const all = wide ? ', one of which selects every pod of the namespace' : ''
  return `pods of ${workload} match PDBs ${names}${all}: no eviction is served`
}

function place(each: { readonly kind: string; readonly object: Kinds['Pod'] | object }, namespace: string): Related {
  return { kind: each.kind, namespace, name: nameOf(each.object) }
}
