import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { accountNameOf, accountOf, defaultAccount } from '../../src/sdk/service-accounts.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const deployment = (fields: string) =>
  `{ kind: Deployment, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${fields} containers: [${container}] } } } }`
const account = (fields: string) => `{ kind: ServiceAccount, metadata: { name: default }, ${fields} }`
const place = '/spec/template/spec/automountServiceAccountToken'

export default definePolicy({
  id: 'identity-automount-default-sa',
  summary: 'Pods that asked for no identity get no token of the default ServiceAccount.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  sources: [
    'kubernetes/plugin/pkg/admission/serviceaccount/admission.go (shouldAutomount)',
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting',
  ],
  on: podKinds,
  reads: ['ServiceAccount'],
  reasons: {
    automount: {
      baseline: 'audit',
      strict: 'warn',
      why: 'Each container gets a credential for the API server that nobody asked for; whatever is granted to the default account later is granted to all of them.',
      snippet: `spec: # of the pod template
  automountServiceAccountToken: false`,
    },
  },
  examples: {
    passes: [
      { name: 'the pod wants none', object: deployment('automountServiceAccountToken: false,') },
      {
        name: 'the account gives none',
        object: deployment(''),
        inventory: account('automountServiceAccountToken: false'),
      },
      {
        name: 'an account of its own',
        object: deployment('serviceAccountName: app,'),
        inventory: '{ kind: ServiceAccount, metadata: { name: app } }',
      },
    ],
    fails: [
      { name: 'nobody said anything', object: deployment(''), finds: [`automount ${place}`] },
      {
        name: 'the default account by its name',
        object: deployment('serviceAccountName: default,'),
        inventory: account('secrets: []'),
        finds: [`automount ${place}`],
      },
      {
        name: 'the pod asks for it, whatever the account says',
        object: deployment('automountServiceAccountToken: true,'),
        inventory: account('automountServiceAccountToken: false'),
        finds: [`automount ${place}`],
      },
      {
        name: 'accounts that are not known yet',
        object: deployment(''),
        unknown: ['ServiceAccount'],
        finds: ['unresolved ServiceAccount'],
      },
    ],
  },
  *check({ kind, object, namespace, name, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view || accountNameOf(view.spec) !== defaultAccount) return
    const asked = view.spec.automountServiceAccountToken
    if (asked === false) return
    const answer = accountOf(view.spec, namespace, inventory)
    // The field of the pod goes before that of the account.
    if (answer.state !== 'known' && asked !== true) {
      yield unresolved('ServiceAccount')
      return
    }
    if (asked !== true && answer.state === 'known' && answer.account.automountServiceAccountToken === false) return
    yield {
      reason: 'automount',
      path: `${view.path}/automountServiceAccountToken`,
      message: `${kind} ${brief(name)} mounts the token of ServiceAccount default`,
      fix: 'set automountServiceAccountToken: false, or give it an account of its own',
    }
  },
})
