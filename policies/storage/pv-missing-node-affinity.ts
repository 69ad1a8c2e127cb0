import { unknown } from '../../src/sdk/inventory.ts'
import { brief } from '../../src/sdk/names.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { oncePerList } from '../../src/sdk/once-per-list.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { provisionerParams } from '../../src/sdk/provisioners.ts'
import { listOf, memberOf, recordOf, stringOf } from '../../src/sdk/shape.ts'
import { isVariable } from '../../src/sdk/variables.ts'
import { affinityTerms, driverOf, reachOfVolume } from '../../src/sdk/volumes.ts'
import { areDisjoint, volumeLabels, zonesOfTerms, zonesOfVolumeLabel } from '../../src/sdk/zone-sets.ts'

const snippet = `spec:
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions:
            - {key: topology.kubernetes.io/zone, operator: In, values: [eu-west-1a]}`

const ebs = 'csi: { driver: ebs.csi.aws.com, volumeHandle: vol-0a1b2c3d4e5f60718 }'
const volume = (source: string, labels = '') =>
  `{ kind: PersistentVolume, metadata: { name: data${labels === '' ? '' : `, labels: { ${labels} }`} }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteOnce], ${source} } }`
const terms = (...each: string[]) => `nodeAffinity: { required: { nodeSelectorTerms: [${each.join(', ')}] } }`
const term = (key: string, ...values: string[]) =>
  `{ matchExpressions: [{ key: ${key}, operator: In, values: [${values.join(', ')}] }] }`
const node = `{ kind: Node, metadata: { name: n1, labels: { topology.kubernetes.io/zone: eu-west-1a, kubernetes.io/hostname: n1 } } }`
const zone = 'topology.kubernetes.io/zone'

