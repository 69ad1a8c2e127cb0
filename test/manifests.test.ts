import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { auditRole, auditSecretsRole } from '../manifests/audit-role.ts'
import { clusterRole } from '../manifests/cluster-role.ts'
import {
  systemConfigMaps,
  webhookConfiguration,
  webhookRules,
  type WebhookRule,
} from '../manifests/webhook-configuration.ts'
import { policies } from '../policies/index.ts'
import { targetsOf } from '../src/engine/engine.ts'
import { watchedKinds } from '../src/engine/watched-kinds.ts'
import { kinds } from '../src/sdk/kinds.ts'
import { definePolicy, type Policy, type Target } from '../src/sdk/policy.ts'
import { day2 } from './support/day2.ts'

const clientConfig = { url: 'https://127.0.0.1:8443/validate', caBundle: 'Q0E=' }

t.test('the rules ask for everything that a policy judges, and for nothing else', async (t) => {
  const wanted = new Set(
    policies.flatMap((policy) =>
      targetsOf(policy).flatMap(({ kind, subresource, operations }) => {
        const info = kinds.get(kind)
        const resource = `${info?.group}/${info?.version}/${info?.resource}${subresource && `/${subresource}`}`
        const audited = ['Namespace', 'Node'].includes(kind)
        return audited ? [] : operations.map((operation) => `${operation} ${resource} ${info?.namespaced}`)
      }),
    ),
  )
  const { webhooks } = webhookConfiguration(policies, { clientConfig, namespace: 'day2-admission' })
  const ordinary = webhooks.filter(({ name }) => name !== 'system.day2-admission.dev')
  t.strictSame(ordinary.flatMap(({ rules }) => rules.flatMap(triples)).sort(), [...wanted].sort())
})

t.test('of the system namespaces it asks for ConfigMaps of kube-system, by the names that policies give', async (t) => {
  const named = { ...judging(['ConfigMap', 'Deployment']), systemConfigMaps: ['cilium-config', 'calico-config'] }
  const { webhooks } = webhookConfiguration([judging(['ConfigMap', 'Secret']), named], {
    clientConfig,
    namespace: 'own',
  })
  t.strictSame(
    webhooks.map(({ name }) => name),
    ['namespaced.day2-admission.dev', 'system.day2-admission.dev'],
  )
  const [others, system] = webhooks
  t.strictSame(system?.rules.flatMap(triples), ['CREATE /v1/configmaps true', 'UPDATE /v1/configmaps true'])
  t.match(system, {
    failurePolicy: 'Ignore',
    namespaceSelector: { matchExpressions: [{ operator: 'In', values: ['kube-system'] }] },
    matchConditions: [{ name: 'not-a-node' }, { expression: "request.name in ['calico-config', 'cilium-config']" }],
  })
  t.match(others, { namespaceSelector: { matchExpressions: [{ operator: 'NotIn', values: /kube-system/ }] } })
  t.strictSame(systemConfigMaps(policies).length > 0, true, 'some policy of ours asks for it')
})

t.test('an object meets one entry', async (t) => {
  const cluster = webhookRules(policies, 'Cluster').flatMap(triples)
  const namespaced = new Set(webhookRules(policies, 'Namespaced').flatMap(triples))
  t.strictSame(
    cluster.filter((triple) => namespaced.has(triple)),
    [],
  )
  t.equal(namespaced.size, webhookRules(policies, 'Namespaced').flatMap(triples).length, 'no rule twice')
})

t.test('the configuration cannot hold up a cluster', async (t) => {
  const everything = judging([...kinds.keys()].flatMap((kind): Target[] => [kind, { kind, subresource: 'scale' }]))
  const { webhooks } = webhookConfiguration([everything], { clientConfig, namespace: 'guard' })
  t.equal(webhooks.length, 2)
  for (const webhook of webhooks) {
    t.match(webhook, {
      failurePolicy: 'Ignore',
      timeoutSeconds: 3,
      sideEffects: 'None',
      matchPolicy: 'Equivalent',
      admissionReviewVersions: ['v1'],
      clientConfig,
    })
    t.notMatch(JSON.stringify(webhook.rules), /\*|leases|"nodes"|events|"namespaces"|\/status|DELETE|CONNECT/)
    for (const { expression } of webhook.matchConditions) t.notMatch(expression, /\bobject\.|oldObject|namespaceObject/)
  }
  t.match(webhooks[1], {
    namespaceSelector: {
      matchExpressions: [
        {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: ['kube-node-lease', 'kube-public', 'kube-system', 'guard'],
        },
      ],
    },
  })
})

