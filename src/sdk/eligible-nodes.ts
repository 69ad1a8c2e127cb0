import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { lastAsked } from './last-asked.ts'
import { isAutoscaled } from './node-capacity.ts'
import { nodeTestOf, requiredNodeAffinity } from './node-selection.ts'
import { taintsOf, toleratesAll } from './node-taints.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { memberOf, stringOf } from './shape.ts'

type Node = Kinds['Node']

/**
 * The nodes of a cluster as one pod sees them. Lists, so that `domainsOf`, `zonesOf` and `largestAllocatable` tell the
 * rest of them; pods that ask for the same get the same lists.
 */
export interface PodNodes {
  readonly all: readonly Node[]
  /** Those that match `nodeSelector` and required node affinity, whatever their taints. */
  readonly matching: readonly Node[]
  /** Those whose taints the pod tolerates, cordon and lost readiness among them, whatever their labels. */
  readonly tolerated: readonly Node[]
  /** Both: where the scheduler may place the pod, if it fits. */
  readonly eligible: readonly Node[]
}

/**
 * The nodes that may take the pods of a spec. Unresolved where no node is known, where nodes are variants, where a
 * `${VARIABLE}` decides, and where the spec asks for more than anyone can mean.
 */
export function nodesOfPod(spec: unknown, inventory: Inventory<'Node'>): PodNodes | Unresolved {
  const nodes = inventory.list('Node')
  if (nodes === unknown || nodes.length === 0 || isVaried(nodes, inventory)) return unresolved('Node')
  const found = podNodes(spec, nodes)
  return found === unknown ? unresolved('value') : found
}

/** As `nodesOfPod`, of a list of nodes. */
export function podNodes(spec: unknown, nodes: readonly Node[]): PodNodes | Unknown {
  const asked = askedOf(spec, undefined)
  if (asked.length > maxAsked) return unknown
  const known = answers(nodes)
  const answered = known.get(asked)
  if (answered) return answered
  const found = find(spec, nodes)
  if (known.size >= maxAnswers) known.clear()
  known.set(asked, found)
  return found
}

/** True if new nodes may come: an autoscaler runs any of them, or the settings say so. */
export function mayGrow({ all }: PodNodes, autoscaling: boolean): boolean {
  return autoscaling || isAutoscaled(all)
}

/** The values of a label over nodes. */
export interface Domains {
  /** How many nodes carry each value. */
  readonly nodes: ReadonlyMap<string, number>
  /** How many nodes do not carry the label. */
  readonly without: number
}

/** The domains of a topology key. */
export function domainsOf(nodes: readonly Node[], topologyKey: string): Domains {
  const known = domains(nodes)
  const there = known.get(topologyKey)
  if (there) return there
  const found = findDomains(nodes, topologyKey)
  if (known.size >= maxAnswers) known.clear()
  known.set(topologyKey, found)
  return found
}

const maxAnswers = 256
// Thousands of terms times thousands of nodes would hold up the review of everybody else.
const maxAsked = 16_384
const answers = oncePerList((_nodes: readonly Node[]) => new Map<string, PodNodes | Unknown>())
const domains = oncePerList((_nodes: readonly Node[]) => new Map<string, Domains>())

// Which objects are variants does not change while their list lives.
const varied = new WeakMap<readonly Node[], boolean>()

function isVaried(nodes: readonly Node[], inventory: Inventory<'Node'>): boolean {
  const found = varied.get(nodes) ?? nodes.some((node) => inventory.uncertain(node))
  varied.set(nodes, found)
  return found
}

function find(spec: unknown, nodes: readonly Node[]): PodNodes | Unknown {
  const test = nodeTestOf(spec)
  const tolerations = memberOf(spec, 'tolerations')
  const matching: Node[] = []
  const tolerated: Node[] = []
  const eligible: Node[] = []
  for (const node of nodes) {
    const matches = test ? test(node) : true
    const tolerates = toleratesAll(tolerations, taintsOf(node))
    if (matches === unknown || tolerates === unknown) return unknown
    if (matches) matching.push(node)
    if (tolerates) tolerated.push(node)
    if (matches && tolerates) eligible.push(node)
  }
  return {
    all: nodes,
    matching: matching.length === nodes.length ? nodes : matching,
    tolerated: tolerated.length === nodes.length ? nodes : tolerated,
    eligible: eligible.length === nodes.length ? nodes : eligible,
  }
}

function findDomains(nodes: readonly Node[], topologyKey: string): Domains {
  const found = new Map<string, number>()
  let without = 0
  for (const node of nodes) {
    const value = stringOf(memberOf(node.metadata?.labels, topologyKey))
    if (value === undefined) without++
    else found.set(value, (found.get(value) ?? 0) + 1)
  }
  return { nodes: found, without }
}

/** What a pod asks of its nodes, as text: most pods of a cluster ask for the same few things. */
const askedOf = lastAsked((spec: unknown, _: undefined): string => {
  const parts = [memberOf(spec, 'nodeSelector'), requiredNodeAffinity(spec), memberOf(spec, 'tolerations')]
  return parts.every((part) => part === undefined || part === null) ? '' : JSON.stringify(parts, withBigInts)
})

// Numbers of files may be longer than JSON has them.
function withBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { bigint: String(value) } : value
}
