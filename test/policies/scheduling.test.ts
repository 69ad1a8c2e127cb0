import fc from 'fast-check'
import t from 'tap'
import antiAffinity from '../../policies/compute/hard-anti-affinity.ts'
import topologySpread from '../../policies/compute/hard-topology-spread.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import type { Policy } from '../../src/sdk/policy.ts'

// The oracle: the filters of the scheduler as one would explain them, for one pod after the other.

interface Machine {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: 'fine' | 'tainted' | 'cordoned' | 'lost'
}
interface Spread {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains?: number
  readonly nodeTaintsPolicy?: 'Honor' | 'Ignore'
  readonly nodeAffinityPolicy?: 'Honor' | 'Ignore'
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'
  readonly labelSelector?: object
}
interface Term {
  readonly topologyKey: string
  readonly labelSelector?: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly namespaces?: readonly string[]
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly matchLabelKeys?: readonly string[]
  readonly mismatchLabelKeys?: readonly string[]
}
interface Asks {
  readonly tolerates: boolean
  readonly wantsDisk: boolean
  readonly spreads: readonly Spread[]
  readonly terms: readonly Term[]
}

const web = { app: 'web' }
/** As the ReplicaSet makes them. */
const podLabels: Readonly<Record<string, string>> = { ...web, 'pod-template-hash': '5d4f8c' }
const teamOfNamespace: Readonly<Record<string, string>> = { team: 'a' }

const isWanted = (asks: Asks, machine: Machine) => !asks.wantsDisk || machine.labels['disk'] === 'ssd'
const isTolerated = (asks: Asks, machine: Machine) =>
  machine.state === 'fine' || (machine.state === 'tainted' && asks.tolerates)

/** Places pods one by one, each on any of the nodes that pass; returns how many found one. */
function place(asks: Asks, machines: readonly Machine[], pods: number, dice: readonly number[]): number {
  const onNode = new Map<Machine, number>(machines.map((machine) => [machine, 0]))
  for (let pod = 0; pod < pods; pod++) {
    const open = machines.filter(
      (machine) =>
        isWanted(asks, machine) &&
        isTolerated(asks, machine) &&
        asks.spreads.every(
          (spread) => spread.whenUnsatisfiable !== 'DoNotSchedule' || keepsSkew(spread, asks, machine, onNode),
        ) &&
        asks.terms.every((term) => staysApart(term, machine, onNode)),
    )
    const chosen = open[(dice[pod % dice.length] ?? 0) % open.length]
    if (!chosen) return pod
    onNode.set(chosen, (onNode.get(chosen) ?? 0) + 1)
  }
  return pods
}

function keepsSkew(spread: Spread, asks: Asks, candidate: Machine, onNode: ReadonlyMap<Machine, number>): boolean {
  const hard = asks.spreads.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule')
  const domain = candidate.labels[spread.topologyKey]
  if (domain === undefined) return false
  const counts = new Map<string, number>()
  const isCounted = spread.labelSelector !== undefined && JSON.stringify(spread.labelSelector).includes('web')
  for (const [machine, pods] of onNode) {
    if (hard.some(({ topologyKey }) => machine.labels[topologyKey] === undefined)) continue
    if (spread.nodeAffinityPolicy !== 'Ignore' && !isWanted(asks, machine)) continue
    if (spread.nodeTaintsPolicy === 'Honor' && !isTolerated(asks, machine)) continue
    const value = machine.labels[spread.topologyKey] ?? ''
    counts.set(value, (counts.get(value) ?? 0) + (isCounted ? pods : 0))
  }
  const least = counts.size < (spread.minDomains ?? 1) ? 0 : Math.min(...counts.values())
  return (counts.get(domain) ?? 0) + (isCounted ? 1 : 0) - least <= spread.maxSkew
}

function staysApart(term: Term, candidate: Machine, onNode: ReadonlyMap<Machine, number>): boolean {
  const domain = candidate.labels[term.topologyKey]
  if (domain === undefined || !meansItself(term)) return true
  return [...onNode].every(([machine, pods]) => pods === 0 || machine.labels[term.topologyKey] !== domain)
}

