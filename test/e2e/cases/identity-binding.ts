import { context, secret, sound, type Case } from '../support/case.ts'
import { podSpec } from '../support/objects.ts'
import type { Unproven } from '../support/unproven.ts'

const role = 'arn:aws:iam::111122223333:role/app'
const clientId = { 'azure.workload.identity/client-id': '11111111-2222-3333-4444-555555555555' }
const use = { 'azure.workload.identity/use': 'true' }

/** A Deployment whose template carries the labels and annotations, and its pods run under an account. */
function bound(name: string, metadata: { labels?: object; annotations?: object }, pod: object = {}): object {
  const plain = sound(name, { pod }) as { spec: { template: object } }
  const labels = { app: name, ...metadata.labels }
  return { ...plain, spec: { ...plain.spec, template: { ...plain.spec.template, metadata: { ...metadata, labels } } } }
}

function account(annotations: object, name = 'app'): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, annotations } }
}

function withToken(name: string, expirationSeconds: number): object {
  const sources = [{ serviceAccountToken: { path: 'token', expirationSeconds } }]
  return sound(name, { pod: { volumes: [{ name: 'token', projected: { sources } }] } })
}

function podUnder(serviceAccountName: string, env: readonly object[]): object {
  const spec = podSpec({ pod: { serviceAccountName }, container: { env: [...context, ...env] } })
  return { apiVersion: 'v1', kind: 'Pod', spec }
}

// Registered, and never called: it has no rules.
const identityWebhook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'pod-identity-webhook' },
  webhooks: [
    {
      name: 'pod-identity-webhook.amazonaws.com',
      clientConfig: { url: 'https://127.0.0.1:9/' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
}

const onlyDns = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'only-dns' },
  spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ protocol: 'UDP', port: 53 }] }] },
}

