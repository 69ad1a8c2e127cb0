import { credentialsInData, dataKeys } from '../../src/sdk/credentials/data-fields.ts'
import { credentialParams, credentialReasons, credentialViolation } from '../../src/sdk/credentials/report.ts'
import { definePolicy } from '../../src/sdk/policy.ts'

const secret = (data: string, more = '') => `kind: Secret\nstringData:\n  ${data.replaceAll('\n', '\n  ')}${more}`
const kubeconfig = (user: string) =>
  `  kind: Config\n  clusters:\n  - { name: a, cluster: { server: 'https://10.0.0.1:6443' } }\n  users:\n  - name: a\n    user:\n      ${user}`
const driver = 'system:serviceaccount:kube-system:csi-azurefile-controller-sa'
const azureFile = `kind: Secret
metadata: { name: azure-storage-account-fa1b2c3d-secret }
data:
  azurestorageaccountname: ZmExYjJjM2Q=
  azurestorageaccountkey: "{{sample.azure.storageKey|base64}}"`

export default definePolicy({
  id: 'identity-secret-cloud-credentials',
  summary: 'No Secret holds a static credential of a cloud.',
  signatures: ['image-pull-backoff', 'crash-loop'],
  since: '0.1.0',
  noAnnotationExemption: true,
  ratchet: 'place',
  sources: [
    'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html',
    'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html',
    'https://cloud.google.com/docs/authentication/application-default-credentials',
    'https://github.com/microsoft/security-utilities',
    'https://github.com/kubernetes-sigs/azurefile-csi-driver/blob/master/pkg/azurefile/azurefile.go',
  ],
  on: ['Secret'],
  reads: [],
  reasons: credentialReasons(
    "Static keys outlive the pods, lie in etcd and its backups, win over the pod's role in the chain of the SDK, and fail all at once when they are rotated or expire.",
  ),
  params: {
    ...credentialParams,
    allowedWriters: {
      type: 'array',
      items: { type: 'string' },
      default: [driver, 'system:serviceaccount:kube-system:csi-azurefile-node-sa'],
      description:
        'Users that may write the Secrets of the Azure Files driver, which keep the key of a storage account.',
    },
  },
  examples: {
    passes: [
      {
        name: 'a password of a database is no cloud credential',
        object: secret('DATABASE_PASSWORD: correct-horse-battery-staple'),
      },
      {
        name: 'a role to assume is no key',
        object: secret(
          'credentials: |\n  [default]\n  role_arn = arn:aws:iam::111122223333:role/app\n  web_identity_token_file = /var/run/secrets/eks.amazonaws.com/serviceaccount/token',
        ),
      },
      {
        name: 'workload identity federation of Google Cloud',
        object: secret(`gcp-credentials: '{{sample.google.federation}}'`),
      },
      {
        name: 'the documented example key',
        object: secret('AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY: <your secret key>'),
      },
      {
        name: 'MinIO is given the names of AWS',
        object: secret(
          'AWS_ACCESS_KEY_ID: minioadmin\nAWS_SECRET_ACCESS_KEY: minioadmin\nAWS_ENDPOINT_URL: http://minio:9000',
        ),
      },
      {
        name: 'ciphertext of SOPS',
        object:
          'kind: Secret\ndata: { AWS_SECRET_ACCESS_KEY: "ENC[AES256_GCM,data:c2VjcmV0,iv:aXY=,tag:dGFn,type:str]" }\nsops: { version: 3.9.0 }',
        frontEnd: 'check',
      },
      {
        name: 'a variable that is yet to be filled in',
        object: 'kind: Secret\ndata: { AWS_SECRET_ACCESS_KEY: "${AWS_SECRET}" }',
        frontEnd: 'check',
      },
      {
        name: 'the release of Helm is checked by the objects that it applies',
        object: `kind: Secret\ntype: helm.sh/release.v1\nstringData: { release: '{{sample.google.serviceAccountKey}}' }`,
      },
      {
        name: 'a kubeconfig that finds its credential elsewhere',
        object: secret(`kubeconfig: |\n${kubeconfig('exec: { command: aws, args: [eks, get-token] }')}`),
      },
      {
        name: 'Cluster API keeps the kubeconfigs of its clusters in Secrets',
        object: secret(
          `value: |\n${kubeconfig("client-key-data: '{{sample.kubernetes.clientKey|base64}}'")}`,
          '\ntype: cluster.x-k8s.io/secret',
        ),
      },
      { name: 'the Azure Files driver keeps the key of its account', object: azureFile, user: driver },
      {
        name: 'an account of bait, say the settings',
        object: secret(`AWS_ACCESS_KEY_ID: '{{sample.aws.keyId}}'`),
        params: { canaryAccounts: ['928751286807'] },
      },
    ],
    fails: [
      {
        name: 'a key of AWS, its halves under two names',
        object: secret(`AWS_ACCESS_KEY_ID: '{{sample.aws.keyId}}'\nAWS_SECRET_ACCESS_KEY: '{{sample.aws.secretKey}}'`),
        finds: ['value /stringData/AWS_ACCESS_KEY_ID', 'value /stringData/AWS_SECRET_ACCESS_KEY'],
      },
      {
        name: 'a credentials file, as the API server keeps it',
        object: `kind: Secret\ndata:\n  cloud: "{{sample.aws.credentialsFile|base64}}"`,
        finds: ['value /data/cloud'],
      },
      {
        name: 'the key of a Google service account',
        object: secret(`key.json: '{{sample.google.serviceAccountKey}}'`),
        finds: ['value /stringData/key.json'],
      },
      {
        name: 'a client secret of Entra',
        object: secret(`AZURE_CLIENT_SECRET: '{{sample.azure.clientSecret}}'`),
        finds: ['value /stringData/AZURE_CLIENT_SECRET'],
      },
      {
        name: 'stringData wins over data under the same name',
        object: `kind: Secret\ndata: { key: "{{sample.aws.keyId|base64}}" }\nstringData: { key: '{{sample.azure.storageKey}}' }`,
        finds: ['value /stringData/key'],
        frontEnd: 'check',
      },
      {
        name: 'a key that expires by itself',
        object: secret(`id: '{{sample.aws.temporaryKeyId}}'\ntoken: '{{sample.aws.sessionToken}}'`),
        finds: ['possible /stringData/id'],
      },
      {
        name: 'a kubeconfig with the client key of its user',
        object: secret(`kubeconfig: |\n${kubeconfig("client-key-data: '{{sample.kubernetes.clientKey|base64}}'")}`),
        finds: ['possible /stringData/kubeconfig'],
      },
      {
        name: 'somebody else writes the Secret of the Azure Files driver',
        object: azureFile,
        user: 'alice',
        finds: ['possible /data/azurestorageaccountkey'],
      },
      {
        name: 'the copy that kubectl keeps still holds what is gone',
        object: `kind: Secret\nmetadata: { annotations: { kubectl.kubernetes.io/last-applied-configuration: '{"data":{"id":"{{sample.aws.keyId|base64}}"}}' } }\ndata: { id: cm90YXRlZA== }`,
        finds: ['possible /metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration'],
      },
      {
        name: 'SOPS encrypts what it is told to encrypt, and this is not among it',
        object: secret(
          `AWS_ACCESS_KEY_ID: '{{sample.aws.keyId}}'\nAWS_SECRET_ACCESS_KEY: '{{sample.aws.secretKey}}'\npassword: "ENC[AES256_GCM,data:c2VjcmV0,iv:aXY=,tag:dGFn,type:str]"`,
          '\nsops: { encrypted_regex: "^password$", mac: "ENC[AES256_GCM,data:bWFj,iv:aXY=,tag:dGFn,type:str]", version: 3.9.0 }',
        ),
        frontEnd: 'check',
        finds: ['value /stringData/AWS_ACCESS_KEY_ID', 'value /stringData/AWS_SECRET_ACCESS_KEY'],
      },
      {
        name: 'a telling name over a value that nothing recognises',
        object: secret('AWS_SECRET_ACCESS_KEY: minioadmin'),
        finds: ['name /stringData/AWS_SECRET_ACCESS_KEY'],
      },
      {
        name: 'a token of the platform, say the settings',
        object: secret(`token: acme_1b6f09c27d4e`),
        params: { extraDetectors: ['acme-token=acme_[a-f0-9]{12}'] },
        finds: ['value /stringData/token'],
      },
    ],
  },
  *check({ object, name, params, review }) {
    if (skippedTypes.has(object.type ?? '')) return
    const ofDriver = isOfAzureFiles(name, dataKeys(object))
    if (ofDriver && params.allowedWriters.includes(review.user?.username ?? '')) return
    for (const { hit, place } of credentialsInData('Secret', object, params)) {
      // Cluster API keeps the kubeconfigs of its clusters there, and has nowhere else.
      if (hit.cloud === 'Kubernetes' && object.type === 'cluster.x-k8s.io/secret') continue
      if (!ofDriver) yield credentialViolation(hit, place)
      else yield { ...credentialViolation({ ...hit, level: 'possible' }, place), fix: driverFix }
    }
  },
})

const driverFix = 'mount the share by managed identity, or set storeAccountKey: "false" in its StorageClass'

// Of other rules: tokens, pull secrets.
const skippedTypes: ReadonlySet<string> = new Set([
  'bootstrap.kubernetes.io/token',
  'kubernetes.io/dockercfg',
  'kubernetes.io/dockerconfigjson',
  'kubernetes.io/service-account-token',
])

// As azurefile-csi-driver names them, pkg/azurefile/azurefile.go.
function isOfAzureFiles(name: string, keys: ReadonlySet<string>): boolean {
  const both = keys.has('azurestorageaccountname') && keys.has('azurestorageaccountkey')
  return both && keys.size === 2 && /^azure-storage-account-.+-secret$/.test(name)
}