function meansItself({ labelSelector, namespaces = [], namespaceSelector, ...term }: Term): boolean {
  if (!labelSelector) return false
  const holds = (wanted: Readonly<Record<string, string>>, given: Readonly<Record<string, string>>) =>
    Object.entries(wanted).every(([key, value]) => given[key] === value)
  const here = namespaceSelector
    ? namespaces.includes('default') || holds(namespaceSelector.matchLabels ?? {}, teamOfNamespace)
    : namespaces.length === 0 || namespaces.includes('default')
  const differs = (term.mismatchLabelKeys ?? []).some((key) => podLabels[key] !== undefined)
  return here && !differs && holds(labelSelector.matchLabels ?? {}, podLabels)
}

const machines: fc.Arbitrary<Machine[]> = fc
  .array(
    fc.record({
      labels: fc.record(
        {
          zone: fc.constantFrom('a', 'b', 'c'),
          rack: fc.constantFrom('r1', 'r2'),
          disk: fc.constantFrom('ssd', 'hdd'),
        },
        { requiredKeys: [] },
      ),
      hasName: fc.integer({ min: 0, max: 9 }).map((one) => one > 0),
      state: fc.constantFrom('fine', 'fine', 'fine', 'tainted', 'cordoned', 'lost'),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((all) =>
    all.map(({ labels, hasName, state }, index) => {
      const host = hasName ? { host: `n${index}` } : {}
      return { name: `n${index}`, labels: { ...labels, ...host }, state }
    }),
  )
const topologyKey = fc.constantFrom('host', 'zone', 'rack')
const spread: fc.Arbitrary<Spread> = fc.record(
  {
    topologyKey,
    maxSkew: fc.integer({ min: 1, max: 2 }),
    minDomains: fc.integer({ min: 1, max: 4 }),
    nodeTaintsPolicy: fc.constantFrom('Honor', 'Ignore'),
    nodeAffinityPolicy: fc.constantFrom('Honor', 'Ignore'),
    whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway'),
    labelSelector: fc.constantFrom({ matchLabels: web }, { matchLabels: web }, { matchLabels: { app: 'api' } }, {}),
  },
  { requiredKeys: ['topologyKey', 'maxSkew', 'whenUnsatisfiable'] },
)
const keys = fc.subarray(['app', 'pod-template-hash', 'absent'])
const term: fc.Arbitrary<Term> = fc.record(
  {
    topologyKey,
    labelSelector: fc.constantFrom({ matchLabels: web }, { matchLabels: web }, {}, { matchLabels: { app: 'api' } }),
    namespaces: fc.subarray(['default', 'other']),
    namespaceSelector: fc.constantFrom({}, { matchLabels: { team: 'a' } }, { matchLabels: { team: 'b' } }),
    mismatchLabelKeys: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: keys }),
    matchLabelKeys: keys,
  },
  { requiredKeys: ['topologyKey'] },
)
const pods = fc.integer({ min: 1, max: 8 })
const dice = fc.array(fc.nat(6), { minLength: 3, maxLength: 8 })

function workload({ tolerates, wantsDisk, spreads, terms }: Asks, replicas: number): object {
  const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: terms }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      template: {
        metadata: { labels: web },
        spec: {
          ...(tolerates ? { tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }] } : {}),
          ...(wantsDisk ? { nodeSelector: { disk: 'ssd' } } : {}),
          affinity: { podAntiAffinity },
          topologySpreadConstraints: spreads,
        },
      },
    },
  }
}

function inventoryOf(machines: readonly Machine[]) {
  const nodes = machines.map(({ name, labels, state }): Entry => {
    const taints = state === 'tainted' ? [{ key: 'gpu', effect: 'NoSchedule' }] : []
    const spec = { taints, ...(state === 'cordoned' ? { unschedulable: true } : {}) }
    const status = { conditions: [{ type: 'Ready', status: state === 'lost' ? 'Unknown' : 'True' }] }
    return { kind: 'Node', namespace: '', name, object: { metadata: { name, labels }, spec, status } }
  })
  const namespace = { metadata: { name: 'default', labels: teamOfNamespace } }
  return buildInventory([...nodes, { kind: 'Namespace', namespace: '', name: 'default', object: namespace }], {
    complete: true,
  })
}

