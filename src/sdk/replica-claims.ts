import { isReplica, stemOf } from './claim-users.ts'
import { filedUnder } from './filed-lists.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { pointer } from './pointer.ts'
import { listOf, memberOf } from './shape.ts'

/** A claim that is there already for a replica of a StatefulSet. */
export interface ReplicaClaim {
  readonly claim: Kinds['PersistentVolumeClaim']
  readonly ordinal: number
  /** JSON pointer to the template that the claim was made from. */
  readonly path: string
}

/**
 * The claims of a namespace that the replicas of a StatefulSet take up, or one replica alone: a claim outlives its Pod,
 * and its set too.
 */
export function replicaClaims(
  statefulSet: object,
  claims: readonly Kinds['PersistentVolumeClaim'][],
  only?: number,
): readonly ReplicaClaim[] {
  const found: ReplicaClaim[] = []
  const stems = new Set<string>()
  for (const [index, template] of listOf(memberOf(memberOf(statefulSet, 'spec'), 'volumeClaimTemplates')).entries()) {
    const stem = stemOf(template, statefulSet)
    if (stems.has(stem)) continue
    stems.add(stem)
    const own =
      only === undefined ? filedUnder(claims, claimStem, [stem]) : filedUnder(claims, ownName, [`${stem}${only}`])
    for (const claim of own) {
      const ordinal = Number(nameOf(claim).slice(stem.length))
      const path = pointer('spec', 'volumeClaimTemplates', index)
      if (isReplica(statefulSet, ordinal)) found.push({ claim, ordinal, path })
    }
  }
  return found
}

function ownName(claim: Kinds['PersistentVolumeClaim']): readonly string[] {
  return [nameOf(claim)]
}

function claimStem(claim: Kinds['PersistentVolumeClaim']): readonly string[] {
  const stem = /^(.*-)\d+$/.exec(nameOf(claim))?.[1]
  return stem === undefined ? [] : [stem]
}
