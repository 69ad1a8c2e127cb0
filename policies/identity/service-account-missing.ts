import { closest } from '../../src/sdk/closest.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { accountOf } from '../../src/sdk/service-accounts.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const deployment = (fields: string) =>
  `{ kind: Deployment, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${fields} containers: [${container}] } } } }`
const account = (name: string, namespace = 'default') =>
  `{ kind: ServiceAccount, metadata: { name: ${name}, namespace: ${namespace} } }`
const level = { default: 'warn', check: 'deny' } as const

export default definePolicy({
  id: 'identity-service-account-missing',
  summary: 'The ServiceAccount that a workload names exists.',
  signatures: ['failed-create'],
  since: '0.1.0',
  sources: [
    'kubernetes/plugin/pkg/admission/serviceaccount/admission.go',
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/',
  ],
  on: podKinds,
  reads: ['ServiceAccount'],
  reasons: {
    'not-found': {
      baseline: level,
      absence: true,
      why: 'The workload is accepted and each of its pods is refused: its controller says FailedCreate, and not one pod runs.',
      snippet: yaml`apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
  namespace: ${{ namespace: 'shop' }}`,
    },
  },
  examples: {
    passes: [
      { name: 'the account is there', object: deployment('serviceAccountName: app,'), inventory: account('app') },
      { name: 'no account is named, so the pods get the default one', object: deployment('') },
      { name: 'a controller makes the default account', object: deployment('serviceAccountName: default,') },
      {
        name: 'the old name of the field',
        object: deployment('serviceAccount: app,'),
        inventory: account('app'),
      },
      {
        name: 'files that nobody called complete',
        object: deployment('serviceAccountName: app,'),
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'an account of nobody',
        object: deployment('serviceAccountName: app,'),
        finds: ['not-found /spec/template/spec/serviceAccountName'],
      },
      {
        name: 'a name with a slip',
        object: deployment('serviceAccountName: paymets,'),
        inventory: `${account('payments')}\n---\n${account('default')}`,
        finds: ['not-found /spec/template/spec/serviceAccountName'],
      },
      {
        name: 'an account of another namespace',
        object: deployment('serviceAccountName: app,'),
        inventory: account('app', 'other'),
        finds: ['not-found /spec/template/spec/serviceAccountName'],
      },
      {
        name: 'files that are complete',
        object: `{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { serviceAccount: app, containers: [${container}] } } } } } }`,
        frontEnd: 'check',
        complete: true,
        finds: ['not-found /spec/jobTemplate/spec/template/spec/serviceAccountName'],
      },
      {
        name: 'a name that is filled in later',
        object: deployment('serviceAccountName: "${ACCOUNT}",'),
        frontEnd: 'check',
        complete: true,
        finds: ['unresolved value'],
      },
      {
        name: 'accounts that are not known yet',
        object: deployment('serviceAccountName: app,'),
        unknown: ['ServiceAccount'],
        finds: ['unresolved ServiceAccount'],
      },
    ],
  },
  *check({ kind, object, namespace, name, inventory }) {
    // What may be missing from files is missing for every workload, and says nothing.
    if (!inventory.complete) return
    const view = podSpecOf(kind, object)
    if (!view) return
    const answer = accountOf(view.spec, namespace, inventory)
    if (answer.state === 'unresolved') yield unresolved(answer.missing)
    if (answer.state !== 'absent') return
    const listed = inventory.list('ServiceAccount', namespace)
    const near = closest(answer.name, listed === unknown ? [] : listed.map(nameOf))
    yield {
      reason: 'not-found',
      path: `${view.path}/serviceAccountName`,
      message: `${kind} ${brief(name)} uses ServiceAccount ${brief(answer.name)}, which does not exist`,
      fix:
        near === undefined
          ? 'create it, or correct the name'
          : `write serviceAccountName: ${brief(near)}, or create it`,
      values: { account: answer.name, namespace },
    }
  },
})
