import { credentialRefsOf, tokenVariableOf, type RoleCloud } from '../../src/sdk/credentials/references.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { containersOf, podSpecOf, type ContainerView } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { type AccountAnswer, accountOf, ownAccountOf, roleOf } from '../../src/sdk/service-accounts.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const deployment = (fields: string, more = '') =>
  `{ kind: Deployment, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", ${resources}, ${fields} }]${more} } } } }`
const fromSecret = (name: string) => `{ name: ${name}, valueFrom: { secretKeyRef: { name: store, key: secret } } }`
const keys = `${fromSecret('AWS_ACCESS_KEY_ID')}, ${fromSecret('AWS_SECRET_ACCESS_KEY')}`
const fileUnder = (volume: string) => ({
  container: `env: [{ name: GOOGLE_APPLICATION_CREDENTIALS, value: /var/run/gcp/key.json }], volumeMounts: [{ name: gcp, mountPath: /var/run/gcp }]`,
  pod: `, volumes: [{ name: gcp, ${volume} }]`,
})
const mounted = fileUnder('secret: { secretName: gcp }')
const mountedFile = deployment(mounted.container, mounted.pod)
const serviceAccount = (annotation: string) =>
  `{ kind: ServiceAccount, metadata: { name: app, annotations: { ${annotation} } } }`
const container = '/spec/template/spec/containers/0'

const snippet = yaml`# In the pod (template): no variable with a key, and the ServiceAccount that is mapped to a role
spec:
  serviceAccountName: ${{ account: 'app' }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/app`

