import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { cloudHosts, pullSecretsOf } from '../../src/sdk/pull-secrets.ts'
import { witnessKinds } from '../../src/sdk/relations.ts'
import { accountNameOf, workloadsUnder } from '../../src/sdk/service-accounts.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const ecr = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2'
const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const containers = (...images: readonly string[]) =>
  images.map((image, index) => `{ name: c${index}, image: "${image}", ${resources} }`).join(', ')
const deployment = (spec: string) =>
  `{ kind: Deployment, metadata: { name: web }, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${spec} } } } }`
const pulls = (...images: readonly string[]) =>
  deployment(`containers: [${containers(...images)}], imagePullSecrets: [{ name: registry }]`)
const account = `{ kind: ServiceAccount, metadata: { name: app }, imagePullSecrets: [{ name: registry }] }`
const runsUnder = (...images: readonly string[]) =>
  deployment(`serviceAccountName: app, containers: [${containers(...images)}]`)
const registry = `{ kind: Secret, metadata: { name: registry }, type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: eyJhdXRocyI6e319 } }`
const path = '/spec/template/spec/imagePullSecrets'

export default definePolicy({
  id: 'identity-pull-secret-redundant',
  summary: 'Images that nodes pull by their own identity need no pull secret.',
  signatures: ['image-pull-backoff'],
  since: '0.1.0',
  sources: [
    'kubernetes/plugin/pkg/admission/serviceaccount/admission.go',
    'kubernetes/pkg/kubelet/kuberuntime/kuberuntime_image.go',
    'https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/',
  ],
  on: [...podKinds, 'ServiceAccount'],
  reads: witnessKinds,
  reasons: {
    redundant: {
      baseline: 'audit',
      strict: 'warn',
      why: 'The kubelet tries the secret before the credential provider of the node: an expired one fills the errors of the pull with its own, hides that the provider is broken, and then both fail at once.',
      snippet: yaml`# The pod (template) without imagePullSecrets: the credential provider of the node pulls. Take the list off the
# ServiceAccount too, or the API server puts it back into every pod that has none.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
imagePullSecrets: []`,
    },
  },
  params: {
    crossAccountRegistries: {
      type: 'array',
      items: { type: 'string', pattern: '^[0-9]{12}$' },
      default: [],
      description: 'AWS accounts whose registries the nodes may not pull from: their images need a pull secret.',
    },
  },
  examples: {
    passes: [
      {
        name: 'no pull secret',
        object: deployment(`containers: [${containers(ecr)}]`),
      },
      { name: 'a registry of no cloud', inventory: registry, object: pulls('registry.example.com/web:1.4.2') },
      {
        name: 'one image of several is from elsewhere',
        inventory: registry,
        object: pulls(ecr, 'quay.io/team/proxy:2.1.0'),
      },
      {
        name: 'an account from which the nodes may not pull, say the settings',
        inventory: registry,
        object: pulls(ecr),
        params: { crossAccountRegistries: ['111122223333'] },
      },
      { name: 'a ServiceAccount that nothing runs under', inventory: registry, object: account },
      {
        name: 'a ServiceAccount with one workload that needs its pull secret',
        object: account,
        inventory: `${registry}\n---\n${runsUnder(ecr)}\n---\n${runsUnder('registry.example.com/web:1.4.2').replace('name: web', 'name: other')}`,
      },
      {
        name: 'the list of the pod stands in the place of the one of the ServiceAccount',
        object: account,
        inventory:
          `${registry}\n---\n` +
          deployment(`serviceAccountName: app, imagePullSecrets: [{ name: other }], containers: [${containers(ecr)}]`),
      },
    ],
    fails: [
      { name: 'the registry of an AWS account', inventory: registry, object: pulls(ecr), finds: [`redundant ${path}`] },
      {
        name: 'registries of Google Cloud and Azure, an init container among them',
        inventory: registry,
        object: deployment(
          `containers: [${containers('europe-docker.pkg.dev/p/r/web:1')}], initContainers: [{ name: init, image: "team.azurecr.io/init:1", ${resources} }], imagePullSecrets: [{ name: registry }]`,
        ),
        finds: [`redundant ${path}`],
      },
      {
        name: 'a pod, whose list may come from its ServiceAccount',
        inventory: registry,
        object: `{ kind: Pod, spec: { containers: [${containers(ecr)}], imagePullSecrets: [{ name: registry }] } }`,
        finds: ['redundant /spec/imagePullSecrets'],
      },
      {
        name: 'a ServiceAccount all of whose workloads pull from a cloud',
        object: account,
        inventory: `${registry}\n---\n${runsUnder(ecr)}`,
        finds: ['redundant /imagePullSecrets'],
      },
      {
        name: 'an image that the build fills in',
        inventory: registry,
        object: pulls(ecr, '${REGISTRY}/proxy:2.1.0'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'workloads of a ServiceAccount that are not known',
        object: account,
        inventory: `${registry}\n---\n${runsUnder(ecr)}`,
        unknown: ['StatefulSet'],
        finds: ['unresolved StatefulSet'],
      },
    ],
  },
  *check(input) {
    const { kind, object, namespace, name, params, inventory } = input
    if (kind === 'ServiceAccount') {
      const secrets = pullSecretsOf(object)
      if (secrets.length === 0) return
      const { found, unsure } = workloadsUnder(name, namespace, inventory)
      const views = found.flatMap((workload) => podSpecOf(workload.kind, workload.object) ?? [])
      const users = views.filter(({ spec }) => pullSecretsOf(spec).length === 0)
      const hosts = users.map((view) => cloudHosts(view, params.crossAccountRegistries))
      const [first] = hosts.flatMap((list) => (list === unknown ? [] : (list ?? [])))
      if (first === undefined || hosts.includes(undefined)) return
      if (hosts.includes(unknown)) yield unresolved('value')
      for (const missing of unsure) yield unresolved(missing)
      if (hosts.includes(unknown) || unsure.length > 0) return
      yield {
        reason: 'redundant',
        path: '/imagePullSecrets',
        message: `every workload under ServiceAccount ${brief(name)} pulls from a cloud, as ${brief(first, 48)}`,
        fix: 'remove imagePullSecrets: the credential provider of the nodes pulls',
        values: { account: name === '' ? undefined : name },
      }
      return
    }
    const view = podSpecOf(kind, object)
    const [secret] = view ? pullSecretsOf(view.spec) : []
    if (!view || !secret) return
    const hosts = cloudHosts(view, params.crossAccountRegistries)
    if (hosts === undefined) return
    if (hosts === unknown) {
      yield unresolved('value')
      return
    }
    // The API server gives a pod without a list that of its ServiceAccount.
    const origin = kind === 'Pod' ? ' (or that of its ServiceAccount)' : ''
    yield {
      reason: 'redundant',
      path: `${view.path}/imagePullSecrets`,
      message: `pull secret ${brief(secret.name)}${origin}: nodes pull from ${brief(hosts[0] ?? '', 48)} by themselves`,
      fix: 'remove imagePullSecrets',
      values: { account: accountNameOf(view.spec) },
      related: [{ kind: 'Secret', namespace, name: secret.name }],
    }
  },
})