t.test('operations and subresources come together from all policies', async (t) => {
  const rules = webhookRules(
    [
      judging([{ kind: 'Pod', operations: ['UPDATE'] }, 'StorageClass']),
      judging([{ kind: 'Pod', operations: ['CREATE'] }, { kind: 'Pod', subresource: 'ephemeralcontainers' }, 'Secret']),
    ],
    'Namespaced',
  )
  t.strictSame(rules, [
    { ...rule('Namespaced'), operations: ['CREATE', 'UPDATE'], resources: ['pods', 'secrets'] },
    { ...rule('Namespaced'), operations: ['UPDATE'], resources: ['pods/ephemeralcontainers'] },
  ])
})

t.test('the webhook may read what its policies look up, and never Pods, Secrets or ConfigMaps', async (t) => {
  const greedy = judging([{ kind: 'StatefulSet', subresource: 'scale' }], ['Pod', 'Secret', 'ConfigMap', 'LimitRange'])
  t.strictSame(clusterRole([greedy]).rules, [
    { apiGroups: [''], resources: ['limitranges', 'namespaces', 'nodes'], verbs: ['list', 'watch'] },
    { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['list', 'watch'] },
  ])
  const granted = clusterRole(policies).rules.flatMap(({ apiGroups, resources }) =>
    resources.map((resource) => `${apiGroups.join()}/${resource}`),
  )
  const watched = watchedKinds(policies).map(({ group, resource }) => `${group}/${resource}`)
  t.strictSame(granted.sort(), watched.sort())
})

t.test('an audit may list what its policies name, and Secrets only by a role of their own', async (t) => {
  const greedy = judging(['Secret', 'Pod', { kind: 'StatefulSet', subresource: 'scale' }], ['Secret', 'ConfigMap'])
  t.strictSame(auditRole([greedy]).rules, [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
    { apiGroups: [''], resources: ['configmaps', 'namespaces', 'pods'], verbs: ['list'] },
  ])
  t.strictSame(auditSecretsRole().rules, [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }])
  t.notMatch(readFileSync('manifests/kustomization.yaml', 'utf8'), 'audit', 'it is no part of the webhook')
  for (const [folder, role] of Object.entries({ audit: auditRole(policies), 'audit/secrets': auditSecretsRole() })) {
    const { resources } = parse(readFileSync(`manifests/${folder}/kustomization.yaml`, 'utf8')) as {
      resources: string[]
    }
    t.strictSame(
      resources,
      readdirSync(`manifests/${folder}`)
        .filter((name) => /^\d\d-.*\.yaml$/.test(name))
        .sort(),
    )
    t.strictSame(parse(readFileSync(`manifests/${folder}/20-cluster-role.yaml`, 'utf8')), role, 'npm run docs')
  }
})

t.test('the kustomization names every manifest', async (t) => {
  const files = readdirSync('manifests').filter((name) => /^\d\d-.*\.yaml$/.test(name))
  const { resources } = parse(readFileSync('manifests/kustomization.yaml', 'utf8')) as { resources: string[] }
  t.strictSame(resources, files.sort())
  for (const file of files) {
    for (const document of parseAllDocuments(readFileSync(`manifests/${file}`, 'utf8'), { uniqueKeys: true })) {
      t.strictSame('errors' in document ? document.errors : [], [], file)
    }
  }
})

t.test('our own manifests pass our own rules', async (t) => {
  const { code, stdout, stderr } = await day2('check', '--profile', 'strict', '--fail-on', 'warn', 'manifests')
  t.equal(code, 0, `${stdout}${stderr}`)
})

function triples({ apiGroups, apiVersions, operations, resources, scope }: WebhookRule): string[] {
  return apiGroups.flatMap((group) =>
    apiVersions.flatMap((version) =>
      resources.flatMap((resource) =>
        operations.map((operation) => `${operation} ${group}/${version}/${resource} ${scope === 'Namespaced'}`),
      ),
    ),
  )
}

function rule(scope: WebhookRule['scope']) {
  return { apiGroups: [''], apiVersions: ['v1'], scope }
}

function judging(on: readonly Target[], reads: Policy['reads'] = []): Policy {
  return definePolicy({
    id: 'compute-everything',
    summary: 'Judges what the test says.',
    signatures: [],
    since: '0.1.0',
    on,
    reads,
    reasons: {},
    examples: { passes: [], fails: [] },
    *check() {},
  })
}
