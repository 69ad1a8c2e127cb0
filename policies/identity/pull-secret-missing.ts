import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import {
  mayBePrivate,
  pulledImages,
  pullerWithSecret,
  pullingKinds,
  pullSecretsOf,
} from '../../src/sdk/pull-secrets.ts'
import { accountNameOf, accountOf } from '../../src/sdk/service-accounts.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const workload = (kind: string, name: string, image: string, more = '') =>
  `{ kind: ${kind}, metadata: { name: ${name} }, spec: { selector: { matchLabels: { app: ${name} } }, template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: web, image: "${image}", ${resources} }]${more} } } } }`
const web = (image = 'registry.example.com/web:1.4.2', more = '') => workload('Deployment', 'web', image, more)
const withSecret = ', imagePullSecrets: [{ name: registry }]'
const other = (image = 'registry.example.com/api:2.0.0') => workload('DaemonSet', 'api', image, withSecret)
const secret = `{ kind: Secret, metadata: { name: registry }, type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: eyJhdXRocyI6e319 } }`
const account = `{ kind: ServiceAccount, metadata: { name: app }, imagePullSecrets: [{ name: registry }] }`
const spec = '/spec/template/spec'

export default definePolicy({
  id: 'identity-pull-secret-missing',
  summary: 'Pull secrets exist, and images of a private registry have one.',
  signatures: ['image-pull-backoff'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/kubelet/kubelet_pods.go (getPullSecretsForPod)',
    'kubernetes/plugin/pkg/admission/serviceaccount/admission.go',
    'https://kubernetes.io/docs/concepts/containers/images/#using-a-private-registry',
  ],
  on: [...podKinds, 'ServiceAccount'],
  reads: ['Secret', 'ServiceAccount', ...pullingKinds],
  reasons: {
    'not-found': {
      baseline: 'warn',
      why: 'The kubelet only notes FailedToRetrieveImagePullSecret and pulls without credentials: the registry answers 401, and the pod stays in ErrImagePull.',
      absence: true,
    },
    'private-registry': {
      baseline: 'audit',
      strict: 'warn',
      why: 'Without a pull secret the kubelet pulls without credentials, and a private registry answers 401: ErrImagePull, on every node that has no login of its own.',
      snippet: yaml`# On the ServiceAccount, for every pod that runs under it; or on the pod (template)
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
imagePullSecrets:
  - name: registry`,
    },
  },
  params: {
    privateRegistries: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Hosts of registries that ask for a login, such as `registry.example.com:5000`; besides those from which another workload of the namespace pulls with a pull secret.',
    },
  },
  examples: {
    passes: [
      {
        name: 'the pull secret exists',
        object: web(undefined, withSecret),
        inventory: secret,
        frontEnd: 'check',
        complete: true,
      },
      { name: 'a registry of which nothing is known', object: web() },
      {
        name: 'the pull secret of the ServiceAccount',
        object: web(undefined, ', serviceAccountName: app'),
        inventory: `${account}\n---\n${other()}`,
      },
      {
        name: 'nodes pull from a cloud by their own identity',
        object: web('111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2'),
        inventory: other('111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:2.0.0'),
      },
      {
        name: 'on a public host only the organisation of the other image is private',
        object: web('quay.io/prometheus/prometheus:v3.1.0'),
        inventory: other('quay.io/team/api:2.0.0'),
      },
      {
        name: 'which of two registries the secret of the other opens is not known',
        object: web(),
        inventory: `{ kind: DaemonSet, metadata: { name: api }, spec: { selector: { matchLabels: { app: api } }, template: { metadata: { labels: { app: api } }, spec: { containers: [{ name: a, image: "registry.example.com/a:1", ${resources} }, { name: b, image: "harbor.example.org/b:1", ${resources} }]${withSecret} } } } }`,
      },
    ],
    fails: [
      {
        name: 'the pull secret has another name, and the files are complete',
        object: web(undefined, withSecret),
        inventory: secret.replace('registry', 'registry-login'),
        frontEnd: 'check',
        complete: true,
        finds: [`not-found ${spec}/imagePullSecrets/0/name`],
      },
      {
        name: 'so has that of a ServiceAccount',
        object: account,
        inventory: secret.replace('registry', 'registry-login'),
        frontEnd: 'check',
        complete: true,
        finds: ['not-found /imagePullSecrets/0/name'],
      },
      {
        name: 'the webhook knows no Secrets',
        object: web(undefined, withSecret),
        unknown: ['Secret'],
        finds: ['unresolved Secret'],
      },
      {
        name: 'the name is yet to be filled in',
        object: web(undefined, ', imagePullSecrets: [{ name: "${PULL_SECRET}" }]'),
        inventory: secret,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'another workload pulls from the registry with a pull secret',
        object: web(),
        inventory: other(),
        finds: [`private-registry ${spec}/containers/0/image`],
      },
      {
        name: 'another workload pulls images of the same organisation with a pull secret',
        object: web('ghcr.io/team/web:1.4.2', ', serviceAccountName: app'),
        inventory: `${account.replace('registry', '""')}\n---\n${other('ghcr.io/team/api:2.0.0')}`,
        finds: [`private-registry ${spec}/containers/0/image`],
      },
      {
        name: 'the registry is private, say the settings',
        object: web(),
        params: { privateRegistries: ['registry.example.com'] },
        finds: [`private-registry ${spec}/containers/0/image`],
      },
      {
        name: 'the ServiceAccount, which may have a pull secret, is not known',
        object: web(),
        params: { privateRegistries: ['registry.example.com'] },
        unknown: ['ServiceAccount'],
        finds: ['unresolved ServiceAccount'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    const view = kind === 'ServiceAccount' ? undefined : podSpecOf(kind, object)
    const path = view?.path ?? ''
    // Its kind says that what is no pod is a ServiceAccount, and either holds such a list.
    const secrets = pullSecretsOf(view?.spec ?? (kind === 'ServiceAccount' ? object : {}))
    for (const { name, index } of secrets) {
      const secret = inventory.get('Secret', namespace, name)
      if (isVariable(name)) yield unresolved('value')
      else if (secret === unknown) yield unresolved('Secret')
      else if (secret === undefined) {
        yield {
          reason: 'not-found',
          path: `${path}/imagePullSecrets/${index}/name`,
          message: `pull secret ${brief(name)} does not exist`,
          fix: 'create it in this namespace, or remove the reference',
          related: [{ kind: 'Secret', namespace, name }],
        }
      }
    }
    if (!view || secrets.length > 0) return
    const seen = new Set<string>()
    for (const { container, path, host, realm } of pulledImages(view)) {
      if (host === unknown || realm === unknown || seen.has(realm) || !mayBePrivate(host)) continue
      seen.add(realm)
      const named = params.privateRegistries.includes(host)
      const puller = named ? undefined : pullerWithSecret(realm, namespace, inventory)
      if (!named && !puller) continue
      const answer = accountOf(view.spec, namespace, inventory)
      if (answer.state === 'unresolved') {
        yield unresolved(answer.missing)
        return
      }
      if (answer.state === 'known' && pullSecretsOf(answer.account).length > 0) return
      const evidence = puller ? `${puller.kind} ${brief(puller.name)} has one for it` : 'the settings call it private'
      yield {
        reason: 'private-registry',
        path,
        message: `container ${brief(container, 24)} pulls from ${brief(realm, 40)} without a pull secret; ${evidence}`,
        fix: 'add imagePullSecrets to the pod or its ServiceAccount',
        values: { account: accountNameOf(view.spec) },
        ...(puller ? { related: [puller] } : {}),
      }
    }
  },
})
