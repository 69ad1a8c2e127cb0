import { dataFields } from '../../src/sdk/credentials/data-fields.ts'
import { decodeBase64 } from '../../src/sdk/credentials/decode.ts'
import { registryLogins, tokenHours, type RegistryLogin } from '../../src/sdk/credentials/registry-logins.ts'
import { brief } from '../../src/sdk/names.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const ecr = '111122223333.dkr.ecr.eu-west-1.amazonaws.com'
const pullSecret = (entries: string) =>
  `kind: Secret\ntype: kubernetes.io/dockerconfigjson\nstringData: { .dockerconfigjson: '{"auths":{${entries}}}' }`
const login = (host: string, sample: string) => `"${host}":{"auth":"{{sample.registry.${sample}|base64}}"}`
const path = '/stringData/.dockerconfigjson'

const why =
  'The registry is up and the token is dead: 401, ErrImagePull, back-off; nodes that have the image hide it, but since Kubernetes 1.35 the kubelet asks for valid credentials there too.'
const keyWhy =
  'The key outlives every pod and whoever copied it, stands before the identity of the node in the list that the kubelet tries, and fails all pulls at once when it is rotated.'
const snippet = `# On the nodes, where the kubelet is given it (--image-credential-provider-config); managed nodes of EKS, GKE and
# AKS have it: the node's own identity pulls, and no Secret is needed.
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: ecr-credential-provider
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    matchImages: ["*.dkr.ecr.*.amazonaws.com"]
    defaultCacheDuration: 12h`

