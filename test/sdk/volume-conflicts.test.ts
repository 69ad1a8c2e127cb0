import fc from 'fast-check'
import t from 'tap'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { podNodes } from '../../src/sdk/eligible-nodes.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { podVolumes } from '../../src/sdk/volume-constraints.ts'
import { volumeConflict } from '../../src/sdk/volume-conflicts.ts'
import { areDisjoint, zonesOfTerms, zonesOfVolumeLabel } from '../../src/sdk/zone-sets.ts'

type Labels = { readonly [key: string]: string }
interface Expression {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values?: readonly string[]
}
type Terms = readonly (readonly Expression[])[]
interface World {
  readonly selector: Labels
  readonly affinity: Terms | undefined
  readonly volumes: readonly { readonly affinity: Terms | undefined; readonly label: string | undefined }[]
  readonly topologies: readonly (readonly { readonly key: string; readonly values: readonly string[] }[])[]
  readonly nodes: readonly Labels[]
}

const ga = 'topology.kubernetes.io/zone'
const ebs = 'topology.ebs.csi.aws.com/zone'
const zones = ['a', 'b', 'c']

// The scheduler, step by step and node by node: NodeAffinity, VolumeBinding for bound and for unbound claims, VolumeZone.
function meets(labels: Labels, { key, operator, values = [] }: Expression): boolean {
  const value = labels[key]
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  if (operator === 'In') return value !== undefined && values.includes(value)
  return value === undefined || !values.includes(value)
}

function meetsTerms(labels: Labels, terms: Terms | undefined): boolean {
  return terms === undefined || terms.some((term) => term.length > 0 && term.every((each) => meets(labels, each)))
}

function asksFor(labels: Labels, { selector, affinity }: World): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value) && meetsTerms(labels, affinity)
}

function reaches(labels: Labels, { volumes, topologies }: World): boolean {
  for (const { affinity, label } of volumes) {
    if (!meetsTerms(labels, affinity)) return false
    if (label !== undefined && labels[ga] !== undefined && !label.split('__').includes(labels[ga])) return false
  }
  return (
    topologies.length === 0 ||
    topologies.some((term) => term.length > 0 && term.every(({ key, values }) => values.includes(labels[key] ?? '')))
  )
}

// Constraints by zone only, or also by labels that zones say nothing of.
const subset = fc.subarray(zones, { minLength: 1 })
const zoneExpression = fc.record({
  key: fc.constantFrom(ga, ebs),
  operator: fc.constant('In' as const),
  values: subset,
})
const anyExpression: fc.Arbitrary<Expression> = fc.oneof(
  { weight: 3, arbitrary: zoneExpression },
  fc.record({ key: fc.constantFrom(ga, 'disk'), operator: fc.constant('NotIn' as const), values: subset }),
  fc.record({
    key: fc.constantFrom(ga, 'disk'),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
  }),
)
const terms = (expression: fc.Arbitrary<Expression>): fc.Arbitrary<Terms | undefined> =>
  fc.option(fc.array(fc.array(expression, { maxLength: 2 }), { minLength: 1, maxLength: 2 }), { nil: undefined })
const world = (expression: fc.Arbitrary<Expression>, nodes: fc.Arbitrary<Labels[]>): fc.Arbitrary<World> =>
  fc.record({
    selector: fc.option(fc.dictionary(fc.constantFrom(ga, ebs), fc.constantFrom(...zones), { maxKeys: 1 }), {
      nil: {},
    }),
    affinity: terms(expression),
    volumes: fc.array(
      fc.record({
        affinity: terms(expression),
        label: fc.option(
          subset.map((each) => each.join('__')),
          { nil: undefined },
        ),
      }),
      { maxLength: 3 },
    ),
    topologies: fc.array(fc.array(fc.record({ key: fc.constantFrom(ga, ebs), values: subset }), { maxLength: 2 }), {
      maxLength: 2,
    }),
    nodes,
  })
const loose = fc.array(fc.dictionary(fc.constantFrom(ga, ebs, 'disk'), fc.constantFrom(...zones)), {
  minLength: 1,
  maxLength: 4,
})
/** One node in each zone, all of whose labels agree. */
const coherent = fc.constant(zones.map((zone) => ({ [ga]: zone, [ebs]: zone })))

