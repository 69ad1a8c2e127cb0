import { kinds, type KindInfo } from '../sdk/kinds.ts'
import type { KindName } from '../sdk/objects.ts'
import type { Policy } from '../sdk/policy.ts'
import { targetsOf } from './engine.ts'

/**
 * The kinds that the webhook lists and watches, sorted: what the policies look up, the workloads behind the scale
 * reviews that they ask for, Namespaces (exemptions and modes by label) and Nodes (the zone in our own log).
 * Switched-off policies count too, so that settings can change without new access rights.
 */
export function watchedKinds(policies: readonly Policy[]): readonly KindInfo[] {
  const wanted = new Set<KindName>(['Namespace', 'Node'])
  for (const policy of policies) {
    for (const kind of policy.reads) wanted.add(kind)
    for (const { kind, subresource } of targetsOf(policy)) {
      if (subresource === 'scale') wanted.add(kind)
    }
  }
  return [...kinds.values()].filter(({ kind }) => wanted.has(kind) && !neverWatched.has(kind))
}

// Pods are too many and owned by templates that say the same; Secrets and ConfigMaps are nobody's business but the
// review's. What a policy reads of them is unknown in the webhook and known in check and audit.
const neverWatched: ReadonlySet<KindName> = new Set(['ConfigMap', 'Pod', 'Secret'])
