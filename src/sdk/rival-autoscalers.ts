import type { ScalableWitness } from './budget-cover.ts'
import type { Inventory } from './inventory.ts'
import { scalableKinds } from './kinds.ts'
import { anyKey, labelKeys, podLabelKeys, selectorKeys } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { selectsPods } from './pod-labels.ts'
import { podSpecOf } from './pod-specs.ts'
import { autoscalersOf, isRepresented, related, type Relation } from './relations.ts'
import type { ScalableKind } from './scaling-pairs.ts'
import { labelSelector } from './selectors.ts'
import { memberOf } from './shape.ts'

type Autoscaler = Kinds['HorizontalPodAutoscaler']

/**
 * The autoscalers besides this one over pods of a workload: those of the same target, and those of targets whose
 * selector meets the same pods. The controller then scales none of them
 * (kubernetes/pkg/controller/podautoscaler/horizontal.go, AmbiguousSelector).
 */
export function rivalsOf(
  own: Autoscaler | undefined,
  workload: ScalableWitness,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler' | ScalableKind>,
): Relation<Autoscaler> {
  const targets = [workload, ...alike(workload, namespace, inventory)]
  const relations = targets.map(({ object }) => autoscalersOf(object, namespace, inventory))
  const all = new Set(relations.flatMap(({ found }) => found))
  return {
    found: [...all].filter((other) => !isSame(other, own)),
    unsure: [...new Set(relations.flatMap(({ unsure }) => unsure))],
  }
}

/** Other workloads whose selector selects pods of this one, or whose pods its selector selects. */
function alike(
  { kind, object }: ScalableWitness,
  namespace: string,
  inventory: Inventory<ScalableKind>,
): readonly ScalableWitness[] {
  const selector = labelSelector(selectorOf(kind, object))
  const keys = selectorKeys(selectorOf(kind, object))
  const ownKeys = labelKeys(podSpecOf(kind, object)?.metadata.labels)
  const isSelected = (each: object, other: ScalableKind) =>
    isOther(other, each, object) ? selectsPods(selector, other, each) : false
  const isSelecting = (each: object, other: ScalableKind) =>
    isOther(other, each, object) ? selectsPods(labelSelector(selectorOf(other, each)), kind, object) : false
  const found: ScalableWitness[] = []
  for (const other of scalableKinds) {
    const theirs = related(other, namespace, inventory, podFilings[other], keys, isSelected)
    const ours = related(other, namespace, inventory, selectorFilings[other], ownKeys, isSelecting)
    if (theirs.found.length === 0 && ours.found.length === 0) continue
    // The list of a kind holds objects of that kind; the compiler cannot pair the two across the union.
    for (const each of new Set([...theirs.found, ...ours.found]))
      found.push({ kind: other, object: each } as ScalableWitness)
  }
  return found
}

function isOther(kind: KindName, each: object, own: object): boolean {
  return each !== own && !isRepresented(kind, each)
}

/** The selector of a workload, as a metav1.LabelSelector. */
function selectorOf(kind: KindName, object: object): unknown {
  const selector = memberOf(memberOf(object, 'spec'), 'selector')
  return kind === 'ReplicationController' && selector !== undefined ? { matchLabels: selector } : selector
}

function isSame(other: Autoscaler, own: Autoscaler | undefined): boolean {
  return other === own || (own !== undefined && nameOf(own) !== '' && nameOf(own) === nameOf(other))
}

const podFilings = filings((kind, object) => podLabelKeys(kind, object))
const selectorFilings = filings((kind, object) => selectorKeys(selectorOf(kind, object)))

function filings(keysOf: (kind: ScalableKind, object: object) => readonly string[] | undefined) {
  const filing = (kind: ScalableKind) => (object: object) => keysOf(kind, object) ?? [anyKey]
  return {
    Deployment: filing('Deployment'),
    ReplicaSet: filing('ReplicaSet'),
    ReplicationController: filing('ReplicationController'),
    Rollout: filing('Rollout'),
    StatefulSet: filing('StatefulSet'),
  }
}
