import { refusalsOf, selectsNothing } from '../../src/sdk/budgets.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { labelsOfSelector } from '../../src/sdk/labels-to-type.ts'
import { brief } from '../../src/sdk/names.ts'
import { isRotatedLabel } from '../../src/sdk/pod-labels.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { podsOf, workloadsOf } from '../../src/sdk/relations.ts'
import { selectedLabels } from '../../src/sdk/selected-labels.ts'
import { labelSelector, selectsEverything } from '../../src/sdk/selectors.ts'
import { recordOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const snippet = yaml`spec:
  selector:
    matchLabels: ${{ labels: { app: 'web' } }} # the labels of the pod template`

const budget = (spec: string) => `{ kind: PodDisruptionBudget, spec: { ${spec} } }`
const old = (selector: string) =>
  `{ apiVersion: policy/v1beta1, kind: PodDisruptionBudget, spec: { maxUnavailable: 1, selector: ${selector} } }`
const web = `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 3, template: { metadata: { labels: { app: web } }, spec: {} } } }`

export default definePolicy({
  id: 'compute-pdb-selector',
  summary: 'A PodDisruptionBudget selects the pods of its workload: not none, and not all of the namespace.',
  signatures: ['drain-stuck'],
  since: '0.1.0',
  sources: [
    'apimachinery/pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector)',
    'kubernetes/pkg/apis/policy/validation/validation.go',
    'kubernetes/pkg/apis/policy/v1beta1/conversion.go',
  ],
  on: ['PodDisruptionBudget'],
  reads: [
    'Deployment',
    'StatefulSet',
    'ReplicaSet',
    'ReplicationController',
    'Rollout',
    'DaemonSet',
    'Job',
    'CronJob',
    'Pod',
  ],
  reasons: {
    'null-selector': {
      baseline: 'warn',
      why: 'Without a selector the budget matches no pod: a drain takes every replica at once, as if the budget were not there.',
      snippet,
    },
    'empty-selector': {
      baseline: 'warn',
      strict: 'deny',
      why: 'One budget counts every pod of the namespace, Jobs, DaemonSets and bare pods too: one owner that cannot be counted, or a second budget, makes all of them unevictable.',
      snippet,
    },
    'subset-unstable': {
      baseline: 'warn',
      why: 'A controller gives this label a new value with the next revision or pod, so the budget protects nothing from then on.',
      snippet,
    },
    'no-match': {
      baseline: { default: 'audit', check: 'warn' },
      // A budget is ordinarily applied before its workload.
      strict: { default: 'warn', 'budget:CREATE': 'audit', check: 'warn', audit: 'warn' },
      absence: true,
      why: 'A budget over labels that no pod carries protects nothing: the drain takes every replica at once.',
    },
    'both-fields': { baseline: 'deny', api: true, why: 'The API server refuses a budget with both fields.' },
    percent: {
      baseline: 'deny',
      api: true,
      why: 'The API server takes whole numbers of 0 or more, and strings of digits with % up to 100%.',
    },
    'v1beta1-empty': {
      baseline: 'deny',
      api: true,
      why: 'policy/v1beta1 is served no longer (since 1.25), and its empty selector meant no pod where that of policy/v1 means every pod.',
      snippet: yaml`apiVersion: policy/v1
kind: PodDisruptionBudget
spec:
  selector:
    matchLabels: ${{ labels: { app: 'web' } }} # the labels of the pod template`,
    },
  },
  params: {
    versionLabels: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Labels that change with each release here, such as app.kubernetes.io/version: no budget selects by them.',
    },
  },
  examples: {
    passes: [
      {
        name: 'the labels of the workload',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: web } }'),
        inventory: web,
      },
      {
        name: 'the workload is not among the files, which nobody called complete',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: web } }'),
        frontEnd: 'check',
      },
      {
        name: 'that a label is there is no value that changes',
        object: budget(
          'maxUnavailable: 1, selector: { matchExpressions: [{ key: pod-template-hash, operator: Exists }, { key: app, operator: In, values: [web] }] }',
        ),
        inventory: web,
      },
      {
        name: 'an operator makes the pods',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: db } }'),
        inventory: `{ kind: Pod, metadata: { name: db-0, labels: { app: db }, ownerReferences: [{ apiVersion: db.example.com/v1, kind: Database, name: db, controller: true }] }, spec: { containers: [{ name: db }] } }`,
      },
      {
        name: 'an old version with labels',
        object: old('{ matchLabels: { app: web } }'),
        inventory: web,
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'no selector, so maxUnavailable 0 blocks nothing either',
        object: budget('maxUnavailable: 0'),
        inventory: web,
        finds: ['null-selector /spec/selector'],
      },
      {
        name: 'a selector of null',
        object: budget('maxUnavailable: 1, selector: null'),
        inventory: web,
        finds: ['null-selector /spec/selector'],
      },
      {
        name: 'every pod of the namespace',
        object: budget('maxUnavailable: 1, selector: {}'),
        inventory: web,
        finds: ['empty-selector /spec/selector'],
      },
      {
        name: 'every pod, in more words',
        object: budget('maxUnavailable: 1, selector: { matchLabels: {}, matchExpressions: [] }'),
        inventory: web,
        finds: ['empty-selector /spec/selector'],
      },
      {
        name: 'the hash of one revision',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: web, pod-template-hash: 5d4f8c7b9 } }'),
        inventory: web,
        finds: ['subset-unstable /spec/selector/matchLabels/pod-template-hash', 'unresolved Deployment'],
      },
      {
        name: 'one replica of a StatefulSet',
        object: budget(
          'maxUnavailable: 1, selector: { matchExpressions: [{ key: statefulset.kubernetes.io/pod-name, operator: In, values: [db-0] }] }',
        ),
        inventory: `{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: 3, serviceName: db, template: { metadata: { labels: { app: db } }, spec: {} } } }`,
        finds: ['subset-unstable /spec/selector/matchExpressions/0/key', 'unresolved StatefulSet'],
      },
      {
        name: 'a version that the settings name',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: web, app.kubernetes.io/version: "1.4" } }'),
        inventory: `{ kind: Deployment, spec: { template: { metadata: { labels: { app: web, app.kubernetes.io/version: "1.4" } }, spec: {} } } }`,
        params: { versionLabels: ['app.kubernetes.io/version'] },
        finds: ['subset-unstable /spec/selector/matchLabels/app.kubernetes.io~1version'],
      },
      {
        name: 'labels of nobody',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: wbe } }'),
        inventory: web,
        finds: ['no-match /spec/selector'],
      },
      {
        name: 'files that are said to be all',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: wbe } }'),
        inventory: web,
        frontEnd: 'check',
        complete: true,
        finds: ['no-match /spec/selector'],
      },
      {
        name: 'workloads that are not known yet',
        object: budget('maxUnavailable: 1, selector: { matchLabels: { app: web } }'),
        unknown: ['StatefulSet'],
        finds: ['unresolved StatefulSet'],
      },
      {
        name: 'both fields',
        object: budget('minAvailable: 1, maxUnavailable: 1, selector: { matchLabels: { app: web } }'),
        inventory: web,
        frontEnd: 'check',
        finds: ['both-fields /spec/maxUnavailable'],
      },
      {
        name: 'more than all of them',
        object: budget('minAvailable: 101%, selector: { matchLabels: { app: web } }'),
        inventory: web,
        frontEnd: 'check',
        finds: ['percent /spec/minAvailable'],
      },
      {
        name: 'a number in quotes',
        object: budget('maxUnavailable: "1", selector: { matchLabels: { app: web } }'),
        inventory: web,
        frontEnd: 'check',
        finds: ['percent /spec/maxUnavailable'],
      },
      {
        name: 'less than none',
        object: budget('maxUnavailable: -1, selector: { matchLabels: { app: web } }'),
        inventory: web,
        frontEnd: 'check',
        finds: ['percent /spec/maxUnavailable'],
      },
      {
        name: 'an empty selector of an old version',
        object: old('{}'),
        inventory: web,
        frontEnd: 'check',
        finds: ['v1beta1-empty /spec/selector'],
      },
      {
        name: 'what a variable stands for is not known',
        object: budget('maxUnavailable: 1, selector: "${SELECTOR}"'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ object, name, namespace, params, inventory }) {
    const { spec, apiVersion } = object
    const subject = `PDB ${brief(name)}`
    for (const { reason, field, words } of refusalsOf(spec)) {
      const fix = reason === 'percent' ? 'set a number, or a percentage such as 50%' : 'remove one of them'
      yield { reason, path: `/spec/${field}`, message: `${subject}: ${words}`, fix }
    }

    const selector = spec?.selector ?? undefined
    const path = '/spec/selector'
    const fix = 'set selector.matchLabels to the labels of the pod template'
    if (selector === undefined) {
      yield { reason: 'null-selector', path, message: `${subject} has no selector: it protects no pod`, fix }
      return
    }
    if (!recordOf(selector)) return yield unresolved('value')
    if (selectsNothing(object)) {
      const message = `${subject} is of ${apiVersion ?? ''}, served no longer, where selector {} selects no pod`
      yield { reason: 'v1beta1-empty', path, message, fix: `set apiVersion: policy/v1 and ${fix.slice('set '.length)}` }
      return
    }
    if (selectsEverything(selector)) {
      yield { reason: 'empty-selector', path, message: `${subject} selects every pod of the namespace`, fix }
      return
    }
    const isChanging = (key: string) => isRotatedLabel(key) || params.versionLabels.includes(key)
    for (const { key, path: place } of selectedLabels(selector)) {
      if (!isChanging(key)) continue
      yield {
        reason: 'subset-unstable',
        path: path + place,
        message: `${subject} selects by ${brief(key, 50)}, whose value changes`,
        fix: 'remove it, and select by the labels of the pod template',
        values: { labels: labelsOfSelector(selector, isChanging) },
      }
    }

    const workloads = workloadsOf(object, namespace, inventory)
    if (workloads.found.length > 0) return
    for (const missing of workloads.unsure) yield unresolved(missing)
    if (workloads.unsure.length > 0) return
    const pods = podsOf(object, namespace, inventory)
    if (pods.found.length > 0) return
    // Where Pods are not known, as in the webhook, the templates stand for them.
    if (pods.unsure.length > 0 && inventory.list('Pod', namespace) !== unknown) return yield unresolved('Pod')
    // The API server refuses such a selector.
    if (labelSelector(selector)({}) === unknown) return yield unresolved('value')
    yield {
      reason: 'no-match',
      path,
      message: `${subject} selects no pod of this namespace`,
      fix: 'set selector.matchLabels to the labels of the pod template',
    }
  },
})
