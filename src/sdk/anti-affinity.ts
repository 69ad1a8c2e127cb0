import { unknown, type Inventory, type Unknown } from './inventory.ts'
import type { KindName } from './objects.ts'
import { controllerLabelsOf, selectsPods } from './pod-labels.ts'
import { podSpecOf } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { labelSelector } from './selectors.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** One term of the required pod anti-affinity of a pod spec. */
export interface AntiAffinityTerm {
  /** JSON pointer of the term. */
  readonly path: string
  readonly topologyKey: string
  /** The term keeps the pods of the object itself apart, not (only) those of others. */
  readonly selectsItself: boolean
  /** Pods of another revision of a Deployment are no matter to it: `matchLabelKeys: [pod-template-hash]`. */
  readonly ownRevisionOnly: boolean
}

/**
 * The required anti-affinity of a pod spec. A selector that is missing selects nothing; namespaces and namespaceSelector
 * are ORed, and without both the own namespace is meant; `mismatchLabelKeys` that the pod carries leave the pods of the
 * same value out (kubernetes/pkg/registry/core/pod/strategy.go applyMatchLabelKeysAndMismatchLabelKeys).
 */
export function antiAffinityTerms(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<'Namespace'>,
): readonly (AntiAffinityTerm | Unresolved)[] {
  const view = podSpecOf(kind, object)
  const affinity = memberOf(memberOf(view?.spec, 'affinity'), 'podAntiAffinity')
  return listOf(memberOf(affinity, field)).map((term, index) => {
    const topologyKey = stringOf(memberOf(term, 'topologyKey'))
    if (topologyKey === undefined || isVariable(topologyKey)) return unresolved('value')
    const selects = selectsOwnPods(term, kind, object, namespace, inventory)
    if (typeof selects === 'object') return selects
    return {
      path: (view?.path ?? '') + pointer('affinity', 'podAntiAffinity', field, index),
      topologyKey,
      selectsItself: selects,
      ownRevisionOnly: kind === 'Deployment' && listOf(memberOf(term, 'matchLabelKeys')).includes('pod-template-hash'),
    }
  })
}

/** True for pods of which no two may be on one node; false where that is not known for certain. */
export function keepsNodesApart(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<'Namespace'>,
): boolean {
  return antiAffinityTerms(kind, object, namespace, inventory).some(
    (term) => !('unresolved' in term) && term.selectsItself && term.topologyKey === 'kubernetes.io/hostname',
  )
}

const field = 'requiredDuringSchedulingIgnoredDuringExecution'

function selectsOwnPods(
  term: unknown,
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<'Namespace'>,
): boolean | Unresolved {
  const selector = memberOf(term, 'labelSelector')
  const selected = selectsPods(labelSelector(selector), kind, object)
  if (selected === false || isMismatched(term, kind, object)) return false
  const here = includesNamespace(term, namespace, inventory)
  if (here === false) return false
  if (selected === unknown) return unresolved('value')
  return here === unknown ? unresolved('Namespace') : true
}

/** True where the pod carries a label whose value the pods that count must not have. */
function isMismatched(term: unknown, kind: KindName, object: object): boolean {
  const labels = recordOf(podSpecOf(kind, object)?.metadata.labels)
  const added = controllerLabelsOf(kind)
  const keys = listOf(memberOf(term, 'mismatchLabelKeys'))
  return keys.some((key) => typeof key === 'string' && (memberOf(labels, key) !== undefined || added.has(key)))
}

function includesNamespace(term: unknown, namespace: string, inventory: Inventory<'Namespace'>): boolean | Unknown {
  const names = listOf(memberOf(term, 'namespaces'))
  const selector = memberOf(term, 'namespaceSelector') ?? undefined
  if (names.includes(namespace)) return true
  const varies = names.some(isVariable) ? unknown : false
  if (selector === undefined) return names.length === 0 ? true : varies
  const selected = labelSelector(selector)(labelsOfNamespace(namespace, inventory))
  return selected === false ? varies : selected
}

/** The labels of a namespace; those of one that is not known may be any, but for its name, which the API server adds. */
function labelsOfNamespace(namespace: string, inventory: Inventory<'Namespace'>): object {
  const name = { 'kubernetes.io/metadata.name': namespace }
  const known = inventory.get('Namespace', '', namespace)
  if (known === unknown || known === undefined || inventory.uncertain(known)) return { '${ANY}': '', ...name }
  return { ...recordOf(known.metadata?.labels), ...name }
}