export const cases: readonly Case[] = [
  {
    rule: 'identity-role-annotation-malformed',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /names a user, not a role/,
    bad: () => account({ 'eks.amazonaws.com/role-arn': role.replace(':role/', ':user/') }),
    good: () => account({ 'eks.amazonaws.com/role-arn': role }),
  },
  {
    rule: 'identity-role-annotation-malformed',
    kind: 'template',
    baseline: 'warn',
    strict: 'warn',
    says: /role-arn on Deployment .* does nothing/,
    bad: (name) => bound(name, { annotations: { 'eks.amazonaws.com/role-arn': role } }),
    good: (name) => sound(name),
  },
  {
    rule: 'identity-legacy-sa-token',
    baseline: 'warn',
    strict: 'deny',
    says: /is a token of ServiceAccount nobody that never expires/,
    bad: () => ({
      ...secret({}),
      type: 'kubernetes.io/service-account-token',
      metadata: { annotations: { 'kubernetes.io/service-account.name': 'nobody' } },
    }),
    good: () => secret({ greeting: 'hello' }),
    immutable: true,
  },
  {
    rule: 'identity-service-account-missing',
    everyWay: true,
    baseline: 'warn',
    strict: 'warn',
    says: /uses ServiceAccount nobody, which does not exist/,
    bad: (name) => sound(name, { pod: { serviceAccountName: 'nobody' } }),
    good: (name) => sound(name),
  },
  {
    rule: 'identity-projected-token-lifetime',
    baseline: 'audit',
    strict: 'warn',
    says: /lives 604800 s/,
    bad: (name) => withToken(name, 604_800),
    good: (name) => withToken(name, 3600),
  },
  {
    rule: 'identity-automount-default-sa',
    baseline: 'audit',
    strict: 'warn',
    says: /mounts the token of ServiceAccount default/,
    bad: (name) => sound(name, { pod: { automountServiceAccountToken: true } }),
    good: (name) => sound(name, { pod: { automountServiceAccountToken: false } }),
  },
  {
    rule: 'identity-imds-dependency',
    baseline: 'audit',
    strict: 'warn',
    says: /is on the host network/,
    bad: (name) => sound(name, { pod: { hostNetwork: true, serviceAccountName: 'agent' } }),
    good: (name) => sound(name),
    beside: () => [account({}, 'agent')],
  },
  {
    rule: 'identity-workload-binding-incomplete',
    baseline: 'warn',
    strict: 'deny',
    says: /lack label azure\.workload\.identity\/use/,
    bad: (name) => bound(name, {}, { serviceAccountName: 'app' }),
    good: (name) => bound(name, { labels: use }, { serviceAccountName: 'app' }),
    beside: () => [account(clientId)],
  },
  {
    rule: 'identity-workload-binding-incomplete',
    kind: 'account',
    baseline: 'warn',
    strict: 'warn',
    says: /pods of Deployment .* lack label azure\.workload\.identity\/use/,
    bad: () => account(clientId),
    good: () => account({}),
    beside: (name) =>
      [name, `${name}-bad`, `probe-${name}`].map((each) => bound(each, {}, { serviceAccountName: each })),
  },
  {
    rule: 'identity-injection-missing',
    baseline: 'warn',
    strict: 'deny',
    says: /no container got its token/,
    bad: () => podUnder('injected', []),
    good: () => podUnder('injected', [{ name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/token' }]),
    beside: () => [account({ 'eks.amazonaws.com/role-arn': role }, 'injected'), identityWebhook],
    immutable: true,
    completed: true,
  },
  {
    rule: 'identity-role-mapping-missing',
    baseline: 'audit',
    strict: 'warn',
    says: /sets AWS_ROLE_ARN, but ServiceAccount default maps to no role/,
    bad: (name) => sound(name, { container: { env: [...context, { name: 'AWS_ROLE_ARN', value: role }] } }),
    good: (name) => sound(name),
  },
  {
    rule: 'identity-credential-endpoint-blocked',
    baseline: 'warn',
    strict: 'warn',
    says: /keep Deployment .* from AWS STS/,
    bad: (name) => bound(name, {}, { serviceAccountName: 'app' }),
    good: (name) => sound(name),
    beside: () => [account({ 'eks.amazonaws.com/role-arn': role }), onlyDns],
  },
  {
    rule: 'identity-pull-sa-annotation-missing',
    // Off until it is configured.
    kind: 'template',
    baseline: 'off',
    strict: 'off',
    says: /lacks/,
    bad: (name) => bound(name, {}, { serviceAccountName: 'app' }),
    good: (name) => sound(name),
    beside: () => [account({})],
  },
]

export const unproven: Unproven = [
  [
    'identity-automount-default-sa',
    'no kubelet: it writes the token into the containers (kubernetes/plugin/pkg/admission/serviceaccount/admission.go adds the volume)',
  ],
  [
    'identity-imds-dependency',
    'no cloud: the metadata service answers whoever reaches it (Amazon EC2 User Guide, configuring instance metadata options; Karpenter, EC2NodeClass)',
  ],
  [
    'identity-credential-endpoint-blocked',
    'no CNI: it is the CNI that drops what no policy allows (kubernetes/staging/src/k8s.io/api/networking/v1/types.go; Amazon EKS User Guide, set up the Pod Identity agent)',
  ],
  [
    'identity-injection-missing',
    'no identity webhook: with failurePolicy Ignore the API server goes on without it (amazon-eks-pod-identity-webhook `deploy/mutatingwebhook.yaml`, `pkg/handler/handler.go`)',
  ],
  [
    'identity-legacy-sa-token',
    'a token that is good for ever breaks nothing by itself (kubernetes/pkg/serviceaccount/legacy.go; Kubernetes documentation of Secrets, ServiceAccount token Secrets)',
  ],
  [
    'identity-projected-token-lifetime',
    'no kubelet: it renews the file after 80 % of its life or a day (kubernetes/staging/src/k8s.io/api/core/v1/types.go, ServiceAccountTokenProjection)',
  ],
  [
    'identity-role-annotation-malformed',
    'no cloud and no identity webhook: it injects what the annotation says, and the cloud refuses it (amazon-eks-pod-identity-webhook `pkg/cache/cache.go`, which only logs `arn is invalid`)',
  ],
  [
    'identity-pull-sa-annotation-missing',
    'no kubelet: it does not call a credential provider whose required annotation is missing (kubernetes/staging/src/k8s.io/kubelet/config/v1/types.go, ServiceAccountTokenAttributes)',
  ],
  [
    'identity-role-mapping-missing',
    'no cloud: an SDK that finds no token takes what the node has (AWS SDKs and Tools Reference Guide, assume role with web identity; Microsoft Entra Workload ID on AKS)',
  ],
  [
    'identity-workload-binding-incomplete',
    'no cloud and no identity webhook: it mutates pods with the label alone (azure-workload-identity, objectSelector of its MutatingWebhookConfiguration)',
  ],
]
