import { unknown, type Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

type Node = Kinds['Node']

/** A taint that keeps pods from being placed. */
export interface Taint {
  readonly key: string
  readonly value: string
  readonly effect: 'NoSchedule' | 'NoExecute'
}

/** What keeps pods off a node, in the words of an operator. */
export type NodeFault = 'tainted' | 'cordoned' | 'not ready'

/**
 * The taints of a node that the scheduler looks at, those included that the node controller adds to a node that is
 * cordoned or not Ready (kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go
 * nodeConditionToTaintKeyStatusMap). A node without a Ready condition, as files may hold it, is taken to be ready.
 */
export function taintsOf(node: Node): readonly Taint[] {
  const found = known.get(node) ?? readTaints(node)
  known.set(node, found)
  return found
}

/**
 * Whether a pod with these tolerations may be placed beside all taints of a node (TolerationsTolerateTaint in
 * k8s.io/component-helpers/scheduling/corev1). `tolerationSeconds` ends a stay and does not prevent it. An operator that
 * is not known compares numbers, as `Gt` and `Lt` do, and counts as tolerated. Unknown where a `${VARIABLE}` decides.
 */
export function toleratesAll(tolerations: unknown, taints: readonly Taint[]): boolean | Unknown {
  let result: boolean | Unknown = true
  for (const taint of taints) {
    const tolerated = toleratesTaint(tolerations, taint)
    if (tolerated === false) return false
    if (tolerated === unknown) result = unknown
  }
  return result
}

/** Why a node takes no ordinary pod; undefined if it takes them. */
export function faultOf(node: Node): NodeFault | undefined {
  const keys = taintsOf(node).map(({ key }) => key)
  if (keys.some((key) => key === notReady || key === unreachable)) return 'not ready'
  if (keys.includes(unschedulable)) return 'cordoned'
  return keys.length > 0 ? 'tainted' : undefined
}

const unschedulable = 'node.kubernetes.io/unschedulable'
const notReady = 'node.kubernetes.io/not-ready'
const unreachable = 'node.kubernetes.io/unreachable'

// Objects are never changed; most nodes stay the same when one of their list does not.
const known = new WeakMap<Node, readonly Taint[]>()
const none: readonly Taint[] = Object.freeze([])

function readTaints(node: Node): readonly Taint[] {
  const taints = listOf(memberOf(node.spec, 'taints')).flatMap((entry): Taint[] => {
    const effect = memberOf(entry, 'effect')
    if (effect !== 'NoSchedule' && effect !== 'NoExecute') return []
    return [{ key: stringOf(memberOf(entry, 'key')) ?? '', value: stringOf(memberOf(entry, 'value')) ?? '', effect }]
  })
  const add = (key: string): void => {
    const there = taints.some((taint) => taint.key === key && taint.value === '' && taint.effect === 'NoSchedule')
    if (!there) taints.push({ key, value: '', effect: 'NoSchedule' })
  }
  if (memberOf(node.spec, 'unschedulable') === true) add(unschedulable)
  const ready = listOf(memberOf(node.status, 'conditions')).find((condition) => memberOf(condition, 'type') === 'Ready')
  const status = memberOf(ready, 'status')
  if (status === 'Unknown') add(unreachable)
  else if (ready !== undefined && status !== 'True') add(notReady)
  return taints.length === 0 ? none : taints
}

function toleratesTaint(tolerations: unknown, taint: Taint): boolean | Unknown {
  if (tolerations === undefined || tolerations === null) return false
  if (!Array.isArray(tolerations)) return unknown
  let result: boolean | Unknown = false
  for (const toleration of tolerations as readonly unknown[]) {
    const tolerated = tolerates(toleration, taint)
    if (tolerated === true) return true
    if (tolerated === unknown) result = unknown
  }
  return result
}

function tolerates(toleration: unknown, taint: Taint): boolean | Unknown {
  const fields = recordOf(toleration)
  if (!fields) return unknown
  const operator = fields['operator'] ?? ''
  const tests = [
    isEmpty(fields['effect']) || sameText(fields['effect'], taint.effect),
    isEmpty(fields['key']) || sameText(fields['key'], taint.key),
    isVariable(operator)
      ? unknown
      : (operator !== '' && operator !== 'Equal') || sameText(fields['value'], taint.value),
  ]
  if (tests.includes(false)) return false
  return tests.includes(unknown) ? unknown : true
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function sameText(value: unknown, wanted: string): boolean | Unknown {
  const text = value ?? ''
  if (typeof text !== 'string' || isVariable(text)) return unknown
  return text === wanted
}
