import {
  azureUseLabel,
  injectorOf,
  isInjected,
  skipsEveryContainer,
  webhookOptOut,
  type InjectingCloud,
} from '../../src/sdk/identity-injection.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { isRoleArn } from '../../src/sdk/role-annotations.ts'
import { accountOf, roleOf } from '../../src/sdk/service-accounts.ts'
import { memberOf } from '../../src/sdk/shape.ts'

const why =
  'The identity webhook was down or slow, and the API server went on without it: the pod starts with the identity of its node, and nobody gives it its role later.'
const account = `{ kind: ServiceAccount, metadata: { name: app, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app" } } }`
const azureAccount = `{ kind: ServiceAccount, metadata: { name: app, annotations: { azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555 } } }`
const webhook = (name: string) => `{ kind: MutatingWebhookConfiguration, metadata: { name: ${name} } }`
const eksWebhook = webhook('pod-identity-webhook')
const pod = (env = '', metadata = '', spec = 'serviceAccountName: app,') =>
  `{ kind: Pod, metadata: { name: web${metadata} }, spec: { ${spec} containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }, env: [${env}] }] } }`
const tokenFile =
  '{ name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token }'
const azureLabel = ', labels: { azure.workload.identity/use: "true" }'
const owner = ', ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web-1, controller: true }]'
const env = '/spec/containers/0/env'

export default definePolicy({
  id: 'identity-injection-missing',
  summary: 'A Pod that is to have a role of a cloud has its token when it is made.',
  signatures: ['crash-loop', 'image-pull-backoff'],
  since: '0.1.0',
  readsMetadata: true,
  ownedPods: true,
  sources: [
    'https://github.com/aws/amazon-eks-pod-identity-webhook (deploy/mutatingwebhook.yaml, pkg/handler/handler.go)',
    'https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html',
  ],
  on: [{ kind: 'Pod', operations: ['CREATE'] }],
  reads: ['ServiceAccount', 'MutatingWebhookConfiguration'],
  reasons: {
    'not-injected': {
      baseline: 'warn',
      why: 'No identity webhook is registered, so nobody gives the pod its token: it runs with the identity of its node, and the cloud refuses what it asks for.',
    },
    'passed-over': { baseline: 'warn', strict: 'deny', why },
    required: { baseline: 'deny', why },
  },
  params: {
    requireInjection: {
      type: 'boolean',
      default: false,
      description: 'Refuse a bare Pod without its token, in baseline too, where the identity webhook is registered.',
    },
  },
  examples: {
    passes: [
      { name: 'the token was injected', object: pod(tokenFile), inventory: `${account}\n---\n${eksWebhook}` },
      {
        name: 'EKS Pod Identity hands out an address',
        object: pod('{ name: AWS_CONTAINER_CREDENTIALS_FULL_URI, value: "http://169.254.170.23/v1/credentials" }'),
        inventory: account,
      },
      {
        name: 'every container is skipped on purpose',
        object: pod(
          '',
          ', labels: { azure.workload.identity/use: "true" }, annotations: { azure.workload.identity/skip-containers: "web; sidecar" }',
        ),
        inventory: azureAccount,
      },
      {
        name: 'the pod opts out of the webhook',
        object: pod('', ', labels: { eks.amazonaws.com/skip-pod-identity-webhook: "true" }'),
        inventory: account,
      },
      { name: 'no role', object: pod('', '', '') },
      {
        name: 'a role that is none is the fault of another rule',
        object: pod(),
        inventory: account.replace(':role/', ':user/'),
      },
      {
        name: 'the token of Azure was injected',
        object: pod('{ name: AZURE_FEDERATED_TOKEN_FILE, value: /var/run/secrets/azure/wi/token }', azureLabel),
        inventory: azureAccount,
      },
      {
        name: 'in files no webhook has seen the Pod yet',
        object: pod(),
        inventory: account,
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'the webhook is registered and passed the Pod over',
        object: pod(),
        inventory: `${account}\n---\n${eksWebhook}`,
        frontEnd: 'webhook',
        finds: [`passed-over ${env}`],
      },
      {
        name: 'no webhook is registered',
        object: pod(),
        inventory: account,
        frontEnd: 'webhook',
        finds: [`not-injected ${env}`],
      },
      {
        name: 'a Pod that a controller made',
        object: pod('', owner),
        inventory: `${account}\n---\n${eksWebhook}`,
        frontEnd: 'webhook',
        finds: [`passed-over ${env}`],
      },
      {
        name: 'the settings ask for it',
        object: pod(),
        inventory: `${account}\n---\n${eksWebhook}`,
        params: { requireInjection: true },
        frontEnd: 'webhook',
        finds: [`required ${env}`],
      },
      {
        name: 'the settings ask for it, but nothing is registered',
        object: pod(),
        inventory: account,
        params: { requireInjection: true },
        frontEnd: 'webhook',
        finds: [`not-injected ${env}`],
      },
      {
        name: 'the label of Azure without a token',
        object: pod('', azureLabel),
        inventory: `${webhook('azure-wi-webhook-mutating-webhook-configuration')}\n---\n{ kind: ServiceAccount, metadata: { name: app } }`,
        frontEnd: 'webhook',
        finds: [`passed-over ${env}`],
      },
      {
        name: 'webhooks that are not known yet',
        object: pod(),
        inventory: account,
        unknown: ['MutatingWebhookConfiguration'],
        finds: [`not-injected ${env}`, 'unresolved MutatingWebhookConfiguration'],
      },
      {
        name: 'accounts that are not known yet',
        object: pod(),
        unknown: ['ServiceAccount'],
        finds: ['unresolved ServiceAccount'],
      },
    ],
  },
  *check({ kind, object, namespace, params, review, inventory }) {
    if (review.frontEnd === 'check') return
    const view = podSpecOf(kind, object)
    if (!view) return
    const wanted: { cloud: InjectingCloud; says: string }[] = []
    if (memberOf(view.metadata.labels, azureUseLabel) === 'true')
      wanted.push({ cloud: 'azure', says: `pod has label ${azureUseLabel}` })
    const answer = accountOf(view.spec, namespace, inventory)
    if (answer.state === 'unresolved') yield unresolved(answer.missing)
    const role = answer.state === 'known' ? roleOf(answer.account, 'eks') : undefined
    if (answer.state === 'known' && role !== undefined && isRoleArn(role) && !webhookOptOut(view))
      wanted.push({ cloud: 'eks', says: `pod uses ServiceAccount ${brief(answer.name)} with a role of AWS` })
    for (const { cloud, says } of wanted) {
      if (isInjected(view, cloud) || skipsEveryContainer(view, cloud)) continue
      const injector = injectorOf(cloud, inventory)
      if (injector === unknown) yield unresolved('MutatingWebhookConfiguration')
      const known = injector !== unknown && injector !== undefined
      yield {
        reason: !known ? 'not-injected' : params.requireInjection ? 'required' : 'passed-over',
        path: `${view.path}/containers/0/env`,
        message: `${says}, but no container got its token`,
        fix: known
          ? `see that the webhook of ${brief(injector)} answers, then make the pod anew`
          : 'install the identity webhook of the cloud, then make the pod anew',
        ...(known ? { related: [{ kind: 'MutatingWebhookConfiguration', namespace: '', name: injector }] } : undefined),
      }
    }
  },
})
