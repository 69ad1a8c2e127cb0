import { watchedKinds } from '../src/engine/watched-kinds.ts'
import type { Policy } from '../src/sdk/policy.ts'

/** All that the webhook may do in a cluster: list and watch the kinds that its policies look up. */
export function clusterRole(policies: readonly Policy[]) {
  const resources = new Map<string, string[]>()
  for (const { group, resource } of watchedKinds(policies)) {
    resources.set(group, [...(resources.get(group) ?? []), resource].sort())
  }
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'day2-admission', labels: { 'app.kubernetes.io/name': 'day2-admission' } },
    rules: [...resources]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, names]) => ({ apiGroups: [group], resources: names, verbs: ['list', 'watch'] })),
  }
}