/** The reasons for which a policy says that pods will stay Pending. */
function reasonsOf(policy: Policy, asks: Asks, replicas: number, machines: readonly Machine[]): string[] {
  const found = policy.check({
    kind: 'Deployment',
    object: workload(asks, replicas),
    namespace: 'default',
    name: 'web',
    params: { allowedHardKeys: [], autoscaling: false },
    review: { operation: 'CREATE', subresource: '', frontEnd: 'webhook' },
    inventory: inventoryOf(machines),
  })
  return [...found].flatMap((each) => ('reason' in each && stuck.has(each.reason) ? [each.reason] : []))
}

const stuck = new Set(['capacity', 'taint-blind', 'affinity-blind', 'min-domains', 'missing-label'])
const hasAnyNode = (asks: Asks, machines: readonly Machine[]) =>
  machines.some((machine) => isWanted(asks, machine) && isTolerated(asks, machine))

t.test('one hard spread: says so exactly where the scheduler leaves a pod Pending', async () => {
  fc.assert(
    fc.property(
      machines,
      spread,
      fc.boolean(),
      fc.boolean(),
      pods,
      dice,
      (all, one, tolerates, wantsDisk, count, dice) => {
        const asks: Asks = { tolerates, wantsDisk, spreads: [one], terms: [] }
        fc.pre(hasAnyNode(asks, all))
        return reasonsOf(topologySpread, asks, count, all).length > 0 === place(asks, all, count, dice) < count
      },
    ),
    { numRuns: 1200 },
  )
})

t.test('several hard spreads: says so only where a pod stays Pending', async () => {
  fc.assert(
    fc.property(
      machines,
      fc.array(spread, { maxLength: 3 }),
      fc.boolean(),
      pods,
      dice,
      (all, spreads, wantsDisk, count, dice) => {
        const asks: Asks = { tolerates: false, wantsDisk, spreads, terms: [] }
        fc.pre(hasAnyNode(asks, all))
        return reasonsOf(topologySpread, asks, count, all).length === 0 || place(asks, all, count, dice) < count
      },
    ),
    { numRuns: 800 },
  )
})

t.test('what the findings say to type heals', async () => {
  fc.assert(
    fc.property(machines, spread, fc.boolean(), pods, dice, (all, one, wantsDisk, count, dice) => {
      const asks: Asks = { tolerates: false, wantsDisk, spreads: [one], terms: [] }
      const reasons = reasonsOf(topologySpread, asks, count, all)
      fc.pre(reasons.length > 0 && !reasons.includes('missing-label'))
      const mended = {
        ...one,
        ...(reasons.includes('taint-blind') ? { nodeTaintsPolicy: 'Honor' as const } : {}),
        ...(reasons.includes('affinity-blind') ? { nodeAffinityPolicy: 'Honor' as const } : {}),
        minDomains: 1,
      }
      return place({ ...asks, spreads: [mended] }, all, count, dice) === count
    }),
    { numRuns: 300 },
  )
})

t.test('one required anti-affinity: says so exactly where the scheduler leaves a pod Pending', async () => {
  fc.assert(
    fc.property(
      machines,
      term,
      fc.boolean(),
      fc.boolean(),
      pods,
      dice,
      (all, one, tolerates, wantsDisk, count, dice) => {
        const asks: Asks = { tolerates, wantsDisk, spreads: [], terms: [one] }
        fc.pre(hasAnyNode(asks, all))
        return reasonsOf(antiAffinity, asks, count, all).length > 0 === place(asks, all, count, dice) < count
      },
    ),
    { numRuns: 1200 },
  )
})

t.test('several required anti-affinities: says so only where a pod stays Pending', async () => {
  fc.assert(
    fc.property(machines, fc.array(term, { maxLength: 3 }), pods, dice, (all, terms, count, dice) => {
      const asks: Asks = { tolerates: false, wantsDisk: false, spreads: [], terms }
      fc.pre(hasAnyNode(asks, all))
      return reasonsOf(antiAffinity, asks, count, all).length === 0 || place(asks, all, count, dice) < count
    }),
    { numRuns: 300 },
  )
})
