import { randomBytes } from 'node:crypto'
import { awsKeys, configMap, context, env, iniFile, secret, sound, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'identity-secret-cloud-credentials',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /holds a static .*AWS/i,
    bad: () => secret(awsKeys()),
    good: () => secret({ username: 'web', greeting: 'hello' }),
  },
  {
    rule: 'identity-configmap-cloud-credentials',
    baseline: 'deny',
    strict: 'deny',
    says: /holds a static .*AWS/i,
    bad: () => configMap({ 'credentials.ini': iniFile() }),
    good: () => configMap({ 'settings.ini': '[default]\nregion = eu-central-1\n' }),
  },
  {
    rule: 'identity-env-cloud-credentials',
    baseline: 'deny',
    strict: 'deny',
    says: /holds a static .*AWS/i,
    bad: (name) => sound(name, { container: { env: [...context, ...env(awsKeys())] } }),
    good: (name) => sound(name),
  },
  {
    rule: 'identity-static-pull-secret',
    baseline: 'deny',
    strict: 'deny',
    says: /stores a token for 111122223333\.dkr\.ecr.* that expires after 12 h/,
    bad: () => pullSecret('111122223333.dkr.ecr.eu-west-1.amazonaws.com', 'AWS'),
    good: () => pullSecret('quay.io', 'robot'),
  },
  {
    rule: 'identity-static-pull-secret',
    kind: 'static-key',
    baseline: 'warn',
    strict: 'deny',
    says: /stores a long-lived key for team\.azurecr\.io/,
    bad: () => pullSecret('team.azurecr.io', 'team'),
    good: () => pullSecret('harbor.example.com', 'robot'),
  },
  {
    rule: 'identity-static-credential-ref',
    baseline: 'warn',
    strict: 'deny',
    says: /container web reads AWS_ACCESS_KEY_ID from Secret store/,
    bad: (name) => sound(name, { container: { env: [...context, reference('AWS_ACCESS_KEY_ID')] } }),
    good: (name) => sound(name, { container: { env: [...context, reference('DATABASE_PASSWORD')] } }),
  },
  {
    rule: 'identity-static-credential-ref',
    kind: 'shadows-role',
    baseline: 'warn',
    strict: 'deny',
    says: /reads AWS_ACCESS_KEY_ID although AWS_WEB_IDENTITY_TOKEN_FILE hands it a role/,
    bad: (name) => sound(name, { container: { env: [...context, token, reference('AWS_ACCESS_KEY_ID')] } }),
    good: (name) => sound(name, { container: { env: [...context, token] } }),
  },
  {
    rule: 'identity-pull-secret-redundant',
    baseline: 'audit',
    strict: 'warn',
    says: /pull secret registry: nodes pull from 111122223333\.dkr\.ecr/,
    bad: (name) => pulling(name, '111122223333.dkr.ecr.eu-west-1.amazonaws.com', withSecret),
    good: (name) => pulling(name, `redundant-${name}.example.com`, withSecret),
  },
  {
    rule: 'identity-pull-secret-missing',
    baseline: 'audit',
    strict: 'warn',
    says: /container web pulls from private-.* without a pull secret; Deployment .* has one for it/,
    beside: (name) => [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
      pulling(`${name}-other`, `private-${name}.example.com`, withSecret),
    ],
    bad: (name) => pulling(name, `private-${name}.example.com`, { serviceAccountName: name }),
    good: (name) => pulling(name, `private-${name}.example.com`, withSecret),
  },
]

const withSecret = { imagePullSecrets: [{ name: 'registry' }] }

function pulling(name: string, host: string, pod = {}): object {
  return sound(name, { pod, container: { image: `${host}/web:1.0` } })
}

const token = {
  name: 'AWS_WEB_IDENTITY_TOKEN_FILE',
  value: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
}

function reference(name: string): object {
  return { name, valueFrom: { secretKeyRef: { name: 'store', key: 'key' } } }
}

function pullSecret(host: string, username: string): object {
  const password = randomBytes(30).toString('base64')
  const config = JSON.stringify({ auths: { [host]: { username, password } } })
  return { ...secret({ '.dockerconfigjson': config }), type: 'kubernetes.io/dockerconfigjson' }
}

export const unproven: Unproven = [
  [
    'identity-configmap-cloud-credentials',
    'no cloud: static keys fail all at once when they are rotated or expire (AWS, Google Cloud and Azure documentation of access keys, service account keys and client secrets)',
  ],
  ['identity-env-cloud-credentials', 'no cloud: as for `identity-configmap-cloud-credentials`'],
  ['identity-secret-cloud-credentials', 'no cloud: as for `identity-configmap-cloud-credentials`'],
  [
    'identity-static-pull-secret',
    'no registry of a cloud: its token expires after hours (Amazon ECR, Artifact Registry and Azure Container Registry documentation of authentication), and the kubelet, which simulated nodes lack, fails the pull',
  ],
  [
    'identity-static-credential-ref',
    'no cloud: variables with keys come before the role in the chains of the SDKs (AWS SDKs and Tools reference guide, standardized credential providers; Azure Identity, credential chains; Google Cloud, Application Default Credentials)',
  ],
  [
    'identity-pull-secret-missing',
    'simulated nodes pull no images: the kubelet notes FailedToRetrieveImagePullSecret and pulls without credentials (kubernetes/pkg/kubelet/kubelet_pods.go)',
  ],
  [
    'identity-pull-secret-redundant',
    'simulated nodes pull no images: the kubelet tries the secrets of the pod before its credential providers (kubernetes/pkg/kubelet/kuberuntime/kuberuntime_image.go)',
  ],
]