export default definePolicy({
  id: 'identity-static-pull-secret',
  summary: 'No pull secret logs in to the registry of a cloud: nodes and ServiceAccounts have an identity for that.',
  signatures: ['image-pull-backoff'],
  since: '0.1.0',
  noAnnotationExemption: true,
  ratchet: 'place',
  sources: [
    'kubernetes/pkg/kubelet/kuberuntime/kuberuntime_image.go',
    'kubernetes/pkg/credentialprovider/config.go',
    'https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/',
    'https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html',
    'https://cloud.google.com/artifact-registry/docs/docker/authentication',
    'https://learn.microsoft.com/azure/container-registry/container-registry-authentication',
  ],
  on: ['Secret'],
  reads: [],
  reasons: {
    'expiring-token': { baseline: 'deny', why, snippet },
    'service-account-key': { baseline: 'deny', why: keyWhy, snippet },
    'static-key': { baseline: 'warn', strict: 'deny', why: keyWhy, snippet },
    refreshed: {
      baseline: 'audit',
      why: 'Whoever refreshes the token hides that it expires: when the refresher stops, every pull fails within hours; the identity of the node needs no refresher.',
      snippet,
    },
  },
  params: {
    allowedWriters: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Users that keep pull secrets fresh, such as `system:serviceaccount:external-secrets:external-secrets`: what they write is only audited.',
    },
  },
  examples: {
    passes: [
      {
        name: 'a registry of no cloud is logged in to by a password',
        object: pullSecret(login('quay.io', 'login')),
      },
      {
        name: 'hosts without a login',
        object: pullSecret(`"${ecr}":{},"team.azurecr.io":{"auth":""},"gcr.io":{"username":"_json_key"}`),
      },
      { name: 'no hosts', object: pullSecret('') },
      {
        name: 'a password that is yet to be filled in',
        object: pullSecret('"gcr.io":{"username":"_json_key","password":"<key.json>"}'),
      },
      {
        name: 'another Secret is of another rule',
        object: `kind: Secret\nstringData: { .dockerconfigjson: '{"auths":{"quay.io":{}}}' }`,
      },
      {
        name: 'ciphertext of SOPS',
        object:
          'kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata: { .dockerconfigjson: "ENC[AES256_GCM,data:c2VjcmV0,iv:aXY=,tag:dGFn,type:str]" }\nsops: { version: 3.9.0 }',
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'a token of ECR, which lives for twelve hours',
        object: pullSecret(login(ecr, 'awsLogin')),
        finds: [`expiring-token ${path}`],
      },
      {
        name: 'the host of ECR with both kinds of addresses, user and password in clear',
        object: pullSecret(
          `"https://111122223333.dkr-ecr.eu-west-1.on.aws/v2/":{"username":"AWS","password":"{{sample.registry.password}}"}`,
        ),
        finds: [`expiring-token ${path}`],
      },
      {
        name: 'a token of Google Cloud, one hour',
        object: pullSecret(login('europe-west1-docker.pkg.dev', 'googleTokenLogin')),
        finds: [`expiring-token ${path}`],
      },
      {
        name: 'a token of Azure, three hours',
        object: pullSecret(login('team.azurecr.io', 'azureTokenLogin')),
        finds: [`expiring-token ${path}`],
      },
      {
        name: 'the key of a Google service account',
        object: pullSecret(login('https://eu.gcr.io', 'googleKeyLogin')),
        finds: [`service-account-key ${path}`],
      },
      {
        name: 'a service principal of Azure',
        object: pullSecret(login('team.azurecr.io', 'azurePrincipalLogin')),
        finds: [`static-key ${path}`],
      },
      {
        name: 'an identity token in the place of a password',
        object: pullSecret('"team.azurecr.io":{"identitytoken":"{{sample.registry.password}}"}'),
        finds: [`static-key ${path}`],
      },
      {
        name: 'several hosts, one finding for each that belongs to a cloud',
        object: pullSecret(
          [login(ecr, 'awsLogin'), login('quay.io', 'login'), login('team.azurecr.io', 'login')].join(),
        ),
        finds: [`expiring-token ${path}`, `static-key ${path}`],
      },
      {
        name: 'the older form of the file',
        object: `kind: Secret\ntype: kubernetes.io/dockercfg\nstringData: { .dockercfg: '{${login(`https://${ecr}`, 'awsLogin')}}' }`,
        finds: ['expiring-token /stringData/.dockercfg'],
      },
      {
        name: 'stringData wins over data',
        object: `kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata: { .dockerconfigjson: eyJhdXRocyI6e319 }\nstringData: { .dockerconfigjson: '{"auths":{${login(ecr, 'awsLogin')}}}' }`,
        frontEnd: 'check',
        finds: [`expiring-token ${path}`],
      },
      {
        name: 'a controller refreshes the token, say the settings',
        object: pullSecret(login(ecr, 'awsLogin')),
        user: 'system:serviceaccount:external-secrets:external-secrets',
        params: { allowedWriters: ['system:serviceaccount:external-secrets:external-secrets'] },
        finds: [`refreshed ${path}`],
      },
      {
        name: 'a password that the build fills in',
        object: pullSecret(`"${ecr}":{"username":"AWS","password":"\${ECR_TOKEN}"}`),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'a file that the build fills in',
        object: 'kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata: { .dockerconfigjson: "${DOCKER_CONFIG}" }',
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ object, name, params, review }) {
    const format = formats.get(object.type)
    if (!format) return
    const field = dataFields('Secret', object).find(({ key }) => key === format.key)
    if (!field) return
    const text = field.encoding === 'base64' ? decodeBase64(field.text) : field.text
    const { logins, unsure } = registryLogins(text ?? '', format.file)
    if (unsure || (text === undefined && isVariable(field.text))) yield unresolved('value')
    const refreshed = params.allowedWriters.includes(review.user?.username ?? '')
    for (const login of logins) {
      yield {
        reason: refreshed ? 'refreshed' : reasons[login.kind],
        path: field.path,
        message: `pull secret ${brief(name)} stores ${described(login)}`,
        fix: `delete it and its imagePullSecrets; let the ${login.registry.cloud} credential provider of the nodes pull`,
      }
    }
  },
})

const formats: ReadonlyMap<unknown, { readonly key: string; readonly file: 'config.json' | '.dockercfg' }> = new Map([
  ['kubernetes.io/dockerconfigjson', { key: '.dockerconfigjson', file: 'config.json' }],
  ['kubernetes.io/dockercfg', { key: '.dockercfg', file: '.dockercfg' }],
])

const reasons = {
  token: 'expiring-token',
  'key-file': 'service-account-key',
  'cloud-key': 'static-key',
  password: 'static-key',
} as const

function described({ kind, host, registry }: RegistryLogin): string {
  const place = `for ${brief(host, 48)}`
  if (kind === 'token') return `a token ${place} that expires after ${tokenHours[registry.cloud]} h`
  return kind === 'key-file' ? `the key of a Google service account ${place}` : `a long-lived key ${place}`
}