export default definePolicy({
  id: 'identity-static-credential-ref',
  summary: 'No container is handed a static credential of a cloud from a Secret or a ConfigMap.',
  signatures: ['crash-loop', 'image-pull-backoff'],
  since: '0.1.0',
  ownedPods: true,
  sources: [
    'https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html',
    'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html',
    'https://learn.microsoft.com/dotnet/azure/sdk/authentication/credential-chains',
    'https://cloud.google.com/docs/authentication/application-default-credentials',
  ],
  on: podKinds,
  reads: ['ServiceAccount', 'Secret'],
  reasons: {
    ref: {
      baseline: 'warn',
      strict: 'deny',
      why: 'The key behind the reference outlives the pod; the process reads it once at its start, so that after a rotation every running pod fails until somebody restarts it.',
      snippet,
    },
    'shadows-role': {
      baseline: 'warn',
      strict: 'deny',
      why: 'The chain of the SDK stops at the key: the role of the ServiceAccount is never used, and the day the key is rotated the pods fail although their role is sound.',
      snippet,
    },
  },
  examples: {
    passes: [
      {
        name: 'the role of the ServiceAccount',
        object: deployment('ports: []', ', serviceAccountName: app'),
        inventory: serviceAccount('eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app"'),
      },
      {
        name: 'a password of a database',
        object: deployment(`env: [${fromSecret('DATABASE_PASSWORD')}]`),
      },
      {
        name: 'the keys of a store that is not Amazon, with its endpoint',
        object: deployment(`env: [${keys}, { name: AWS_ENDPOINT_URL, value: "http://minio:9000" }]`),
      },
      {
        name: 'an endpoint among the arguments',
        object: deployment(`env: [${keys}], args: [s3, ls, "--endpoint-url=http://minio:9000"]`),
      },
      {
        name: 'workload identity federation, from a ConfigMap and a projected token',
        object: deployment(
          fileUnder('').container,
          fileUnder(
            'projected: { sources: [{ serviceAccountToken: { path: token, audience: gcp } }, { configMap: { name: gcp } }] }',
          ).pod,
        ),
      },
      {
        name: 'a Secret that holds nothing but federation',
        object: mountedFile,
        inventory: `{ kind: Secret, metadata: { name: gcp }, stringData: { key.json: '{{sample.google.federation}}' } }`,
        frontEnd: 'check',
      },
      {
        name: 'a Secret without a key of a cloud, as a whole',
        object: deployment('envFrom: [{ secretRef: { name: store } }]'),
        inventory: `{ kind: Secret, metadata: { name: store }, stringData: { DATABASE_PASSWORD: correct-horse } }`,
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'the keys of AWS from a Secret',
        object: deployment(`env: [{ name: LOG_LEVEL, value: info }, ${keys}]`),
        finds: [`ref ${container}/env/1/valueFrom`],
      },
      {
        name: 'a key from a ConfigMap, one of each cloud',
        object: deployment(
          `env: [${fromSecret('AZURE_STORAGE_KEY')}, { name: AWS_ACCESS_KEY_ID, valueFrom: { configMapKeyRef: { name: store, key: id } } }, ${fromSecret('GOOGLE_CREDENTIALS')}]`,
        ),
        finds: [
          `ref ${container}/env/0/valueFrom`,
          `ref ${container}/env/1/valueFrom`,
          `ref ${container}/env/2/valueFrom`,
        ],
      },
      {
        name: 'an endpoint of Amazon changes nothing',
        object: deployment(
          `env: [${keys}, { name: AWS_ENDPOINT_URL_S3, value: "https://s3.eu-west-1.amazonaws.com" }]`,
        ),
        finds: [`ref ${container}/env/0/valueFrom`],
      },
      {
        name: 'a file in the volume of a Secret',
        object: mountedFile,
        finds: [`ref ${container}/env/0/value`],
      },
      {
        name: 'all keys of a Secret, among them those of AWS',
        object: deployment('envFrom: [{ secretRef: { name: store }, prefix: AWS_ }]'),
        inventory: `{ kind: Secret, metadata: { name: store }, stringData: { ACCESS_KEY_ID: x, SECRET_ACCESS_KEY: x } }`,
        frontEnd: 'check',
        finds: [`ref ${container}/envFrom/0/secretRef`],
      },
      {
        name: 'all keys of a Secret that nobody can read',
        object: deployment('envFrom: [{ secretRef: { name: store } }]'),
        unknown: ['Secret'],
        finds: ['unresolved Secret'],
      },
      {
        name: 'the identity webhook has injected a token, and the keys win',
        object: `{ kind: Pod, spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", ${resources}, env: [${keys}, { name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token }] }] } }`,
        finds: ['shadows-role /spec/containers/0/env/0/valueFrom'],
      },
      {
        name: 'the ServiceAccount is mapped to a role of AWS',
        object: deployment(`env: [${keys}]`, ', serviceAccountName: app'),
        inventory: serviceAccount('eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app"'),
        finds: [`shadows-role ${container}/env/0/valueFrom`],
      },
      {
        name: 'the ServiceAccount is mapped to a Google service account',
        object: deployment(mounted.container, `${mounted.pod}, serviceAccountName: app`),
        inventory: serviceAccount('iam.gke.io/gcp-service-account: app@my-project.iam.gserviceaccount.com'),
        finds: [`shadows-role ${container}/env/0/value`],
      },
      {
        name: 'the role is that of another cloud',
        object: deployment(`env: [${fromSecret('AZURE_CLIENT_SECRET')}]`, ', serviceAccountName: app'),
        inventory: serviceAccount('eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app"'),
        finds: [`ref ${container}/env/0/valueFrom`],
      },
      {
        name: 'a role that is filled in later, perhaps with nothing',
        object: deployment(`env: [${fromSecret('AZURE_CLIENT_SECRET')}]`, ', serviceAccountName: app'),
        inventory: serviceAccount('azure.workload.identity/client-id: "${CLIENT}"'),
        frontEnd: 'check',
        finds: [`ref ${container}/env/0/valueFrom`],
      },
      {
        name: 'the shared file of AWS comes after the role',
        object: deployment(
          `env: [{ name: AWS_SHARED_CREDENTIALS_FILE, value: /aws/credentials }, { name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /t }], volumeMounts: [{ name: aws, mountPath: /aws }]`,
          ', volumes: [{ name: aws, secret: { secretName: aws } }]',
        ),
        finds: [`ref ${container}/env/0/value`],
      },
    ],
  },
  *check({ kind, object, namespace, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    let unsure = false
    const account = () => accountOf(view.spec, namespace, inventory)
    for (const container of containersOf(view)) {
      const refs = credentialRefsOf(container, view.spec, namespace, inventory)
      unsure ||= refs.unsure
      for (const cloud of clouds) {
        const found = refs.found.filter((ref) => ref.cloud === cloud)
        const ref = found.find(({ winning }) => winning) ?? found[0]
        if (!ref) continue
        const role = ref.winning ? roleBeside(container, cloud, account) : undefined
        const what = `container ${brief(container.name, 24)} reads ${brief(ref.variable)}`
        yield {
          reason: role === undefined ? 'ref' : 'shadows-role',
          path: ref.path,
          message: `${what} ${role === undefined ? `from ${ref.source.kind} ${brief(ref.source.name)}` : `although ${role}`}`,
          fix: role === undefined ? fix : 'remove the variable: the SDK then takes the role',
          related: [{ kind: ref.source.kind, namespace, name: ref.source.name }],
          values: { account: ownAccountOf(view.spec) },
        }
      }
    }
    if (unsure) yield unresolved('Secret')
  },
})

/** What hands the container a role of this cloud, in words. */
function roleBeside(container: ContainerView, cloud: RoleCloud, account: () => AccountAnswer): string | undefined {
  const variable = tokenVariableOf(container, cloud)
  if (variable !== undefined) return `${variable} hands it a role`
  const answer = account()
  if (answer.state !== 'known') return undefined
  const role = roleOf(answer.account, roleClouds[cloud])
  if (role === undefined || isVariable(role)) return undefined
  return `ServiceAccount ${brief(answer.name, 24)} maps to ${brief(role, 24)}`
}

const fix = 'drop it; map a role to the ServiceAccount of the pod and delete the key'
const clouds = ['AWS', 'Azure', 'Google Cloud'] as const
const roleClouds = { AWS: 'eks', Azure: 'azure', 'Google Cloud': 'gke' } as const