export default definePolicy({
  id: 'storage-pv-missing-node-affinity',
  summary: 'A PersistentVolume that lives in one zone or on one node says so, by a label that nodes carry.',
  signatures: ['volume-affinity-conflict', 'pending-pods'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'component-helpers/storage/volume/helpers.go',
    'kubernetes/pkg/scheduler/framework/plugins/volumezone/volume_zone.go',
    'kubernetes/pkg/apis/core/validation/validation.go',
    'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity',
  ],
  on: ['PersistentVolume'],
  reads: ['Node'],
  reasons: {
    missing: {
      baseline: 'warn',
      strict: 'deny',
      why: 'The scheduler takes a volume without node affinity to be reachable from everywhere; on a node of another zone it is never attached, and the pod hangs in ContainerCreating.',
      snippet,
    },
    'foreign-key': {
      baseline: 'warn',
      why: 'The scheduler compares the labels of nodes with exactly this key; as no node has it, no pod with this volume is ever placed.',
      snippet,
    },
    'label-disagrees': {
      baseline: 'deny',
      why: 'The scheduler obeys the zone label and the node affinity alike, and no node is in both zones: no pod with this volume is ever placed.',
      snippet,
    },
    'local-volume': {
      baseline: 'deny',
      api: true,
      why: 'The API server refuses a local volume that does not say on which node it is.',
      snippet,
    },
  },
  params: provisionerParams,
  examples: {
    passes: [
      {
        name: 'a disk that says its zone',
        object: volume(`${ebs}, ${terms(term(zone, 'eu-west-1a'))}`),
        inventory: node,
      },
      {
        name: 'the zone label alone binds the scheduler too',
        object: volume(ebs, `${zone}: eu-west-1a`),
        inventory: node,
      },
      {
        name: 'files are reachable from everywhere',
        object: volume('csi: { driver: efs.csi.aws.com, volumeHandle: fs-0a1b2c3d }'),
        inventory: node,
      },
      { name: 'NFS too', object: volume('nfs: { server: nfs.example.com, path: /data }'), inventory: node },
      {
        name: 'a zone-redundant disk of Azure',
        object: volume(
          'csi: { driver: disk.csi.azure.com, volumeHandle: d1, volumeAttributes: { skuname: Premium_ZRS } }',
        ),
        inventory: node,
      },
      {
        name: 'one of two terms has a key that nodes carry',
        object: volume(
          `${ebs}, ${terms(term('topology.ebs.csi.aws.com/zone', 'eu-west-1a'), term(zone, 'eu-west-1a'))}`,
        ),
        inventory: node,
      },
      {
        name: 'label and affinity name one zone, by different keys',
        object: volume(`${ebs}, ${terms(term('topology.ebs.csi.aws.com/zone', 'eu-west-1a'))}`, `${zone}: eu-west-1a`),
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.ebs.csi.aws.com/zone: eu-west-1a } } }`,
      },
      {
        name: 'the label of a regional disk lists its zones',
        object: volume(
          `csi: { driver: pd.csi.storage.gke.io, volumeHandle: d1 }, ${terms(term('topology.gke.io/zone', 'a', 'b'))}`,
          `${zone}: a__b`,
        ),
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.gke.io/zone: a } } }`,
      },
      {
        name: 'a node that must not have a label',
        object: volume(
          `${ebs}, ${terms('{ matchExpressions: [{ key: example.com/no-disks, operator: DoesNotExist }] }')}`,
        ),
        inventory: node,
      },
      {
        name: 'the bare number of Azure is no zone to disagree with',
        object: volume(
          `csi: { driver: disk.csi.azure.com, volumeHandle: d1 }, ${terms(term(zone, 'eu-1'))}`,
          `${zone}: "0"`,
        ),
        inventory: node,
      },
    ],
    fails: [
      { name: 'a disk that says nothing', object: volume(ebs), inventory: node, finds: ['missing /spec/nodeAffinity'] },
      {
        name: 'a disk of an in-tree driver',
        object: volume('gcePersistentDisk: { pdName: data }'),
        inventory: node,
        finds: ['missing /spec/nodeAffinity'],
      },
      {
        name: 'a volume of one node: the zone is not enough',
        object: volume('csi: { driver: topolvm.io, volumeHandle: v1 }', `${zone}: eu-west-1a`),
        inventory: node,
        finds: ['missing /spec/nodeAffinity'],
      },
      {
        name: 'a driver that the settings call zonal',
        object: volume('csi: { driver: csi.example.com, volumeHandle: v1 }'),
        params: { zonalProvisioners: ['csi.example.com'] },
        inventory: node,
        finds: ['missing /spec/nodeAffinity'],
      },
      {
        name: 'the key of the driver, which no node carries',
        object: volume(`${ebs}, ${terms(term('topology.ebs.csi.aws.com/zone', 'eu-west-1a'))}`),
        inventory: node,
        finds: ['foreign-key /spec/nodeAffinity/required/nodeSelectorTerms/0/matchExpressions/0/key'],
      },
      {
        name: 'label and affinity name two zones',
        object: volume(`${ebs}, ${terms(term(zone, 'eu-west-1a'))}`, `${zone}: eu-west-1b`),
        inventory: node,
        finds: ['label-disagrees /metadata/labels/topology.kubernetes.io~1zone'],
      },
      {
        name: 'a local volume, in the words of the API server',
        object: volume('local: { path: /mnt/disks/ssd1 }, storageClassName: local'),
        frontEnd: 'check',
        finds: ['local-volume /spec/nodeAffinity'],
      },
      {
        name: 'nodes that are not known',
        object: volume(`${ebs}, ${terms(term('topology.ebs.csi.aws.com/zone', 'eu-west-1a'))}`),
        unknown: ['Node'],
        finds: ['unresolved Node'],
      },
      {
        name: 'what a variable stands for is not known',
        object: volume(`${ebs}, ${terms(term(zone, '"${ZONE}"'))}`, `${zone}: eu-west-1b`),
        inventory: node,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ object, name, params, inventory }) {
    const terms = affinityTerms(object)
    const nodes = inventory.list('Node')
    const own = `PV ${brief(name)}`
    if (!terms) {
      if (recordOf(object.spec?.local)) {
        yield {
          reason: 'local-volume',
          path: '/spec/nodeAffinity',
          message: `${own}: Local volume requires node affinity`,
          fix: 'set spec.nodeAffinity.required to kubernetes.io/hostname of the node that has the disk',
        }
        return
      }
      const reach = reachOfVolume(object, params, nodes)
      if (reach === unknown) yield unresolved('value')
      const labelled = volumeLabels.some((key) => memberOf(object.metadata?.labels, key) !== undefined)
      if (reach !== 'node-local' && (reach !== 'zonal' || labelled)) return
      yield {
        reason: 'missing',
        path: '/spec/nodeAffinity',
        message: `${own} of ${reach} ${brief(driverOf(object) ?? '')} has no nodeAffinity`,
        fix: `set spec.nodeAffinity.required to the ${reach === 'zonal' ? 'zone' : 'node'} of the volume; it can be set once`,
      }
      return
    }
    const labelled = zonesOfVolumeLabel(object.metadata?.labels)
    const bound = zonesOfTerms(terms)
    if (labelled === unknown || bound === unknown) {
      yield unresolved('value')
      return
    }
    if (labelled && bound && areDisjoint(labelled, bound)) {
      const key = volumeLabels.find((key) => memberOf(object.metadata?.labels, key) !== undefined) ?? ''
      yield {
        reason: 'label-disagrees',
        path: pointer('metadata', 'labels', key),
        message: `${own} is labelled ${listed(labelled)}, its nodeAffinity says ${listed(bound)}`,
        fix: `set the label ${key} to the zone of the volume; nodeAffinity cannot be changed`,
      }
      return
    }
    if (nodes === unknown || nodes.length === 0) {
      yield unresolved('Node')
      return
    }
    const lacking = terms.map((term, index) => foreignKey(term, index, carriedKeys(nodes)))
    const [first] = lacking
    // One term whose keys are all there is enough.
    if (!first || lacking.includes(undefined)) return
    yield {
      reason: 'foreign-key',
      path: first.path,
      message: `${own}: no node carries ${brief(first.key, 63)}, which its nodeAffinity asks for`,
      fix: `recreate it (policy Retain keeps the disk) with a key of the nodes, such as ${zone}`,
    }
  },
})

/** A label that a term asks for and no node has, and where. */
function foreignKey(
  term: unknown,
  index: number,
  carried: ReadonlySet<string>,
): { readonly key: string; readonly path: string } | undefined {
  for (const [place, expression] of listOf(memberOf(term, 'matchExpressions')).entries()) {
    const key = stringOf(memberOf(expression, 'key'))
    if (key === undefined || isVariable(key) || !needsLabel.has(memberOf(expression, 'operator'))) continue
    if (carried.has(key)) continue
    const path = pointer('spec', 'nodeAffinity', 'required', 'nodeSelectorTerms', index)
    return { key, path: path + pointer('matchExpressions', place, 'key') }
  }
  return undefined
}

const carriedKeys = oncePerList(
  (nodes: readonly Kinds['Node'][]) =>
    new Set(nodes.flatMap(({ metadata }) => Object.keys(recordOf(metadata?.labels) ?? {}))),
)

const needsLabel: ReadonlySet<unknown> = new Set(['In', 'Exists', 'Gt', 'Lt'])

function listed(zones: ReadonlySet<string>): string {
  const [first = '', ...others] = zones
  return `${brief(first, 20)}${others.length > 0 ? ` and ${others.length} more` : ''}`
}
