import type { Loop, Signature } from '../src/sdk/policy.ts'

/** The text of a new policy: it compiles, its examples pass, and each part is there to be replaced. */
export function policyTemplate(id: string, loop: Loop, since: string): string {
  return `import { definePolicy } from '../../src/sdk/policy.ts'

export default definePolicy({
  id: '${id}',
  summary: 'Deployments keep few old ReplicaSets.',
  signatures: ['${signatures[loop]}'],
  since: '${since}',
  on: ['Deployment'],
  reads: [],
  reasons: {
    many: {
      baseline: 'audit',
      strict: 'warn',
      why: 'Every old ReplicaSet stays in etcd and in each list that a controller reads.',
      snippet: 'spec:\\n  revisionHistoryLimit: 10',
    },
  },
  params: {
    maximum: { type: 'integer', minimum: 0, default: 50, description: 'Largest revisionHistoryLimit that passes.' },
  },
  examples: {
    passes: [
      { name: 'ten old ReplicaSets are kept', object: '{ kind: Deployment, spec: { revisionHistoryLimit: 10 } }' },
      { name: 'the field is left out, so ten are kept', object: '{ kind: Deployment, spec: { replicas: 3 } }' },
    ],
    fails: [
      {
        name: 'two hundred are kept',
        object: '{ kind: Deployment, spec: { revisionHistoryLimit: 200 } }',
        finds: ['many /spec/revisionHistoryLimit'],
      },
      {
        name: 'ten are kept where five are allowed',
        object: '{ kind: Deployment, spec: { revisionHistoryLimit: 10 } }',
        params: { maximum: 5 },
        finds: ['many /spec/revisionHistoryLimit'],
      },
    ],
  },
  *check({ object, params }) {
    const kept = object.spec?.revisionHistoryLimit
    if (typeof kept !== 'number' || kept <= params.maximum) return
    yield {
      reason: 'many',
      path: '/spec/revisionHistoryLimit',
      message: \`revisionHistoryLimit keeps \${kept} old ReplicaSets, more than \${params.maximum}\`,
      fix: \`set revisionHistoryLimit to \${params.maximum} or less\`,
    }
  },
})
`
}

const signatures: { readonly [L in Loop]: Signature } = {
  identity: 'image-pull-backoff',
  compute: 'pending-pods',
  network: 'gateway-timeout',
  storage: 'volume-affinity-conflict',
  observability: 'blind-logs',
}