function judge(world: World, nodes: 'known' | 'unknown') {
  const { spec, constraints } = built(world)
  const list = world.nodes.map((labels): Kinds['Node'] => ({ metadata: { labels } }))
  const known = nodes === 'known' ? podNodes(spec, list) : undefined
  if (known === unknown) throw new Error('nothing here is a variable')
  return volumeConflict(spec, constraints, known)
}

function built({ selector, affinity, volumes, topologies }: World) {
  const selectorTerms = (terms: Terms) => ({ nodeSelectorTerms: terms.map((each) => ({ matchExpressions: each })) })
  const entry = (kind: Entry['kind'], namespace: string, name: string, object: object): Entry => ({
    kind,
    namespace,
    name,
    object: { metadata: { name, namespace, ...(object as { metadata?: object }).metadata }, ...without(object) },
  })
  const without = ({ metadata: _metadata, ...rest }: { metadata?: unknown }) => rest
  const entries = volumes.flatMap(({ affinity, label }, i) => [
    entry('PersistentVolumeClaim', 'shop', `claim-${i}`, { spec: { volumeName: `pv-${i}` } }),
    entry('PersistentVolume', '', `pv-${i}`, {
      metadata: label === undefined ? {} : { labels: { [ga]: label } },
      spec: affinity ? { nodeAffinity: { required: selectorTerms(affinity) } } : {},
    }),
  ])
  const allowedTopologies = topologies.map((matchLabelExpressions) => ({ matchLabelExpressions }))
  const more = [
    entry('StorageClass', '', 'gp3', { provisioner: 'ebs.csi.aws.com', allowedTopologies }),
    entry('PersistentVolumeClaim', 'shop', 'new', { spec: { storageClassName: 'gp3' } }),
  ]
  const names = [...volumes.map((_, i) => `claim-${i}`), 'new']
  const spec = {
    nodeSelector: selector,
    ...(affinity
      ? { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: selectorTerms(affinity) } } }
      : {}),
    volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  }
  const inventory = buildInventory([...entries, ...more], { complete: true })
  const { pods } = podVolumes('Pod', { spec }, 'shop', inventory)
  return { spec, constraints: pods[0]?.constraints ?? [] }
}

t.test('a conflict is found where the scheduler finds no node, and nowhere else', async (t) => {
  let [conflicts, free] = [0, 0]
  fc.assert(
    fc.property(world(anyExpression, loose), (world) => {
      const matching = world.nodes.filter((labels) => asksFor(labels, world))
      const possible = matching.some((labels) => reaches(labels, world))
      const conflict = judge(world, 'known')
      if (possible) free++
      else if (conflict) conflicts++
      // A pod that may run nowhere at all is another rule's, unless zones alone say why.
      return possible ? conflict === undefined : conflict !== undefined || matching.length === 0
    }),
    { numRuns: 2000 },
  )
  t.ok(conflicts > 100 && free > 100, `${conflicts} conflicts, ${free} without`)
})

t.test('what zones alone prove holds for every node that may ever come', async (t) => {
  let proven = 0
  fc.assert(
    fc.property(world(anyExpression, fc.constant([])), fc.constantFrom(...zones), fc.boolean(), (world, zone, disk) => {
      const conflict = judge(world, 'unknown')
      if (!conflict) return true
      proven++
      const labels = { [ga]: zone, [ebs]: zone, ...(disk ? { disk: zone } : {}) }
      return !(asksFor(labels, world) && reaches(labels, world))
    }),
    { numRuns: 2000 },
  )
  t.ok(proven > 100, `${proven} proven`)
})

t.test('where zones are all that is asked for, they prove every conflict', async () => {
  fc.assert(
    fc.property(world(zoneExpression, coherent), (world) => {
      const { constraints } = built(world)
      const possible = world.nodes.some((labels) => asksFor(labels, world) && reaches(labels, world))
      // A constraint that contradicts itself is no conflict between two.
      const sound = world.nodes.some((labels) => asksFor(labels, world))
      const each = constraints.every(({ test }) =>
        world.nodes.some((labels) => test({ metadata: { labels } }) === true),
      )
      return !sound || !each || (judge(world, 'unknown') === undefined) === possible
    }),
    { numRuns: 2000 },
  )
})

