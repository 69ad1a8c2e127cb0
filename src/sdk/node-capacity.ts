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
  const found = findLargest(nodes, resource)
  known.set(resource, found)
  return found
}

/** True if an autoscaler runs any of the nodes: a node of another size may come. */
export const isAutoscaled = oncePerList((nodes: readonly Node[]) =>
  nodes.some((node) => pools.some((label) => memberOf(node.metadata?.labels, label) !== undefined)),
)

// By resource; few of them are ever asked for.
const largest = oncePerList((_nodes: readonly Node[]) => new Map<string, Quantity | undefined>())

function findLargest(nodes: readonly Node[], resource: string): Quantity | undefined {
  let largest: Quantity | undefined
  for (const node of nodes) {
    const quantity = parseQuantity(memberOf(memberOf(node.status, 'allocatable'), resource))
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
