import { targetsOf } from '../src/engine/engine.ts'
import { kinds, type KindInfo } from '../src/sdk/kinds.ts'
import type { KindName } from '../src/sdk/objects.ts'
import type { Operation, Policy } from '../src/sdk/policy.ts'

/** Where the API server finds the webhook: the Service, or a URL outside the cluster. `caBundle` is base64 of PEM. */
export type ClientConfig =
  | {
      readonly service: {
        readonly namespace: string
        readonly name: string
        readonly path: string
        readonly port: number
      }
      readonly caBundle?: string
    }
  | { readonly url: string; readonly caBundle: string }

export interface Registration {
  readonly clientConfig: ClientConfig
  /** The webhook's own namespace, which it never reviews. */
  readonly namespace: string
  readonly failurePolicy?: 'Ignore' | 'Fail'
}

export interface WebhookRule {
  readonly apiGroups: readonly string[]
  readonly apiVersions: readonly string[]
  readonly operations: readonly Operation[]
  readonly resources: readonly string[]
  readonly scope: 'Cluster' | 'Namespaced'
}

/**
 * The ValidatingWebhookConfiguration that brings every kind that a policy judges to `/validate`, and nothing else.
 * Its entries are disjoint: of several webhooks that refuse one object, the API server shows the error of only one. Of
 * the system namespaces it asks for ConfigMaps that policies name, and nothing else.
 */
export function webhookConfiguration(policies: readonly Policy[], registration: Registration) {
  const { clientConfig, namespace, failurePolicy = 'Ignore' } = registration
  const entry = { clientConfig, failurePolicy, ...constant }
  const system = ['kube-node-lease', 'kube-public', 'kube-system']
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: {
      name: 'day2-admission',
      labels: { 'app.kubernetes.io/name': 'day2-admission' },
      // AKS would otherwise add its own namespace selector, and undo ours at each apply.
      annotations: { 'admissions.enforcer/disabled': 'true' },
    },
    webhooks: [
      { name: 'cluster.day2-admission.dev', ...entry, rules: webhookRules(policies, 'Cluster') },
      {
        name: 'namespaced.day2-admission.dev',
        ...entry,
        namespaceSelector: {
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [...new Set([...system, namespace])] },
          ],
        },
        rules: webhookRules(policies, 'Namespaced'),
      },
      {
        name: 'system.day2-admission.dev',
        ...entry,
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['kube-system'] }],
        },
        matchConditions: [...constant.matchConditions, namedIn(systemConfigMaps(policies))],
        rules: webhookRules(systemPolicies(policies), 'Namespaced').flatMap((rule) => configMapsOf(rule)),
      },
    ].filter(({ rules }) => rules.length > 0),
  }
}

/** The ConfigMaps of kube-system that some policy judges, by name and sorted. */
export function systemConfigMaps(policies: readonly Policy[]): readonly string[] {
  return [...new Set(policies.flatMap((policy) => policy.systemConfigMaps ?? []))].sort()
}

/** The rules of one scope: one for each API group and set of operations, resources with their subresources, sorted. */
export function webhookRules(policies: readonly Policy[], scope: WebhookRule['scope']): readonly WebhookRule[] {
  const groups = new Map<
    string,
    { readonly info: KindInfo; readonly operations: readonly Operation[]; readonly resources: string[] }
  >()
  for (const [resource, { info, operations }] of [...targets(policies)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (info.namespaced !== (scope === 'Namespaced')) continue
    const key = `${info.group}/${info.version} ${operations.join()}`
    const group = groups.get(key) ?? { info, operations, resources: [] }
    groups.set(key, group)
    group.resources.push(resource.slice(info.group.length + 1))
  }
  return [...groups.values()].map(({ info, operations, resources }) => ({
    apiGroups: [info.group],
    apiVersions: [info.version],
    operations,
    resources,
    scope,
  }))
}

// What asks the API server to wait on us asks little: objects that nobody waits for in the middle of an outage.
// Heartbeats, Nodes and Namespaces are never held up; they are judged by check and audit only.
const neverReviewed: ReadonlySet<KindName> = new Set(['Namespace', 'Node'])

const constant = {
  admissionReviewVersions: ['v1'],
  matchPolicy: 'Equivalent',
  sideEffects: 'None',
  timeoutSeconds: 3,
  // Only `request.*`: an expression over the object that fails would skip the webhook under Ignore.
  matchConditions: [
    {
      name: 'not-a-node',
      expression: "!has(request.userInfo.groups) || !('system:nodes' in request.userInfo.groups)",
    },
  ],
}

function systemPolicies(policies: readonly Policy[]): readonly Policy[] {
  return policies.filter(({ systemConfigMaps }) => systemConfigMaps !== undefined)
}

function configMapsOf(rule: WebhookRule): readonly WebhookRule[] {
  return rule.apiGroups.includes('') && rule.resources.includes('configmaps')
    ? [{ ...rule, resources: ['configmaps'] }]
    : []
}

// Whatever else lives in kube-system is never held up: the cluster has to come up without us.
function namedIn(names: readonly string[]) {
  return { name: 'by-name', expression: `request.name in [${names.map((name) => `'${name}'`).join(', ')}]` }
}

/** Each `group/resource[/subresource]` that a policy judges, with all operations that any policy wants of it. */
function targets(policies: readonly Policy[]) {
  const found = new Map<string, { readonly info: KindInfo; readonly operations: readonly Operation[] }>()
  for (const { kind, subresource, operations } of policies.flatMap(targetsOf)) {
    const info = kinds.get(kind)
    if (!info || neverReviewed.has(kind)) continue
    const key = `${info.group}/${info.resource}${subresource && `/${subresource}`}`
    const wanted = new Set([...(found.get(key)?.operations ?? []), ...operations])
    found.set(key, { info, operations: [...wanted].sort() })
  }
  return found
}
