import { auditedKinds } from '../src/engine/audited-kinds.ts'
import type { Policy } from '../src/sdk/policy.ts'

/**
 * All that `day2 audit` may do in a cluster: list the kinds that its rules name, Namespaces also by name. Secrets are in
 * a role of their own, for who wants `--secrets`.
 */
export function auditRole(policies: readonly Policy[]) {
  const { judged, lookedUp } = auditedKinds(policies, { labels: true })
  const resources = new Map<string, Set<string>>()
  for (const { group, resource } of [...judged, ...lookedUp]) {
    if (group === '' && resource === 'secrets') continue
    resources.set(group, (resources.get(group) ?? new Set()).add(resource))
  }
  return role('day2-audit', [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
    ...[...resources]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, names]) => ({ apiGroups: [group], resources: [...names].sort(), verbs: ['list'] })),
  ])
}

/** What `day2 audit --secrets` needs besides. */
export function auditSecretsRole() {
  return role('day2-audit-secrets', [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }])
}

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

function role(name: string, rules: readonly Rule[]) {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels: { 'app.kubernetes.io/name': 'day2-audit' } },
    rules,
  }
}
