import fc from 'fast-check'
import { podSpec } from '../e2e/support/objects.ts'
import { gpu, keyOf, onlyHere, type NodePlan } from './case-nodes.ts'
import type { Place } from './place.ts'

interface Spread {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly whenUnsatisfiable: string
  readonly labelSelector?: object
  readonly nodeAffinityPolicy?: string
}

interface Term {
  readonly topologyKey: string
}

/** A workload, the nodes that there are for it, and what it asks of them. */
export interface SchedulingPlan {
  readonly nodes: readonly NodePlan[]
  readonly kind: 'Deployment' | 'StatefulSet' | 'ReplicaSet'
  readonly replicas: number
  readonly tolerations: readonly object[]
  readonly disk: boolean
  readonly cpu: string
  /** Terms of a required node affinity. */
  readonly affinity: readonly AffinityTerm[]
  readonly spreads: readonly Spread[]
  readonly terms: readonly Term[]
}

export interface AffinityTerm {
  readonly matchExpressions: readonly Expression[]
  /** The number of a node, for `metadata.name`. */
  readonly field?: number
}

interface Expression {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export const zoneKey = 'topology.kubernetes.io/zone'
export const hostKey = 'kubernetes.io/hostname'

const zones = ['a', 'b', 'c']
const own = ['host', 'zone', 'rack']
const self = 'self'

const node: fc.Arbitrary<NodePlan> = fc.record({
  labels: fc.record(
    {
      zone: fc.constantFrom(...zones),
      rack: fc.constantFrom('r1', 'r2'),
      disk: fc.constantFrom('ssd', 'ssd', 'hdd'),
      gen: fc.constantFrom('3', '5', 'x'),
      [zoneKey]: fc.constantFrom(...zones),
    },
    { requiredKeys: [] },
  ),
  state: fc.constantFrom('fine', 'fine', 'fine', 'fine', 'cordoned', 'NoSchedule', 'NoExecute', 'PreferNoSchedule'),
  cpu: fc.constantFrom('1', '2', '4'),
})
const nodes = fc.array(fc.tuple(node, fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 6 }).map((all) =>
  all.map(([{ labels, ...rest }, dice], index) => ({
    ...rest,
    labels: { ...labels, ...(dice > 0 ? { host: `n${index}` } : {}) },
  })),
)

const selector = fc.constantFrom<object[]>(
  ...[{ matchLabels: { app: self } }, { matchLabels: { app: self } }, { matchLabels: { app: self } }, {}],
  ...[{ matchLabels: { app: 'other' } }, { matchExpressions: [{ key: 'app', operator: 'Exists' }] }],
)
// Other cases have nodes with the keys that everybody knows, and whoever ignores node affinity counts them.
const spread: fc.Arbitrary<Spread> = fc
  .record(
    {
      topologyKey: fc.constantFrom(...own, ...own, zoneKey, hostKey),
      maxSkew: fc.integer({ min: 1, max: 2 }),
      whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway'),
      minDomains: fc.integer({ min: 1, max: 4 }),
      nodeTaintsPolicy: fc.constantFrom('Honor', 'Ignore'),
      nodeAffinityPolicy: fc.constantFrom('Honor', 'Ignore'),
      labelSelector: selector,
      matchLabelKeys: fc.constant(['pod-template-hash']),
    },
    { requiredKeys: ['topologyKey', 'maxSkew', 'whenUnsatisfiable'] },
  )
  .map(({ nodeAffinityPolicy, minDomains, matchLabelKeys, ...rest }) => ({
    ...rest,
    ...(nodeAffinityPolicy && !rest.topologyKey.includes('/') ? { nodeAffinityPolicy } : {}),
    // The API server takes neither of them without its companion.
    ...(minDomains && rest.whenUnsatisfiable === 'DoNotSchedule' ? { minDomains } : {}),
    ...(matchLabelKeys && rest.labelSelector ? { matchLabelKeys } : {}),
  }))
const keys = fc.subarray(['pod-template-hash', 'absent'], { minLength: 1 })
const term: fc.Arbitrary<Term> = fc
  .record(
    {
      topologyKey: fc.constantFrom(...own, zoneKey, hostKey),
      labelSelector: selector,
      namespaces: fc.subarray([self, 'default'], { minLength: 1 }),
      namespaceSelector: fc.constantFrom<object[]>({}, { matchLabels: { team: 'a' } }, { matchLabels: { team: 'b' } }),
      matchLabelKeys: keys,
      mismatchLabelKeys: keys,
    },
    { requiredKeys: ['topologyKey'] },
  )
  .chain((all) =>
    fc
      .subarray(['namespaces', 'namespaceSelector', 'matchLabelKeys', 'mismatchLabelKeys'] as const, { maxLength: 1 })
      .map((kept) => {
        const { topologyKey, labelSelector } = all
        const extra = kept.filter((key) => all[key] && (labelSelector || !key.includes('LabelKeys')))
        return {
          topologyKey,
          ...(labelSelector ? { labelSelector } : {}),
          ...Object.fromEntries(extra.map((key) => [key, all[key]])),
        }
      }),
  )

const toleration = fc.constantFrom<object[]>(
  { key: gpu, operator: 'Exists' },
  { key: gpu, operator: 'Exists', effect: 'NoSchedule' },
  { key: gpu, operator: 'Equal', value: 'other' },
  { key: gpu },
  { operator: 'Exists' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
)
const node0 = 'NODE-'
const expression: fc.Arbitrary<Expression> = fc.oneof(
  fc.record({
    key: fc.constantFrom('zone', zoneKey),
    operator: fc.constantFrom('In', 'In', 'NotIn'),
    values: fc.subarray(zones, { minLength: 1 }),
  }),
  fc.record({
    key: fc.constant(hostKey),
    operator: fc.constantFrom('In', 'In', 'NotIn'),
    values: fc.subarray([`${node0}0`, `${node0}1`], { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom('rack', 'disk', 'gen'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  fc.record({ key: fc.constant('gen'), operator: fc.constantFrom('Gt', 'Lt'), values: fc.constantFrom(['3'], ['4']) }),
)
const affinityTerm: fc.Arbitrary<AffinityTerm> = fc
  .tuple(fc.array(expression, { maxLength: 2 }), fc.integer({ min: 0, max: 9 }))
  .map(([matchExpressions, dice]) => ({ matchExpressions, ...(dice < 2 ? { field: dice } : {}) }))

export const schedulingPlans: fc.Arbitrary<SchedulingPlan> = fc.record({
  nodes,
  kind: fc.constantFrom('Deployment', 'StatefulSet', 'ReplicaSet'),
  replicas: fc.integer({ min: 1, max: 7 }),
  tolerations: fc.oneof(fc.constant([]), fc.array(toleration, { minLength: 1, maxLength: 2 })),
  disk: fc.integer({ min: 0, max: 5 }).map((dice) => dice === 0),
  cpu: fc.constantFrom('1m', '1m', '1m', '1m', '1m', '1m', '1m', '2', '3', '5'),
  affinity: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(affinityTerm, { minLength: 1, maxLength: 2 }) },
  ),
  ...constraints(),
})

/** Mostly one, of which the rules say to the pod what it does. */
function constraints() {
  const few = <T>(one: fc.Arbitrary<T>, identity: (one: T) => string) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(one, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.uniqueArray(one, { minLength: 1, maxLength: 3, selector: identity }) },
    )
  return {
    // The API server takes a key once.
    spreads: few(spread, ({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`),
    terms: few(term, (each) => JSON.stringify(each)),
  }
}

export function workloadOf(plan: SchedulingPlan, place: Place): object {
  const { kind, replicas, spreads, terms, cpu, disk, affinity } = plan
  const app = place.name
  const { nodeSelector, tolerations } = onlyHere(place)
  const nodeAffinity = affinity.length > 0 && {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: affinity.map((each) => termOf(each, place)) },
  }
  const podAntiAffinity = terms.length > 0 && {
    requiredDuringSchedulingIgnoredDuringExecution: terms.map((each) => placed(each, place)),
  }
  const pod = {
    nodeSelector: { ...nodeSelector, ...(disk ? { [keyOf(place, 'disk')]: 'ssd' } : {}) },
    tolerations: [...tolerations, ...plan.tolerations],
    affinity: { ...(nodeAffinity ? { nodeAffinity } : {}), ...(podAntiAffinity ? { podAntiAffinity } : {}) },
    topologySpreadConstraints: spreads.map((each) => placed(each, place)),
  }
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app } },
      ...(kind === 'StatefulSet' ? { serviceName: 'web', podManagementPolicy: 'Parallel' } : {}),
      template: { metadata: { labels: { app } }, spec: podSpec({ resources: { requests: { cpu } }, pod }) },
    },
  }
}

function termOf({ matchExpressions, field }: AffinityTerm, place: Place): object {
  const expressions = matchExpressions.map(({ key, ...rest }) => ({ key: keyOf(place, key), ...rest }))
  const names = [`${place.name}-${field}`]
  const fields = field === undefined ? {} : { matchFields: [{ key: 'metadata.name', operator: 'In', values: names }] }
  const text = JSON.stringify({ matchExpressions: expressions, ...fields })
  return JSON.parse(text.replaceAll(`"${node0}`, `"${place.name}-`)) as object
}

/** A constraint with the keys and names of its case. */
function placed<T extends { readonly topologyKey: string }>(constraint: T, place: Place): object {
  const text = JSON.stringify({ ...constraint, topologyKey: keyOf(place, constraint.topologyKey) })
  return JSON.parse(text.replaceAll(`"${self}"`, JSON.stringify(place.name))) as object
}
