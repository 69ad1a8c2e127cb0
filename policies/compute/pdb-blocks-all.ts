import { budgetOf, describeBudget, replicasToDrain, selectsNothing } from '../../src/sdk/budgets.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { brief } from '../../src/sdk/names.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'

const why =
  'The eviction API answers 429 for ever: drains, node upgrades and scale-down hang, cordoned nodes pile up, and new pods stay Pending for want of their capacity.'
const snippet = `spec: # the selector stays as it is
  maxUnavailable: 1 # in place of minAvailable, if that is there
  unhealthyPodEvictionPolicy: AlwaysAllow`

export default definePolicy({
  id: 'compute-pdb-blocks-all',
  summary: 'A PodDisruptionBudget lets at least one pod go.',
  signatures: ['drain-stuck', 'pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/disruption/disruption.go',
    'https://kubernetes.io/docs/tasks/run-application/configure-pdb/',
  ],
  on: ['PodDisruptionBudget'],
  reads: [],
  reasons: {
    'max-unavailable-zero': { baseline: 'deny', why, snippet },
    'min-available-100': { baseline: 'deny', why, snippet },
    unspecified: { baseline: 'deny', why, snippet },
  },
  examples: {
    passes: [
      {
        name: 'one pod at a time may go, whatever their number',
        object: `{ kind: PodDisruptionBudget, spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } } }`,
      },
      {
        name: 'percentages of maxUnavailable round up, so 1% is one pod',
        object: `{ kind: PodDisruptionBudget, spec: { maxUnavailable: 1%, selector: { matchLabels: { app: web } } } }`,
      },
      {
        name: '"50%" is no "100%"',
        object: `{ kind: PodDisruptionBudget, spec: { minAvailable: 50%, selector: { matchLabels: { app: web } } } }`,
      },
      {
        name: 'minAvailable 0 protects nothing and blocks nothing',
        object: `{ kind: PodDisruptionBudget, spec: { minAvailable: 0, selector: { matchLabels: { app: web } } } }`,
      },
    ],
    fails: [
      {
        name: 'what a variable stands for is not known',
        object: `{ kind: PodDisruptionBudget, spec: { maxUnavailable: "\${MAX}", selector: { matchLabels: { app: web } } } }`,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'maxUnavailable 0',
        object: `{ kind: PodDisruptionBudget, spec: { maxUnavailable: 0, selector: { matchLabels: { app: web } } } }`,
        finds: ['max-unavailable-zero /spec/maxUnavailable'],
      },
      {
        name: 'maxUnavailable "0%"',
        object: `{ kind: PodDisruptionBudget, spec: { maxUnavailable: 0%, selector: { matchLabels: { app: web } } } }`,
        finds: ['max-unavailable-zero /spec/maxUnavailable'],
      },
      {
        name: 'maxUnavailable "00%" is valid, and zero',
        object: `{ kind: PodDisruptionBudget, spec: { maxUnavailable: 00%, selector: { matchLabels: { app: web } } } }`,
        finds: ['max-unavailable-zero /spec/maxUnavailable'],
      },
      {
        name: 'minAvailable "100%"',
        object: `{ kind: PodDisruptionBudget, spec: { minAvailable: 100%, selector: { matchLabels: { app: web } } } }`,
        finds: ['min-available-100 /spec/minAvailable'],
      },
      {
        name: 'neither field is valid, and allows nothing',
        object: `{ kind: PodDisruptionBudget, spec: { selector: { matchLabels: { app: web } } } }`,
        finds: ['unspecified /spec/maxUnavailable'],
      },
    ],
  },
  *check({ object, name }) {
    if (selectsNothing(object)) return
    const budget = budgetOf(object.spec)
    if (budget === unknown) yield unresolved('value')
    if (budget === undefined || budget === unknown || replicasToDrain(budget) !== undefined) return
    const { reason, field } = faults[budget.form]
    yield {
      reason,
      path: `/spec/${field}`,
      message: `PDB ${brief(name)} allows 0 disruptions (${describeBudget(budget)})`,
      fix: `set maxUnavailable: 1${field === 'minAvailable' ? ' in place of minAvailable' : ''} and unhealthyPodEvictionPolicy: AlwaysAllow`,
    }
  },
})

const faults = {
  maxUnavailable: { reason: 'max-unavailable-zero', field: 'maxUnavailable' },
  minAvailable: { reason: 'min-available-100', field: 'minAvailable' },
  unspecified: { reason: 'unspecified', field: 'maxUnavailable' },
} as const