t.test('zones of constraints', async (t) => {
  const zone = (...values: string[]) => ({ matchExpressions: [{ key: ga, operator: 'In', values }] })
  t.strictSame(zonesOfTerms([zone('a'), zone('b')]), new Set(['a', 'b']), 'terms are alternatives')
  t.equal(zonesOfTerms([zone('a'), { matchExpressions: [{ key: 'disk', operator: 'Exists' }] }]), undefined)
  t.strictSame(zonesOfTerms([zone('a'), {}]), new Set(['a']), 'a term that asks for nothing matches nothing')
  t.equal(zonesOfTerms([zone('0', 'eu-1')]), undefined, 'Azure has no zone 0')
  t.equal(zonesOfTerms([zone('a'), zone('${ZONE}')]), unknown)
  t.strictSame(zonesOfVolumeLabel({ [ga]: 'a__b' }), new Set(['a', 'b']))
  t.strictSame(
    zonesOfVolumeLabel({ [ga]: 'a__b', 'failure-domain.beta.kubernetes.io/zone': 'b' }),
    new Set(['b']),
    'both labels count',
  )
  t.notOk(areDisjoint(new Set(), new Set(['a'])), 'what leaves nothing contradicts itself')
})

t.test('the claims of a StatefulSet, replica by replica', async (t) => {
  const volume = (zone: string) => ({
    spec: {
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ga, operator: 'In', values: [zone] }] }] },
      },
    },
  })
  const entries = ['0', '1', '2', '10', 'x'].flatMap((ordinal, i): Entry[] => {
    const [claimName, name] = [`data-db-${ordinal}`, `pv-${ordinal}`]
    const claim = { metadata: { name: claimName }, spec: { volumeName: name } }
    return [
      { kind: 'PersistentVolumeClaim', namespace: 'shop', name: claimName, object: claim },
      { kind: 'PersistentVolume', namespace: '', name, object: { metadata: { name }, ...volume(zones[i % 3] ?? '') } },
    ]
  })
  const inventory = buildInventory(entries, { complete: true })
  const ordinals = (spec: object, only?: number) => {
    const object = {
      metadata: { name: 'db' },
      spec: { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }], ...spec },
    }
    return podVolumes('StatefulSet', object, 'shop', inventory, only).pods.map(({ ordinal }) => ordinal)
  }
  t.strictSame(ordinals({}), [0])
  t.strictSame(ordinals({ replicas: 2 }), [0, 1])
  t.strictSame(ordinals({ replicas: 4 }), [0, 1, 2, undefined], 'the last has no claims yet')
  t.strictSame(ordinals({ replicas: 10, ordinals: { start: 1 } }).slice(0, 3), [1, 2, 10])
  t.strictSame(ordinals({ replicas: 4 }, 1), [1], 'one alone')
  t.strictSame(ordinals({ replicas: 4 }, 3), [], 'it has no claim yet')
  t.strictSame(ordinals({ replicas: 2 }, 2), [], 'it is no replica')
})

t.test('never throws, whatever stands there', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const claim = { metadata: { name: 'c' }, spec: { volumeName: 'v' } }
      const wild = { metadata: { labels: a }, spec: { nodeAffinity: { required: { nodeSelectorTerms: b } } } }
      const inventory = buildInventory(
        [
          { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'c', object: claim },
          { kind: 'PersistentVolume', namespace: '', name: 'v', object: wild },
        ],
        { complete: true },
      )
      const spec = { nodeSelector: b, affinity: a, volumes: [{ persistentVolumeClaim: { claimName: 'c' } }, a] }
      const { pods } = podVolumes('Pod', { spec }, 'shop', inventory)
      // Nodes of a cluster are validated; labels of any type cost nothing more.
      const nodes = podNodes(spec, [{ metadata: { labels: a } } as object])
      volumeConflict(spec, pods[0]?.constraints ?? [], nodes === unknown ? undefined : nodes)
    }),
  )
})
