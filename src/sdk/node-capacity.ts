import { unknown, type Inventory } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { compareQuantities, parseQuantity, type Quantity } from './quantities.ts'
import { memberOf } from './shape.ts'

type Node = Kinds['Node']

/**
 * What the largest node allocates of a resource, if that is less than `quantity`: no scheduler can place it. Undefined
 * if it fits, or if a node of another size may come. Unresolved where no node is known.
 */
export function tooSmallNode(
  inventory: Inventory<'Node'>,
  resource: string,
  quantity: Quantity,
  autoscaling: boolean,
): Quantity | Unresolved | undefined {
  const nodes = inventory.list('Node')
  const largest = nodes === unknown ? undefined : largestAllocatable(nodes, resource)
  if (nodes === unknown || !largest) return unresolved('Node')
  return autoscaling || isAutoscaled(nodes) || compareQuantities(quantity, largest) <= 0 ? undefined : largest
}

/** The most that any one node allocates of a resource; undefined where no node says. Drained nodes count: they come back. */
export function largestAllocatable(nodes: readonly Node[], resource: string): Quantity | undefined {
  const known = largest(nodes)
  if (known.has(resource)) return known.get(resource)
  return remember(known, resource, findLargest(nodes, resource))
}

/** What a node in the middle allocates of a resource; undefined where no node says. */
export function medianAllocatable(nodes: readonly Node[], resource: string): Quantity | undefined {
  const known = medians(nodes)
  if (known.has(resource)) return known.get(resource)
  const found = nodes.flatMap((node) => allocatable(node, resource) ?? []).sort(compareQuantities)
  return remember(known, resource, found[Math.floor((found.length - 1) / 2)])
}

/** True if an autoscaler runs any of the nodes: a node of another size may come. */
export const isAutoscaled = oncePerList((nodes: readonly Node[]) =>
  nodes.some((node) => pools.some((label) => memberOf(node.metadata?.labels, label) !== undefined)),
)

// By resource; few of them are ever asked for.
const largest = oncePerList((_nodes: readonly Node[]) => new Map<string, Quantity | undefined>())
const medians = oncePerList((_nodes: readonly Node[]) => new Map<string, Quantity | undefined>())

// Users name resources as they like.
const maxKnown = 64

function remember<V>(known: Map<string, V>, resource: string, value: V): V {
  if (known.size >= maxKnown) known.clear()
  known.set(resource, value)
  return value
}

function allocatable(node: Node, resource: string): Quantity | undefined {
  return parseQuantity(memberOf(memberOf(node.status, 'allocatable'), resource))
}

function findLargest(nodes: readonly Node[], resource: string): Quantity | undefined {
  let largest: Quantity | undefined
  for (const node of nodes) {
    const quantity = allocatable(node, resource)
    if (quantity && (!largest || compareQuantities(quantity, largest) > 0)) largest = quantity
  }
  return largest
}

const pools = [
  'karpenter.sh/nodepool',
  'eks.amazonaws.com/nodegroup',
  'cloud.google.com/gke-nodepool',
  'kubernetes.azure.com/agentpool',
]
