import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { annotationFault, meantKey, shown } from '../../src/sdk/role-annotations.ts'
import { accountNameOf, roleKeys } from '../../src/sdk/service-accounts.ts'
import { memberOf, recordOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const why =
  'What stands here is injected into the pods unchecked; the cloud refuses it when the pod asks for its role, so the process exits and the pod goes into CrashLoopBackOff.'
const snippet = (annotation: string, value: string) => yaml`metadata:
  annotations:
    ${{ annotation }}: ${value}`
const account = (annotations: string) => `{ kind: ServiceAccount, metadata: { annotations: { ${annotations} } } }`
const role = (value: string) => account(`eks.amazonaws.com/role-arn: ${value}`)
const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const deployment = (template: string, metadata = 'name: web') =>
  `{ kind: Deployment, metadata: { ${metadata} }, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web }${template} }, spec: { containers: [${container}] } } } }`
const arn = 'arn:aws:iam::111122223333:role/app'
const roleArnPath = '/metadata/annotations/eks.amazonaws.com~1role-arn'

export default definePolicy({
  id: 'identity-role-annotation-malformed',
  summary:
    'The annotations that map a ServiceAccount to a role of a cloud are well formed, and stand on the ServiceAccount.',
  signatures: ['crash-loop', 'image-pull-backoff'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/pkg/cache/cache.go',
    'https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html',
    'https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity',
  ],
  on: ['ServiceAccount', ...podKinds],
  reads: [],
  reasons: {
    arn: { baseline: 'deny', why, snippet: snippet('eks.amazonaws.com/role-arn', `${arn} # an example: write yours`) },
    guid: {
      baseline: 'deny',
      why,
      snippet: snippet(
        'azure.workload.identity/client-id',
        '11111111-2222-3333-4444-555555555555 # an example: write yours',
      ),
    },
    email: {
      baseline: 'deny',
      why,
      snippet: snippet(
        'iam.gke.io/gcp-service-account',
        'app-role@my-project.iam.gserviceaccount.com # an example: write yours',
      ),
    },
    expiry: {
      baseline: 'warn',
      why: 'A lifetime that cannot be used is replaced or refused without a word here, and one beyond a day leaves a stolen token good for as long.',
      snippet: snippet('eks.amazonaws.com/token-expiration', '"3600"'),
    },
    audience: {
      baseline: 'warn',
      why: 'The token is made out to this audience, and the cloud takes tokens for its own name only.',
      snippet: snippet('eks.amazonaws.com/audience', 'sts.amazonaws.com'),
    },
    'regional-endpoints': {
      baseline: 'warn',
      why: 'A value that is neither true nor false is ignored, so the pods ask the endpoint that was not meant, in another region.',
      snippet: snippet('eks.amazonaws.com/sts-regional-endpoints', '"true"'),
    },
    'near-miss-key': {
      baseline: 'warn',
      why: 'Nothing reads a key that is spelt otherwise, so no role is mapped and the pods run with the identity of their node.',
    },
    misplaced: {
      baseline: 'warn',
      why: 'The mapping is read from the ServiceAccount only; on a workload it does nothing, and the pods run with the identity of their node.',
      snippet: yaml`apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
  annotations:
    eks.amazonaws.com/role-arn: ${arn}`,
    },
  },
  params: {
    composeRoleArn: {
      type: 'boolean',
      default: false,
      description: 'The identity webhook of EKS runs with --compose-role-arn: a bare role name is enough.',
    },
  },
  examples: {
    passes: [
      { name: 'a role of AWS', object: role(arn) },
      {
        name: 'a role with a path, in another partition',
        object: role('arn:aws-us-gov:iam::111122223333:role/path/x'),
      },
      { name: 'a chart that leaves the role empty maps nothing', object: role('""') },
      {
        name: 'a bare role name where the webhook completes it',
        object: role('app'),
        params: { composeRoleArn: true },
      },
      {
        name: 'all that Azure reads',
        object: account(
          'azure.workload.identity/client-id: 11111111-2222-3333-4444-55555555555A, azure.workload.identity/tenant-id: 11111111-2222-3333-4444-555555555555, azure.workload.identity/service-account-token-expiration: "7200"',
        ),
      },
      {
        name: 'a service account of Google Cloud',
        object: account('iam.gke.io/gcp-service-account: app-role@my-project.iam.gserviceaccount.com'),
      },
      {
        name: 'one of a project that belongs to a domain',
        object: account('iam.gke.io/gcp-service-account: app-role@my-project.example.com.iam.gserviceaccount.com'),
      },
      {
        name: 'the service account that Google Cloud makes for its nodes',
        object: account('iam.gke.io/gcp-service-account: 123456789012-compute@developer.gserviceaccount.com'),
      },
      {
        name: 'other keys of the same domains',
        object: account(
          'iam.gke.io/return-principal-id-as-email: "true", eks.amazonaws.com/sts-regional-endpoints: "true"',
        ),
      },
      {
        name: 'what belongs on pods',
        object: deployment(', annotations: { eks.amazonaws.com/skip-containers: web }'),
      },
    ],
    fails: [
      { name: 'a line break at the end', object: role(`"${arn}\\n"`), finds: [`arn ${roleArnPath}`] },
      { name: 'quotes inside the value', object: role(`'"${arn}"'`), finds: [`arn ${roleArnPath}`] },
      { name: 'a user', object: role('"arn:aws:iam::111122223333:user/app"'), finds: [`arn ${roleArnPath}`] },
      {
        name: 'an instance profile',
        object: role('"arn:aws:iam::111122223333:instance-profile/app"'),
        finds: [`arn ${roleArnPath}`],
      },
      {
        name: 'a session',
        object: role('"arn:aws:sts::111122223333:assumed-role/app/session"'),
        finds: [`arn ${roleArnPath}`],
      },
      {
        name: 'a policy',
        object: role('"arn:aws:iam::111122223333:policy/app"'),
        finds: [`arn ${roleArnPath}`],
      },
      { name: 'no account id', object: role('"arn:aws:iam:::role/app"'), finds: [`arn ${roleArnPath}`] },
      { name: 'a bare role name', object: role('app'), finds: [`arn ${roleArnPath}`] },
      {
        name: 'the role with which images are pulled',
        object: account('eks.amazonaws.com/ecr-role-arn: "arn:aws:iam::1111:role/pull"'),
        finds: ['arn /metadata/annotations/eks.amazonaws.com~1ecr-role-arn'],
      },
      {
        name: 'a client id without its last digit',
        object: account('azure.workload.identity/client-id: 11111111-2222-3333-4444-55555555555'),
        finds: ['guid /metadata/annotations/azure.workload.identity~1client-id'],
      },
      {
        name: 'an empty tenant replaces that of the cluster',
        object: account('azure.workload.identity/tenant-id: ""'),
        finds: ['guid /metadata/annotations/azure.workload.identity~1tenant-id'],
      },
      {
        name: 'the identity with which images are pulled, by its name',
        object: account('kubernetes.azure.com/acr-client-id: pull'),
        finds: ['guid /metadata/annotations/kubernetes.azure.com~1acr-client-id'],
      },
      {
        name: 'the name of a service account without its project',
        object: account('iam.gke.io/gcp-service-account: app-role'),
        finds: ['email /metadata/annotations/iam.gke.io~1gcp-service-account'],
      },
      {
        name: 'a lifetime with a unit',
        object: account('eks.amazonaws.com/token-expiration: 1h'),
        finds: ['expiry /metadata/annotations/eks.amazonaws.com~1token-expiration'],
      },
      {
        name: 'a lifetime below what Azure takes',
        object: account('azure.workload.identity/service-account-token-expiration: "600"'),
        finds: ['expiry /metadata/annotations/azure.workload.identity~1service-account-token-expiration'],
      },
      {
        name: 'two audiences',
        object: account('eks.amazonaws.com/audience: "sts.amazonaws.com other"'),
        finds: ['audience /metadata/annotations/eks.amazonaws.com~1audience'],
      },
      {
        name: 'an answer that is none',
        object: account('eks.amazonaws.com/sts-regional-endpoints: regional'),
        finds: ['regional-endpoints /metadata/annotations/eks.amazonaws.com~1sts-regional-endpoints'],
      },
      ...[
        ['eks.amazonaws.com', 'rolearn'],
        ['eks.amazonaws.com', 'role_arn'],
        ['iam.gke.io', 'gcp-serviceaccount'],
        ['azure.workload.identity', 'clientId'],
      ].map(([domain = '', name = '']) => ({
        name: `the key ${name}`,
        object: account(`${domain}/${name}: app`),
        finds: [`near-miss-key /metadata/annotations/${domain}~1${name}`],
      })),
      {
        name: 'the role on the pod template',
        object: deployment(`, annotations: { eks.amazonaws.com/role-arn: "${arn}" }`),
        finds: ['misplaced /spec/template/metadata/annotations/eks.amazonaws.com~1role-arn'],
      },
      {
        name: 'the role on the Deployment',
        object: deployment(
          '',
          'name: web, annotations: { iam.gke.io/gcp-service-account: app-role@my-project.iam.gserviceaccount.com }',
        ),
        finds: ['misplaced /metadata/annotations/iam.gke.io~1gcp-service-account'],
      },
      {
        name: 'the role on a Pod',
        object: `{ kind: Pod, metadata: { name: web, annotations: { azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555 } }, spec: { containers: [${container}] } }`,
        finds: ['misplaced /metadata/annotations/azure.workload.identity~1client-id'],
      },
      {
        name: 'a role that is filled in later',
        object: role('"arn:aws:iam::${ACCOUNT}:role/app"'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, name, params }) {
    if (kind === 'ServiceAccount') {
      const annotations = recordOf(object.metadata?.annotations) ?? {}
      for (const [key, value] of Object.entries(annotations)) {
        if (typeof value !== 'string') continue
        const path = pointer('metadata', 'annotations', key)
        const fault = annotationFault(key, value, params)
        const meant = meantKey(key)
        if (fault && isVariable(value)) yield unresolved('value')
        else if (fault)
          yield {
            reason: fault.reason,
            path,
            message: `ServiceAccount ${brief(name, 24)}: ${shown(key, value)} ${fault.says}`,
            fix: fault.fix,
            values: { annotation: key },
          }
        else if (meant !== undefined && memberOf(annotations, meant) === undefined)
          yield {
            reason: 'near-miss-key',
            path,
            message: `ServiceAccount ${brief(name)}: nothing reads ${brief(key, 64)}`,
            fix: `write ${meant}`,
          }
      }
      return
    }
    const view = podSpecOf(kind, object)
    if (!view) return
    const account = accountNameOf(view.spec)
    const target = account === undefined ? 'the ServiceAccount' : `ServiceAccount ${brief(account)}`
    const places = [
      { path: view.metadataPath, annotations: view.metadata.annotations },
      ...(kind === 'Pod' ? [] : [{ path: '/metadata', annotations: object.metadata?.annotations }]),
    ]
    for (const { path, annotations } of places)
      for (const key of misplaceable)
        if (memberOf(annotations, key) !== undefined)
          yield {
            reason: 'misplaced',
            path: path + pointer('annotations', key),
            message: `${key} on ${kind} ${brief(name)} does nothing`,
            fix: `move it to metadata.annotations of ${target}`,
            values: { account },
          }
  },
})

const misplaceable = Object.values(roleKeys)
