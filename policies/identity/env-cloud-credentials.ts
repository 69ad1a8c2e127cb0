import {
  annotationFields,
  containerFields,
  placeInContainer,
  placeOfAnnotation,
} from '../../src/sdk/credentials/container-fields.ts'
import { mayAnnotateCredentials, mayHoldCredentials } from '../../src/sdk/credentials/container-gate.ts'
import { detectCredentials } from '../../src/sdk/credentials/detect.ts'
import { credentialParams, credentialReasons, credentialViolation } from '../../src/sdk/credentials/report.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy } from '../../src/sdk/policy.ts'
import { ownAccountOf } from '../../src/sdk/service-accounts.ts'

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const container = (fields: string) => `{ name: web, image: "registry.example.com/web:1.4.2", ${resources}, ${fields} }`
const deployment = (fields: string, more = '', annotations = '') =>
  `{ kind: Deployment, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web }${annotations} }, spec: { containers: [${container(fields)}]${more} } } } }`
const pod = (more: string) => `{ kind: Pod, spec: { containers: [${container('ports: []')}]${more} } }`
const keyId = `{ name: AWS_ACCESS_KEY_ID, value: "{{sample.aws.keyId}}" }`
const secretKey = `{ name: AWS_SECRET_ACCESS_KEY, value: "{{sample.aws.secretKey}}" }`
const minio = `{ name: AWS_ACCESS_KEY_ID, value: minioadmin }, { name: AWS_SECRET_ACCESS_KEY, value: minioadmin }`
const env = '/spec/template/spec/containers/0/env'

export default definePolicy({
  id: 'identity-env-cloud-credentials',
  summary:
    'No container is told a credential of a cloud in its variables, command or arguments, nor a pod in its annotations.',
  signatures: ['image-pull-backoff', 'crash-loop'],
  since: '0.1.0',
  readsMetadata: true,
  ownedPods: true,
  noAnnotationExemption: true,
  ratchet: 'place',
  sources: [
    'https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html',
    'https://cloud.google.com/docs/authentication/application-default-credentials',
    'https://github.com/microsoft/security-utilities',
  ],
  on: [...podKinds, { kind: 'Pod', subresource: 'ephemeralcontainers', operations: ['UPDATE'] }],
  reads: [],
  reasons: credentialReasons(
    "Whoever may view a pod reads its variables, and so do its logs and crash reports; the SDK takes them before the pod's role; and on rotation every pod needs a rollout, or fails.",
  ),
  params: credentialParams,
  examples: {
    passes: [
      {
        name: 'the role of the ServiceAccount, as the identity webhook injects it',
        object: deployment(
          `env: [{ name: AWS_ROLE_ARN, value: "arn:aws:iam::111122223333:role/app" }, { name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token }]`,
        ),
      },
      {
        name: 'a reference to a Secret is no value',
        object: deployment(
          `env: [{ name: STORE_SECRET, valueFrom: { secretKeyRef: { name: store, key: secret } } }, { name: AWS_ACCESS_KEY_ID, value: $(KEY_ID) }]`,
        ),
      },
      {
        name: 'MinIO is given the names of AWS, and its endpoint',
        object: deployment(`env: [${minio}, { name: AWS_ENDPOINT_URL, value: "http://minio:9000" }]`),
      },
      {
        name: 'an endpoint among the arguments',
        object: deployment(`env: [${minio}], args: [s3, ls, --endpoint-url, "http://minio:9000"]`),
      },
      {
        name: 'the file that workload identity reads',
        object: deployment(`env: [{ name: GOOGLE_APPLICATION_CREDENTIALS, value: /var/run/secrets/gcp/config.json }]`),
      },
    ],
    fails: [
      {
        name: 'a key of AWS in the variables',
        object: deployment(`env: [{ name: LOG_LEVEL, value: info }, ${keyId}, ${secretKey}]`),
        finds: [`value ${env}/1/value`, `value ${env}/2/value`],
      },
      {
        name: 'the half that is not in a Secret',
        object: deployment(
          `env: [${keyId}, { name: AWS_SECRET_ACCESS_KEY, valueFrom: { secretKeyRef: { name: store, key: secret } } }]`,
        ),
        alongside: ['identity-static-credential-ref'],
        finds: [`value ${env}/0/value`],
      },
      {
        name: 'a service principal of Azure, whatever its secret looks like',
        object: deployment(
          `env: [{ name: AZURE_CLIENT_ID, value: "{{sample.azure.clientId}}" }, { name: AZURE_TENANT_ID, value: "{{sample.azure.tenantId}}" }, { name: AZURE_CLIENT_SECRET, value: "{{sample.azure.shapelessClientSecret}}" }]`,
        ),
        finds: [`value ${env}/2/value`],
      },
      {
        name: 'an argument',
        object: deployment(`args: [--bucket=logs, "--storage-key={{sample.azure.storageKey}}"]`),
        finds: ['value /spec/template/spec/containers/0/args/1'],
      },
      {
        name: 'a script in the command of an init container',
        object: deployment(
          'ports: []',
          `, initContainers: [{ name: fetch, image: "registry.example.com/fetch:1.4.2", ${resources}, command: [sh, -c, "AWS_ACCESS_KEY_ID={{sample.aws.keyId}} AWS_SECRET_ACCESS_KEY={{sample.aws.secretKey}} fetch"] }]`,
        ),
        finds: ['value /spec/template/spec/initContainers/0/command/2'],
      },
      {
        name: 'an annotation of the template',
        object: deployment(
          'ports: []',
          '',
          `, annotations: { example.com/config: '{{sample.google.serviceAccountKey}}' }`,
        ),
        finds: ['value /spec/template/metadata/annotations/example.com~1config'],
      },
      {
        name: 'a container put into a running pod',
        object: pod(
          `, ephemeralContainers: [{ name: debug, image: "registry.example.com/aws-cli:2.0.1", env: [${keyId}, ${secretKey}] }]`,
        ),
        oldObject: pod(''),
        subresource: 'ephemeralcontainers',
        finds: ['value /spec/ephemeralContainers/0/env/0/value', 'value /spec/ephemeralContainers/0/env/1/value'],
      },
      {
        name: 'a token that expires while the pod runs',
        object: deployment(`env: [{ name: TOKEN, value: "{{sample.google.accessToken}}" }]`),
        finds: [`possible ${env}/0/value`],
      },
      {
        name: 'telling names over values that nothing recognises',
        object: deployment(`env: [${minio}]`),
        finds: [`name ${env}/0/value`, `name ${env}/1/value`],
      },
    ],
  },
  *check({ kind, object, params }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    // Each container has an environment of its own; halves of a pair lie together.
    const account = ownAccountOf(view.spec)
    const custom = params.extraDetectors.length > 0 || params.otherClouds
    for (const container of containersOf(view)) {
      if (!custom && !mayHoldCredentials(container)) continue
      const fields = containerFields(container)
      const hits = detectCredentials(fields, params)
      const keys = new Map(hits.length === 0 ? [] : fields.map(({ path, key }) => [path, key]))
      for (const hit of hits) {
        const key = keys.get(hit.path) ?? ''
        yield credentialViolation(hit, placeInContainer(container, { path: hit.path, key }), account)
      }
    }
    if (!custom && !mayAnnotateCredentials(view)) return
    for (const hit of detectCredentials(annotationFields(view), params))
      yield credentialViolation(hit, placeOfAnnotation(hit), account)
  },
})
