import fc from 'fast-check'
import t from 'tap'
import { buildInventory } from '../../src/inventory/files.ts'
import { domainsOf, mayGrow, nodesOfPod, podNodes } from '../../src/sdk/eligible-nodes.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { largestAllocatable } from '../../src/sdk/node-capacity.ts'
import { faultOf } from '../../src/sdk/node-taints.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { formatQuantity } from '../../src/sdk/quantities.ts'
import { zonesOf } from '../../src/sdk/zones.ts'

type Node = Kinds['Node']
interface Taint {
  key: string
  value?: string
  effect: string
}
interface Requirement {
  key: string
  operator: string
  values?: readonly string[]
}
interface Term {
  matchExpressions?: Requirement[]
  matchFields?: Requirement[]
}
interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  tolerationSeconds?: number
}
interface Machine {
  name: string
  labels: Record<string, string>
  taints: Taint[]
  unschedulable: boolean
  ready?: string
}
interface Asks {
  nodeSelector?: Record<string, string>
  terms?: Term[]
  tolerations?: Toleration[]
}

const key = fc.constantFrom('zone', 'disk', 'cores')
const value = fc.constantFrom('a', 'b', '4', '16', '-3', '')
const labels = fc.dictionary(key, value, { maxKeys: 3 })
const effect = fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule')
const taint: fc.Arbitrary<Taint> = fc.record(
  { key: fc.constantFrom('gpu', 'team', 'node.kubernetes.io/unschedulable'), value, effect },
  { requiredKeys: ['key', 'effect'] },
)
const machines: fc.Arbitrary<Machine[]> = fc
  .array(
    fc.record(
      {
        labels,
        taints: fc.array(taint, { maxLength: 2 }),
        unschedulable: fc.boolean(),
        ready: fc.constantFrom('True', 'True', 'False', 'Unknown'),
      },
      { requiredKeys: ['labels', 'taints', 'unschedulable'] },
    ),
    { maxLength: 6 },
  )
  .map((all) => all.map((machine, index) => ({ ...machine, name: `n${index}` })))
const expression: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  fc.record({ key, operator: fc.constantFrom('Gt', 'Lt'), values: fc.constantFrom(['3'], ['4'], ['-4'], ['+15']) }),
)
const byName: fc.Arbitrary<Requirement> = fc.record({
  key: fc.constant('metadata.name'),
  operator: fc.constantFrom('In', 'NotIn'),
  values: fc.constantFrom(['n0'], ['n1'], ['elsewhere']),
})
const term: fc.Arbitrary<Term> = fc.record(
  { matchExpressions: fc.array(expression, { maxLength: 3 }), matchFields: fc.array(byName, { maxLength: 2 }) },
  { requiredKeys: [] },
)
const toleration: fc.Arbitrary<Toleration> = fc.record(
  {
    key: fc.constantFrom('gpu', 'team', '', 'node.kubernetes.io/unschedulable', 'node.kubernetes.io/not-ready'),
    operator: fc.constantFrom('Exists', 'Equal', ''),
    value,
    effect: fc.constantFrom('', 'NoSchedule', 'NoExecute'),
    tolerationSeconds: fc.constantFrom(0, 300),
  },
  { requiredKeys: [] },
)
const asks: fc.Arbitrary<Asks> = fc.record(
  {
    nodeSelector: labels,
    terms: fc.array(term, { minLength: 1, maxLength: 3 }),
    tolerations: fc.array(toleration, { maxLength: 3 }),
  },
  { requiredKeys: [] },
)

function nodeOf({ name, labels, taints, unschedulable, ready }: Machine): Node {
  return {
    metadata: { name, labels },
    spec: { taints, ...(unschedulable ? { unschedulable } : {}) },
    status: {
      conditions: [{ type: 'MemoryPressure', status: 'False' }, ...(ready ? [{ type: 'Ready', status: ready }] : [])],
    },
  }
}

function specOf({ nodeSelector, terms, tolerations }: Asks): object {
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } }
  return {
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(terms ? { affinity: { nodeAffinity } } : {}),
    ...(tolerations ? { tolerations } : {}),
  }
}

// The oracle: one sentence of the documentation after the other, for one node at a time.

function fits(requirement: Requirement, given: Record<string, string>): boolean {
  const label = Object.entries(given).find(([name]) => name === requirement.key)?.[1]
  const listed = (requirement.values ?? []).some((wanted) => wanted === label)
  switch (requirement.operator) {
    case 'In':
      return listed
    case 'NotIn':
      return !listed
    case 'Exists':
      return label !== undefined
    case 'DoesNotExist':
      return label === undefined
    default: {
      if (label === undefined || label.trim() === '' || !Number.isInteger(Number(label))) return false
      const difference = Number(label) - Number(requirement.values?.[0])
      return requirement.operator === 'Gt' ? difference > 0 : difference < 0
    }
  }
}

