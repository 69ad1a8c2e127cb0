import { credentialsInData } from '../../src/sdk/credentials/data-fields.ts'
import { credentialParams, credentialReasons, credentialViolation } from '../../src/sdk/credentials/report.ts'
import { definePolicy } from '../../src/sdk/policy.ts'

const configMap = (data: string) => `kind: ConfigMap\ndata:\n  ${data.replaceAll('\n', '\n  ')}`

export default definePolicy({
  id: 'identity-configmap-cloud-credentials',
  summary: 'No ConfigMap holds a credential of a cloud.',
  signatures: ['image-pull-backoff', 'crash-loop'],
  since: '0.1.0',
  noAnnotationExemption: true,
  ratchet: 'place',
  sources: [
    'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html',
    'https://cloud.google.com/docs/authentication/application-default-credentials',
    'https://github.com/microsoft/security-utilities',
    'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles',
  ],
  on: ['ConfigMap'],
  reads: [],
  reasons: credentialReasons(
    'A ConfigMap is worse than a Secret: the role view reads it, nothing encrypts it in etcd; and like every static key it wins over the role of the pod and fails all at once on rotation.',
  ),
  params: credentialParams,
  examples: {
    passes: [
      {
        name: 'workload identity federation belongs in a ConfigMap',
        object: configMap(`config.json: '{{sample.google.federation}}'`),
      },
      {
        name: 'roles are no keys',
        object: configMap(
          'mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/node\n    username: system:node:{{EC2PrivateDNSName}}\n    groups: [system:nodes]',
        ),
      },
      {
        name: 'ids of tenants and clients are public',
        object: configMap(`AZURE_TENANT_ID: '{{sample.azure.tenantId}}'\nAZURE_CLIENT_ID: '{{sample.azure.clientId}}'`),
      },
      {
        name: 'a template inside is data',
        object: configMap('values.yaml: |\n  secret_access_key: {{ .Values.secretKey }}\n  access_key: ${ACCESS_KEY}'),
      },
      {
        name: 'the storage of the emulator, whose key everybody knows',
        object: configMap('AZURE_STORAGE_CONNECTION_STRING: UseDevelopmentStorage=true'),
      },
    ],
    fails: [
      {
        name: 'a key of AWS in the configuration of an application',
        object: configMap(
          `app.properties: |\n  s3.region=eu-central-1\n  s3.access-key={{sample.aws.keyId}}\n  s3.secret-key={{sample.aws.secretKey}}`,
        ),
        finds: ['value /data/app.properties'],
      },
      {
        name: 'half a key is one too many where anybody reads it',
        object: configMap(`AWS_ACCESS_KEY_ID: '{{sample.aws.oldKeyId}}'`),
        finds: ['value /data/AWS_ACCESS_KEY_ID'],
      },
      {
        name: 'a connection string with its key',
        object: configMap(`blob: '{{sample.azure.storageConnectionString}}'`),
        finds: ['value /data/blob'],
      },
      {
        name: 'the key of a Google service account as a file of bytes',
        object: `kind: ConfigMap\nbinaryData: { key.json: "{{sample.google.serviceAccountKey|base64}}" }`,
        finds: ['value /binaryData/key.json'],
      },
      {
        name: 'the word sops encrypts nothing',
        object: `${configMap(`blob: '{{sample.azure.storageConnectionString}}'`)}\nsops: {}`,
        frontEnd: 'check',
        finds: ['value /data/blob'],
      },
      {
        name: 'an API key may be meant for browsers',
        object: configMap(`maps: '{{sample.google.apiKey}}'`),
        finds: ['possible /data/maps'],
      },
      {
        name: 'a telling name over a value that nothing recognises',
        object: configMap('AZURE_STORAGE_KEY: hunter2'),
        finds: ['name /data/AZURE_STORAGE_KEY'],
      },
    ],
  },
  *check({ object, name, params }) {
    // The certificate that every namespace is given.
    if (name === 'kube-root-ca.crt') return
    for (const { hit, place } of credentialsInData('ConfigMap', object, { ...params, exposed: true })) {
      yield credentialViolation(hit, place)
    }
  },
})
