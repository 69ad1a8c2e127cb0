import { witnessKinds } from '../../src/sdk/relations.ts'
import { coverOf, replicasOf, type CoverKind } from '../../src/sdk/budget-cover.ts'
import { budgetOf, describeBudget, desiredHealthy, selectsNothing, type Budget } from '../../src/sdk/budgets.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { brief } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const snippet = `spec:
  unhealthyPodEvictionPolicy: AlwaysAllow`

const budget = (fields: string) =>
  `{ kind: PodDisruptionBudget, spec: { ${fields}, selector: { matchLabels: { app: web } } } }`
const web = (replicas: number, labels = 'app: web') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: ${replicas}, template: { metadata: { labels: { ${labels} } }, spec: {} } } }`
const etcd = `{ kind: PodDisruptionBudget, spec: { maxUnavailable: 1, selector: { matchLabels: { app.kubernetes.io/name: etcd } } } }`

export default definePolicy({
  id: 'compute-pdb-unhealthy-policy',
  summary: 'A PodDisruptionBudget lets pods go that are broken already.',
  signatures: ['drain-stuck', 'crash-loop'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/registry/core/pod/storage/eviction.go',
    'https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy',
  ],
  on: ['PodDisruptionBudget'],
  reads: [...witnessKinds, 'Pod', 'HorizontalPodAutoscaler'],
  reasons: {
    'desired-zero': {
      baseline: 'audit',
      strict: 'deny',
      why: 'The budget needs 0 healthy pods, and IfHealthyBudget lets broken ones go only where it needs more than that: a pod that crashes gets HTTP 429 for as long as it crashes.',
      snippet,
    },
    'default-policy': {
      baseline: 'audit',
      strict: 'warn',
      why: 'While fewer pods are healthy than the budget needs, those that are broken cannot be evicted either, and the drain waits for what will never be Ready.',
      snippet,
    },
  },
  params: {
    quorumLabelSelector: {
      type: 'object',
      additionalProperties: { type: 'array', items: { type: 'string' } },
      default: { 'app.kubernetes.io/name': ['elasticsearch', 'etcd', 'kafka', 'zookeeper'] },
      description:
        'Labels, with their values, of systems that must not lose a member while it recovers: their budgets may protect it.',
    },
  },
  examples: {
    passes: [
      {
        name: 'broken pods may always go',
        object: budget('maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow'),
        inventory: web(1),
      },
      {
        name: 'no pods, none of them broken',
        object: '{ kind: PodDisruptionBudget, spec: { maxUnavailable: 1 } }',
        alongside: ['compute-pdb-selector'],
      },
      { name: 'a member of a quorum may be recovering', object: etcd },
      {
        name: 'a workload whose pods the settings call members of a quorum',
        object: budget('maxUnavailable: 1'),
        inventory: web(3, 'app: web, role: voter'),
        params: { quorumLabelSelector: { role: ['voter'] } },
      },
    ],
    fails: [
      {
        name: 'no policy',
        object: budget('maxUnavailable: 1'),
        inventory: web(3),
        finds: ['default-policy /spec/unhealthyPodEvictionPolicy'],
      },
      {
        name: 'the default, in words',
        object: budget('minAvailable: 1, unhealthyPodEvictionPolicy: IfHealthyBudget'),
        inventory: web(3),
        finds: ['default-policy /spec/unhealthyPodEvictionPolicy'],
      },
      {
        name: 'a quorum that the settings do not name',
        object: etcd,
        params: { quorumLabelSelector: {} },
        finds: ['default-policy /spec/unhealthyPodEvictionPolicy'],
      },
      {
        name: 'minAvailable 0',
        object: budget('minAvailable: 0'),
        inventory: web(3),
        finds: ['desired-zero /spec/unhealthyPodEvictionPolicy'],
      },
      {
        name: 'maxUnavailable 100%',
        object: budget('maxUnavailable: 100%'),
        inventory: web(3),
        finds: ['desired-zero /spec/unhealthyPodEvictionPolicy'],
      },
      {
        name: 'the one replica may be unavailable',
        object: budget('maxUnavailable: 1'),
        inventory: web(1),
        finds: ['desired-zero /spec/unhealthyPodEvictionPolicy'],
      },
      {
        name: '51% of two replicas may be, which is both',
        object: budget('maxUnavailable: 51%'),
        inventory: web(2),
        finds: ['desired-zero /spec/unhealthyPodEvictionPolicy'],
      },
      {
        name: 'how many replicas there are is not known yet',
        object: budget('maxUnavailable: 1'),
        unknown: ['Deployment'],
        finds: ['default-policy /spec/unhealthyPodEvictionPolicy', 'unresolved Deployment'],
      },
      {
        name: 'what a variable stands for is not known',
        object: budget('maxUnavailable: 1, unhealthyPodEvictionPolicy: "${POLICY}"'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ object, name, namespace, params, inventory }) {
    if (selectsNothing(object)) return
    const policy: unknown = object.spec?.unhealthyPodEvictionPolicy ?? undefined
    if (isVariable(policy)) return yield unresolved('value')
    const budget = budgetOf(object.spec)
    if (policy === 'AlwaysAllow' || budget === undefined || budget === unknown) return
    if (isQuorum(object, params.quorumLabelSelector, namespace, inventory)) return

    const zero = needsNone(budget, object, namespace, inventory)
    const subject = `PDB ${brief(name)} (${describeBudget(budget)})`
    yield {
      reason: zero === true ? 'desired-zero' : 'default-policy',
      path: '/spec/unhealthyPodEvictionPolicy',
      message:
        zero === true
          ? `${subject} needs 0 healthy pods, and so protects broken ones`
          : `${subject} protects broken pods`,
      fix: 'set unhealthyPodEvictionPolicy: AlwaysAllow',
    }
    if (typeof zero === 'object') for (const missing of zero) yield unresolved(missing)
  },
})

type Related = Inventory<CoverKind>

/** Whether the budget needs no healthy pod, of those that there are; the kinds for want of which it is not known. */
function needsNone(
  budget: Budget,
  object: Kinds['PodDisruptionBudget'],
  namespace: string,
  inventory: Related,
): boolean | readonly KindName[] {
  if (budget.form === 'unspecified') return false
  const { unit, value } = budget.amount
  if (budget.form === 'minAvailable') return value === 0
  if (unit === 'percent' && value === 100) return true
  if (value === 0) return false
  const cover = coverOf(object, namespace, inventory)
  // With an owner that has no scale the budget fails altogether.
  if (cover.countless.length > 0) return false
  if (cover.unsure.length > 0) return cover.unsure
  const replicas = replicasOf(cover, namespace, inventory)
  if (!('current' in replicas)) return [...replicas.missing, ...replicas.there]
  return replicas.current > 0 && desiredHealthy(budget, replicas.current) === 0
}

/** True if the budget asks for a label of a quorum, or covers a workload whose pods carry one. */
function isQuorum(
  object: Kinds['PodDisruptionBudget'],
  quorum: { readonly [label: string]: readonly string[] },
  namespace: string,
  inventory: Related,
): boolean {
  const wanted = Object.entries(quorum)
  const carries = (labels: unknown) =>
    wanted.some(([label, values]) => values.some((value) => memberOf(labels, label) === value))
  if (wanted.length === 0) return false
  if (carries(object.spec?.selector?.matchLabels)) return true
  const { scalable } = coverOf(object, namespace, inventory)
  return scalable.some((workload) => carries(podSpecOf(workload.kind, workload.object)?.metadata.labels))
}