function matches({ nodeSelector = {}, terms }: Asks, { labels, name }: Machine): boolean {
  const selected = Object.entries(nodeSelector).every(([key, value]) =>
    fits({ key, operator: 'In', values: [value] }, labels),
  )
  const any = terms?.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false
    return (
      matchExpressions.every((each) => fits(each, labels)) &&
      matchFields.every((each) => fits(each, { 'metadata.name': name }))
    )
  })
  return selected && (any ?? true)
}

function tolerates({ tolerations = [] }: Asks, machine: Machine): boolean {
  const all = [...machine.taints]
  if (machine.unschedulable) all.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })
  if (machine.ready === 'False') all.push({ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' })
  if (machine.ready === 'Unknown') all.push({ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' })
  const hard = all.filter(({ effect }) => effect !== 'PreferNoSchedule')
  return hard.every((taint) =>
    tolerations.some((toleration) => {
      const anyEffect = (toleration.effect ?? '') === '' || toleration.effect === taint.effect
      const anyKey = (toleration.key ?? '') === '' || toleration.key === taint.key
      const anyValue = toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '')
      return anyEffect && anyKey && anyValue
    }),
  )
}

const names = (nodes: readonly Node[]) => nodes.map(({ metadata }) => metadata?.name)

t.test('finds the nodes that the documentation describes', async () => {
  fc.assert(
    fc.property(machines, asks, (all, wanted) => {
      const found = podNodes(specOf(wanted), all.map(nodeOf))
      if (found === unknown) throw new Error('nothing here is unknown')
      const same = (list: readonly Node[], test: (machine: Machine) => boolean) =>
        names(list).join() ===
        all
          .filter(test)
          .map(({ name }) => name)
          .join()
      return (
        same(found.matching, (machine) => matches(wanted, machine)) &&
        same(found.tolerated, (machine) => tolerates(wanted, machine)) &&
        same(found.eligible, (machine) => matches(wanted, machine) && tolerates(wanted, machine))
      )
    }),
    { numRuns: 2000 },
  )
})

const terms = (...nodeSelectorTerms: unknown[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
})
const expressions = (...matchExpressions: unknown[]) => terms({ matchExpressions })
const ready = (name: string, labels: Record<string, string> = {}, spec: Node['spec'] = {}): Node => ({
  metadata: { name, labels },
  spec,
  status: { conditions: [{ type: 'Ready', status: 'True' }], allocatable: { cpu: '4' } },
})

t.test('what nobody can read is not guessed', async (t) => {
  const nodes = [
    ready('n0', { zone: 'a', odd: '${ODD}' }, { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }),
    ready('n1'),
  ]
  const unreadable: unknown[] = [
    { nodeSelector: { zone: '${ZONE}' } },
    { nodeSelector: 'zone=a' },
    { nodeSelector: { zone: 1 } },
    { nodeSelector: { odd: 'x' } },
    terms(),
    { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: 'a' } } } },
    terms('a'),
    terms({ matchExpressions: 'a' }),
    terms({ matchFields: [{ key: 'spec.unschedulable', operator: 'In', values: ['true'] }] }),
    terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n0', 'n1'] }] }),
    terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['${NODE}'] }] }),
    terms({ matchFields: [{ key: 'metadata.name', operator: 'Exists' }] }),
    expressions({ key: 'zone', operator: 'Is', values: ['a'] }),
    expressions({ key: 'zone', operator: 'Gt', values: ['a'] }),
    expressions({ key: 'zone', operator: 'Gt', values: ['1', '2'] }),
    expressions({ key: 'zone', operator: 'Lt', values: ['9223372036854775808'] }),
    expressions({ key: 'odd', operator: 'Lt', values: ['1'] }),
    { tolerations: 'all' },
    { tolerations: ['all'] },
    { tolerations: [{ key: 1, operator: 'Exists' }] },
    { tolerations: [{ key: '${KEY}', operator: 'Exists' }] },
    { tolerations: [{ key: 'gpu', operator: '${OPERATOR}' }] },
    { nodeSelector: { zone: 'a'.repeat(20_000) } },
  ]
  for (const spec of unreadable) t.equal(podNodes(spec, nodes), unknown, JSON.stringify(spec).slice(0, 200))
})

