import { matchesImages } from '../../src/sdk/image-patterns.ts'
import { unknown, type Unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, mostRelated, unresolved } from '../../src/sdk/policy.ts'
import { witnessKinds } from '../../src/sdk/relations.ts'
import { accountOf, annotationOf, workloadsUnder } from '../../src/sdk/service-accounts.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const key = 'eks.amazonaws.com/ecr-role-arn'
const configured = { requiredServiceAccountAnnotationKeys: [key], matchImages: ['*.dkr.ecr.*.amazonaws.com'] }
const account = (annotations: string) =>
  `{ kind: ServiceAccount, metadata: { name: app, annotations: { ${annotations} } } }`
const annotated = account(`${key}: "arn:aws:iam::111122223333:role/pull"`)
const deployment = (image = '111122223333.dkr.ecr.eu-central-1.amazonaws.com/web:1.4.2') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { serviceAccountName: app, containers: [{ name: web, image: "${image}", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }] } } } }`
const place = '/spec/template/spec/serviceAccountName'

export default definePolicy({
  id: 'identity-pull-sa-annotation-missing',
  summary: 'A ServiceAccount has the annotations without which the credential provider of the kubelet is not called.',
  signatures: ['image-pull-backoff'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes/staging/src/k8s.io/kubelet/config/v1/types.go (ServiceAccountTokenAttributes)',
    'https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/',
  ],
  on: ['ServiceAccount', ...podKinds],
  reads: ['ServiceAccount', ...witnessKinds],
  reasons: {
    'key-missing': {
      baseline: 'deny',
      why: 'The kubelet does not call the provider and reports an error instead, so no image of that registry is ever pulled for the pod.',
      snippet: yaml`apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
  annotations:
    eks.amazonaws.com/ecr-role-arn: arn:aws:iam::111122223333:role/pull`,
    },
  },
  params: {
    requiredServiceAccountAnnotationKeys: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'requiredServiceAccountAnnotationKeys of the CredentialProviderConfig of the nodes; none switches the rule off.',
    },
    matchImages: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'matchImages of the same provider.',
    },
  },
  examples: {
    passes: [
      { name: 'no provider is configured', object: deployment(), inventory: account('') },
      { name: 'the account has the key', object: deployment(), inventory: annotated, params: configured },
      {
        name: 'images of another registry',
        object: deployment('registry.example.com/web:1.4.2'),
        inventory: account(''),
        params: configured,
      },
      { name: 'an account that nobody uses', object: account(''), params: configured },
    ],
    fails: [
      {
        name: 'the account lacks the key',
        object: deployment(),
        inventory: account(''),
        params: configured,
        finds: [`key-missing ${place}`],
      },
      {
        name: 'seen from the account',
        object: account('team: web'),
        inventory: deployment(),
        params: configured,
        finds: ['key-missing /metadata/annotations/eks.amazonaws.com~1ecr-role-arn'],
      },
      {
        name: 'a path of a registry, for images without one',
        object: deployment('nginx:1.27.3'),
        inventory: account(''),
        params: { ...configured, matchImages: ['docker.io/library'] },
        finds: [`key-missing ${place}`],
      },
      {
        name: 'a registry that is filled in later',
        object: deployment('${REGISTRY}/web:1.4.2'),
        inventory: account(''),
        params: configured,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'files that do not hold the account',
        object: deployment(),
        params: configured,
        frontEnd: 'check',
        finds: ['unresolved ServiceAccount'],
      },
    ],
  },
  *check({ kind, object, namespace, name, params, inventory }) {
    const { requiredServiceAccountAnnotationKeys: keys, matchImages } = params
    if (keys.length === 0) return
    if (kind === 'ServiceAccount') {
      const missing = keys.filter((each) => annotationOf(object, each) === undefined)
      if (missing.length === 0) return
      const { found, unsure } = workloadsUnder(name, namespace, inventory)
      const pulling = found.filter((workload) => pulls(workload.kind, workload.object, matchImages) === true)
      const [first] = pulling
      for (const each of first ? missing : [])
        yield {
          reason: 'key-missing',
          path: pointer('metadata', 'annotations', each),
          message: `ServiceAccount ${brief(name)} lacks ${brief(each, 64)}; ${pulling.length} workload${pulling.length > 1 ? 's' : ''} pull with it`,
          fix: 'add the annotation',
          values: { account: name === '' ? undefined : name },
          related: pulling
            .slice(0, mostRelated)
            .map((workload) => ({ kind: workload.kind, namespace, name: nameOf(workload.object) })),
        }
      for (const lacking of unsure) yield unresolved(lacking)
      return
    }
    const pulling = pulls(kind, object, matchImages)
    if (pulling === unknown) yield unresolved('value')
    const view = podSpecOf(kind, object)
    if (pulling !== true || !view) return
    const answer = accountOf(view.spec, namespace, inventory)
    if (answer.state === 'unresolved') yield unresolved(answer.missing)
    if (answer.state !== 'known') return
    for (const each of keys)
      if (annotationOf(answer.account, each) === undefined)
        yield {
          reason: 'key-missing',
          path: `${view.path}/serviceAccountName`,
          message: `${kind} ${brief(name)} pulls with ServiceAccount ${brief(answer.name)}, which lacks ${brief(each, 64)}`,
          fix: 'add the annotation to the account',
          related: [{ kind: 'ServiceAccount', namespace, name: answer.name }],
          values: { account: answer.name },
        }
  },
})

/** True if the provider is asked for an image of the pods. */
function pulls(kind: string, object: unknown, patterns: readonly string[]): boolean | Unknown {
  const view = podSpecOf(kind, object)
  const answers = view ? containersOf(view).map(({ container }) => matchesImages(patterns, container.image)) : []
  return answers.includes(true) || (answers.includes(unknown) ? unknown : false)
}
