import { domainsOf, type PodNodes } from './eligible-nodes.ts'
import { unknown, type Unknown } from './inventory.ts'
import { lastAsked } from './last-asked.ts'
import { nodeTestOf } from './node-selection.ts'
import type { KindName, Kinds } from './objects.ts'
import { controllerLabelsOf, selectsPods } from './pod-labels.ts'
import { podSpecOf } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { labelSelector, selectsEverything } from './selectors.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

type Node = Kinds['Node']

/** A topology spread constraint with `whenUnsatisfiable: DoNotSchedule`. */
export interface SpreadConstraint {
  /** JSON pointer of the constraint. */
  readonly path: string
  readonly topologyKey: string
  readonly maxSkew: number
  /** 1 where it is left out. */
  readonly minDomains: number
  /** `nodeAffinityPolicy`; false for Ignore. */
  readonly honorsAffinity: boolean
  /** `nodeTaintsPolicy`; false for Ignore, which is the default. */
  readonly honorsTaints: boolean
  /** The pods of the object are counted by it. */
  readonly countsItself: boolean
  /** Each revision of a Deployment is counted by itself: `matchLabelKeys: [pod-template-hash]`. */
  readonly byRevision: boolean
  /** The pod asks for certain nodes, by nodeSelector or required node affinity. */
  readonly asksForNodes: boolean
}

/**
 * The hard constraints of a pod spec. Values that nobody can read, and those that the API server refuses, are unresolved:
 * then nothing can be said of the others either, because nodes count only where they carry the keys of all.
 */
export function hardSpreads(kind: KindName, object: object): readonly SpreadConstraint[] | Unresolved {
  const view = podSpecOf(kind, object)
  const found: SpreadConstraint[] = []
  for (const [index, entry] of listOf(memberOf(view?.spec, 'topologySpreadConstraints')).entries()) {
    if (memberOf(entry, 'whenUnsatisfiable') === 'ScheduleAnyway') continue
    const path = (view?.path ?? '') + pointer('topologySpreadConstraints', index)
    const constraint = readSpread(entry, path, kind, object)
    if (constraint === unknown) return unresolved('value')
    found.push(constraint)
  }
  return found
}

/** What a constraint leaves of the nodes of a cluster, if all of its domains begin empty. */
export interface SpreadRoom {
  /** Domains over which the skew is reckoned. */
  readonly counted: number
  /** Domains that take pods. */
  readonly usable: number
  /** How many pods can be placed: Infinity where every counted domain takes some. */
  readonly capacity: number
  /** Counted domains that take none, with nodes that are tainted, cordoned or not ready: they are left out by Honor. */
  readonly tainted: readonly string[]
  /** Counted domains that take none, with nodes that the pod does not ask for. A domain may be both. */
  readonly excluded: readonly string[]
}

/**
 * Which domains a constraint counts, and how many pods it lets in
 * (kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/filtering.go). A node is counted if it carries the keys of
 * all hard constraints and passes the policies of this one. A counted domain that takes no pod stays at 0, so that the
 * others take `maxSkew` each; the same holds while there are fewer domains than `minDomains`.
 */
export function spreadRoom(
  constraint: SpreadConstraint,
  all: readonly SpreadConstraint[],
  nodes: PodNodes,
): SpreadRoom {
  const keys = keysOf(all, undefined)
  const carrying = (list: readonly Node[]) =>
    keys.every((key) => domainsOf(list, key).without === 0) ? list : list.filter((node) => carries(node, keys))
  const { honorsAffinity, honorsTaints, topologyKey, maxSkew, minDomains } = constraint
  const policed = honorsAffinity
    ? honorsTaints
      ? nodes.eligible
      : nodes.matching
    : honorsTaints
      ? nodes.tolerated
      : nodes.all
  const counted = domainsOf(carrying(policed), topologyKey).nodes
  const usable = domainsOf(carrying(nodes.eligible), topologyKey).nodes
  const unusable = [...counted.keys()].filter((domain) => !usable.has(domain))
  const matching = unusable.length > 0 ? domainsOf(carrying(nodes.matching), topologyKey).nodes : usable
  const bounded = constraint.countsItself && (unusable.length > 0 || counted.size < minDomains)
  return {
    counted: counted.size,
    usable: usable.size,
    capacity: bounded ? maxSkew * usable.size : Infinity,
    tainted: honorsTaints ? [] : unusable.filter((domain) => matching.has(domain)),
    excluded: honorsAffinity
      ? []
      : unusable.filter((domain) => honorsTaints || (counted.get(domain) ?? 0) > (matching.get(domain) ?? 0)),
  }
}

// Asked for each constraint of a pod.
const keysOf = lastAsked((all: readonly SpreadConstraint[], _: undefined) => [
  ...new Set(all.map(({ topologyKey }) => topologyKey)),
])

function carries(node: Node, keys: readonly string[]): boolean {
  return keys.every((key) => typeof memberOf(node.metadata?.labels, key) === 'string')
}

function readSpread(entry: unknown, path: string, kind: KindName, object: object): SpreadConstraint | Unknown {
  const fields = recordOf(entry)
  const topologyKey = stringOf(fields?.['topologyKey'])
  const maxSkew = fields?.['maxSkew']
  const minDomains = fields?.['minDomains'] ?? 1
  const honorsAffinity = policyOf(fields?.['nodeAffinityPolicy'], true)
  const honorsTaints = policyOf(fields?.['nodeTaintsPolicy'], false)
  const counts = countsOwnPods(entry, kind, object)
  if (fields?.['whenUnsatisfiable'] !== 'DoNotSchedule' || topologyKey === undefined || isVariable(topologyKey))
    return unknown
  if (!isCount(maxSkew) || !isCount(minDomains)) return unknown
  if (honorsAffinity === unknown || honorsTaints === unknown || counts === unknown) return unknown
  return {
    path,
    topologyKey,
    maxSkew,
    minDomains,
    honorsAffinity,
    honorsTaints,
    countsItself: counts,
    byRevision: listOf(fields['matchLabelKeys']).includes('pod-template-hash'),
    asksForNodes: nodeTestOf(podSpecOf(kind, object)?.spec) !== undefined,
  }
}

/**
 * Whether the pods of the object are counted. A missing selector selects none, and one that selects everything counts
 * none; `matchLabelKeys` narrow it to the pods of the same value, which the own ones are
 * (countPodsMatchSelector and filterTopologySpreadConstraints).
 */
function countsOwnPods(entry: unknown, kind: KindName, object: object): boolean | Unknown {
  const selector = memberOf(entry, 'labelSelector')
  if (selectsEverything(selector)) {
    const labels = podSpecOf(kind, object)?.metadata.labels
    const added = controllerLabelsOf(kind)
    return listOf(memberOf(entry, 'matchLabelKeys')).some(
      (key) => typeof key === 'string' && (memberOf(labels, key) !== undefined || added.has(key)),
    )
  }
  return selectsPods(labelSelector(selector), kind, object)
}

function policyOf(value: unknown, standard: boolean): boolean | Unknown {
  if (value === undefined || value === null) return standard
  return value === 'Honor' ? true : value === 'Ignore' ? false : unknown
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}
