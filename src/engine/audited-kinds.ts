import { kinds, type KindInfo } from '../sdk/kinds.ts'
import type { KindName } from '../sdk/objects.ts'
import type { Policy } from '../sdk/policy.ts'
import { targetsOf } from './engine.ts'

/**
 * The kinds that an audit reads, sorted by name: what the policies judge as whole objects and what they look up,
 * nothing else; with `labels`, Namespaces too, by whose labels the settings choose modes. Secrets are among them where
 * a policy judges them: whether they are read is for the caller to decide.
 */
export function auditedKinds(policies: Iterable<Policy>, { labels }: { readonly labels: boolean }): AuditedKinds {
  const judged = new Set<KindName>()
  const lookedUp = new Set<KindName>(labels ? ['Namespace'] : [])
  for (const policy of policies) {
    for (const { kind, subresource, operations } of targetsOf(policy))
      if (subresource === '' && operations.includes('CREATE')) judged.add(kind)
    // Of Secrets nothing is kept, so nothing can be looked up: those rules stay unresolved.
    for (const kind of policy.reads) if (kind !== 'Secret') lookedUp.add(kind)
  }
  const infos = (wanted: ReadonlySet<KindName>) => [...kinds.values()].filter(({ kind }) => wanted.has(kind))
  return { judged: infos(judged), lookedUp: infos(lookedUp) }
}

export interface AuditedKinds {
  readonly judged: readonly KindInfo[]
  readonly lookedUp: readonly KindInfo[]
}