t.test('a variable decides only where it matters', async (t) => {
  const nodes = [
    ready('n0', { zone: 'a' }, { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }),
    ready('n1', { zone: 'b' }),
  ]
  const eligible = (spec: unknown) => {
    const found = podNodes(spec, nodes)
    return found === unknown ? 'unknown' : names(found.eligible)
  }
  t.strictSame(eligible({ tolerations: [{ key: '${KEY}', operator: 'Exists', effect: 'NoExecute' }] }), ['n1'])
  t.strictSame(eligible({ tolerations: [{ operator: 'Exists' }, { key: '${KEY}' }] }), ['n0', 'n1'])
  t.strictSame(
    eligible({ tolerations: [{ key: 'gpu', operator: 'Gt', value: '3' }] }),
    ['n0', 'n1'],
    'an operator of tomorrow',
  )
  t.strictSame(
    eligible(
      terms(
        { matchExpressions: [{ key: 'zone', operator: 'Exists' }] },
        { matchExpressions: [{ key: '${KEY}', operator: 'Exists' }] },
      ),
    ),
    ['n1'],
  )
  t.strictSame(eligible(terms({}, null, { matchExpressions: [] })), [], 'terms without a requirement match nothing')
  t.strictSame(eligible({ nodeSelector: null, affinity: null, tolerations: null }), ['n1'])
})

t.test('of an inventory', async (t) => {
  const entry = (object: Node) => ({ kind: 'Node' as const, namespace: '', name: object.metadata?.name ?? '', object })
  const inventoryOf = (...nodes: Node[]) => buildInventory(nodes.map(entry), { complete: true })
  t.strictSame(nodesOfPod({}, inventoryOf()), { unresolved: 'Node' }, 'no node is known')
  t.strictSame(nodesOfPod({}, inventoryOf(ready('n0'), ready('n0', { zone: 'a' }))), { unresolved: 'Node' }, 'variants')
  t.strictSame(nodesOfPod({ nodeSelector: { a: '${A}' } }, inventoryOf(ready('n0', { a: 'b' }))), {
    unresolved: 'value',
  })

  const zone = 'topology.kubernetes.io/zone'
  const inventory = inventoryOf(
    ready('n0', { [zone]: 'a' }),
    ready('n1', { [zone]: 'b', 'karpenter.sh/nodepool': 'x' }),
    ready('n2', { [zone]: 'b' }),
    ready('n3'),
    ready('n4', { [zone]: 'c' }, { unschedulable: true }),
  )
  const found = nodesOfPod({}, inventory)
  if ('unresolved' in found) return t.fail('is known')
  t.strictSame([...zonesOf(found.eligible)], ['a', 'b'])
  t.strictSame(domainsOf(found.eligible, zone), {
    nodes: new Map([
      ['a', 1],
      ['b', 2],
    ]),
    without: 1,
  })
  t.equal(domainsOf(found.matching, zone).nodes.size, 3)
  const cpu = largestAllocatable(found.eligible, 'cpu')
  t.equal(cpu && formatQuantity(cpu), '4')
  t.equal(mayGrow(found, false), true)
  t.strictSame(found.all.map(faultOf), [undefined, undefined, undefined, undefined, 'cordoned'])
  t.equal(nodesOfPod({ containers: [] }, inventory), found, 'pods that ask for the same get the same lists')
})

t.test('the faults of nodes', async (t) => {
  const condition = (status: string): Node => ({ status: { conditions: [{ type: 'Ready', status }] } })
  t.equal(faultOf({}), undefined, 'a file may say nothing of readiness')
  t.equal(faultOf(condition('False')), 'not ready')
  t.equal(faultOf(condition('Unknown')), 'not ready')
  t.equal(faultOf({ spec: { taints: [{ key: 'gpu', effect: 'NoExecute' }] } }), 'tainted')
  t.equal(faultOf({ spec: { taints: [{ key: 'gpu', effect: 'PreferNoSchedule' }] } }), undefined)
})

t.test('never throws, whatever stands there', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      // Hostile on purpose: the types promise nothing at run time.
      const nodes = [a, b, { metadata: a, spec: b, status: { conditions: a } }, { spec: { taints: a } }].filter(
        (node) => typeof node === 'object' && node !== null,
      ) as Node[]
      podNodes(a, nodes)
      podNodes({ nodeSelector: a, tolerations: b, affinity: { nodeAffinity: a } }, nodes)
      podNodes({ ...terms(a, { matchExpressions: b, matchFields: a }), tolerations: [a, { key: b }] }, nodes)
      domainsOf(nodes, '__proto__')
      nodes.map(faultOf)
    }),
  )
  podNodes({ tolerations: [{ tolerationSeconds: 12345678901234567890n }] }, [ready('n0')])
})

t.test('one answer for all pods that ask for the same, of a thousand nodes', async (t) => {
  const nodes = Array.from({ length: 1000 }, (_, index) => ready(`n${index}`, { zone: `z${index % 3}` }))
  const first = podNodes({ nodeSelector: { zone: 'z1' } }, nodes)
  for (let index = 0; index < 1000; index++)
    if (podNodes({ nodeSelector: { zone: 'z1' }, containers: [{ name: `c${index}` }] }, nodes) !== first)
      t.fail(`pod ${index} has an answer of its own`)
  t.not(podNodes({ nodeSelector: { zone: 'z2' } }, nodes), first)
})
