import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { groupOf } from './kinds.ts'
import { nameOf } from './names.ts'
import type { AnyObject, KindName, Kinds } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import { selectsPods } from './pod-labels.ts'
import { podSpecOf, usesTemplateOfAnother } from './pod-specs.ts'
import type { Selector } from './selectors.ts'
import { memberOf, recordOf, stringOf } from './shape.ts'

type Referred = 'Deployment' | 'ReplicaSet'

/**
 * An object with the template of its pods: itself, but for a Rollout whose `workloadRef` names another object; that one
 * with the template it takes from there, and the selector where it has none of its own (argo-rollouts
 * rollout/templateref.go). A Rollout stays as it is, and its pods may have any labels, where the other is not known, is one
 * of several variants, or is a PodTemplate, which no rule holds.
 */
export function withTemplate<K extends KindName>(
  kind: K,
  object: Kinds[K],
  namespace: string,
  inventory: Inventory<Referred>,
): Kinds[K] {
  if (!usesTemplateOfAnother(kind, object)) return object
  // A Rollout with a template is a Rollout still.
  return rolloutWithTemplate(object, inventory, namespace)
}

const rolloutWithTemplate = oncePerReview(
  (rollout: object, inventory: Inventory<Referred>, namespace: string): object => {
    const referred = referredBy(rollout)
    const source = referred && inventory.get(referred.kind, namespace, referred.name)
    if (!source || source === unknown || inventory.uncertain(source)) return rollout
    if (!podSpecOf(referred.kind, source)) return rollout
    const spec = recordOf(memberOf(rollout, 'spec'))
    const selector = memberOf(spec, 'selector') ?? source.spec?.selector
    return { ...rollout, spec: { ...spec, selector, template: source.spec?.template } }
  },
)

/**
 * Whether a selector selects the pods of an object with its template. Where a Rollout still lacks one, and the labels
 * decide, the kind of the object that has it.
 */
export function selectsTemplate(selector: Selector, kind: KindName, object: unknown): boolean | Unknown | KindName {
  const selected = selectsPods(selector, kind, object)
  if (selected !== unknown || !usesTemplateOfAnother(kind, object) || podSpecOf(kind, object)) return selected
  return referredBy(object)?.kind ?? kind
}

/** The object whose template a Rollout takes, where it is of a kind that rules know. */
function referredBy(rollout: unknown): { readonly kind: Referred; readonly name: string } | undefined {
  const reference = memberOf(memberOf(rollout, 'spec'), 'workloadRef')
  const kind = memberOf(reference, 'kind')
  const name = stringOf(memberOf(reference, 'name'))
  if (groupOf(memberOf(reference, 'apiVersion')) !== 'apps' || name === undefined) return undefined
  return kind === 'Deployment' || kind === 'ReplicaSet' ? { kind, name } : undefined
}

/** True for a Rollout that takes the template of this Deployment. */
export function refersTo(rollout: AnyObject, deployment: AnyObject): boolean {
  const referred = usesTemplateOfAnother('Rollout', rollout) ? referredBy(rollout) : undefined
  return referred?.kind === 'Deployment' && referred.name === nameOf(deployment)
}

/**
 * The name of the Deployment that a Rollout scales to zero, at once or step by step, after it took its template: until
 * then both run (argo-rollouts rollout/scale_utils.go, rollout/sync.go).
 */
export function scaledDownBy(rollout: AnyObject): string | undefined {
  const how = memberOf(memberOf(memberOf(rollout, 'spec'), 'workloadRef'), 'scaleDown')
  const referred = how === 'onsuccess' || how === 'progressively' ? referredBy(rollout) : undefined
  return referred?.kind === 'Deployment' ? referred.name : undefined
}
