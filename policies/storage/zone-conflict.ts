import { usersOf, userKinds } from '../../src/sdk/claim-users.ts'
import { nodesOfPod } from '../../src/sdk/eligible-nodes.ts'
import { filedUnder } from '../../src/sdk/filed-lists.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Missing, type Related } from '../../src/sdk/policy.ts'
import { memberOf, stringOf } from '../../src/sdk/shape.ts'
import {
  podVolumes,
  type PodVolumes,
  type VolumeConstraint,
  type VolumeKind,
} from '../../src/sdk/volume-constraints.ts'
import { volumeConflict, type VolumeConflict } from '../../src/sdk/volume-conflicts.ts'
import { affinityTerms } from '../../src/sdk/volumes.ts'
import type { ZoneSet } from '../../src/sdk/zone-sets.ts'

const zoneKey = 'topology.kubernetes.io/zone'
const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const inZone = (zone: string, key = zoneKey) =>
  `affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: ${key}, operator: In, values: [${zone}] }] }] } } },`
const mount = (name: string) => `{ name: ${name}, persistentVolumeClaim: { claimName: ${name} } }`
const deployment = (placed: string, ...claims: string[]) =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 1, strategy: { type: Recreate }, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${placed} containers: [${container}], volumes: [${claims.map(mount).join(', ')}] } } } }`
const statefulSet = (placed: string, replicas = 2) =>
  `{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: ${replicas}, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { ${placed} containers: [${container}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { storageClassName: gp3, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }] } }`
const claim = (name: string, volumeName = '') =>
  `{ kind: PersistentVolumeClaim, metadata: { name: ${name} }, spec: { storageClassName: gp3, ${volumeName === '' ? '' : `volumeName: ${volumeName},`} accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`
const volume = (name: string, zone: string, claimName: string, key = zoneKey, annotations = '') =>
  `{ kind: PersistentVolume, metadata: { name: ${name}, annotations: { ${annotations} } }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteOnce], storageClassName: gp3, csi: { driver: ebs.csi.aws.com, volumeHandle: ${name} }, claimRef: { kind: PersistentVolumeClaim, namespace: default, name: ${claimName} }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ${key}, operator: In, values: [${zone}] }] }] } } } }`
const node = (zone: string, labels = '') =>
  `{ kind: Node, metadata: { name: n-${zone}, labels: { ${labels} ${zoneKey}: ${zone}, kubernetes.io/hostname: n-${zone} } } }`
const storageClass = (zones = '') =>
  `{ kind: StorageClass, metadata: { name: gp3 }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer${zones === '' ? '' : `, allowedTopologies: [{ matchLabelExpressions: [{ key: ${zoneKey}, values: [${zones}] }] }]`} }`
const files = (...documents: string[]) => documents.join('\n---\n')
const bound = (name: string, zone: string, key?: string) =>
  files(claim(name, `pv-${name}`), volume(`pv-${name}`, zone, name, key))
const data = '/spec/template/spec/volumes/0/persistentVolumeClaim/claimName'
// The node that the rule about single zones asks for is not the matter here.
const alongside = [
  'compute-node-pinning',
  'storage-pv-missing-node-affinity',
  'storage-allowed-topologies-unsatisfiable',
]

const why =
  'A disk cannot leave its zone, and the scheduler obeys both it and the pod: no node is in both zones, and the pod stays Pending.'

export default definePolicy({
  id: 'storage-zone-conflict',
  summary: 'A pod may run where its volumes are.',
  signatures: ['volume-affinity-conflict', 'pending-pods'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes/pkg/scheduler/framework/plugins/volumebinding/binder.go',
    'kubernetes/pkg/scheduler/framework/plugins/volumezone/volume_zone.go',
    'component-helpers/storage/volume/helpers.go',
    'kubernetes/staging/src/k8s.io/csi-translation-lib/plugins',
    'https://github.com/kubernetes/autoscaler/issues/6000',
  ],
  on: [...podKinds, 'PersistentVolumeClaim', 'PersistentVolume'],
  reads: ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass', 'Node', ...userKinds],
  reasons: {
    'pv-vs-pod': { baseline: 'deny', why },
    'pv-vs-pv': {
      baseline: 'deny',
      why: 'A disk cannot leave its zone, and a pod runs in one: no node reaches both disks, and the pod stays Pending.',
    },
    'class-vs-pod': {
      baseline: 'deny',
      why: 'The class has its volumes made in other zones than those where the pod may run: no node will do, and the pod stays Pending.',
    },
    'no-node': {
      baseline: 'warn',
      why: 'The pod may only run on nodes that do not reach its volume; it stays Pending until a node comes that does, and an autoscaler may not know that it should.',
    },
  },
  examples: {
    passes: [
      {
        name: 'the pod asks for the zone of its volume',
        object: deployment(inZone('a'), 'data'),
        inventory: files(bound('data', 'a'), storageClass(), node('a'), node('b')),
        alongside,
      },
      {
        name: 'the same zone by two keys',
        object: deployment(inZone('a'), 'data'),
        inventory: files(
          bound('data', 'a', 'topology.ebs.csi.aws.com/zone'),
          storageClass(),
          node('a', 'topology.ebs.csi.aws.com/zone: a,'),
        ),
        alongside,
      },
      {
        name: 'two volumes in one zone',
        object: deployment('', 'data', 'index'),
        inventory: files(bound('data', 'a'), bound('index', 'a'), storageClass(), node('a'), node('b')),
        alongside,
      },
      {
        name: 'the class lets the volume be made where the pod may run',
        object: deployment(inZone('a'), 'data'),
        inventory: files(claim('data'), storageClass('a, b'), node('a'), node('b')),
        alongside,
      },
      {
        name: 'replicas in two zones, each where its disk is',
        object: statefulSet(''),
        inventory: files(bound('data-db-0', 'a'), bound('data-db-1', 'b'), storageClass(), node('a'), node('b')),
        alongside,
      },
      {
        name: 'a disk of a replica that is no more',
        object: statefulSet(inZone('a'), 1),
        inventory: files(bound('data-db-0', 'a'), bound('data-db-1', 'b'), storageClass(), node('a'), node('b')),
        alongside,
      },
      {
        name: 'a volume that a provisioner made is not refused to it',
        object: volume('pv-data', 'b', 'data', zoneKey, 'pv.kubernetes.io/provisioned-by: ebs.csi.aws.com'),
        inventory: files(deployment(inZone('a'), 'data'), claim('data'), storageClass(), node('a'), node('b')),
        alongside,
      },
    ],
    fails: [
      {
        name: 'the pod is bound to another zone than its volume',
        object: deployment(inZone('b'), 'data'),
        inventory: files(bound('data', 'a'), storageClass(), node('a'), node('b')),
        alongside,
        finds: [`pv-vs-pod ${data}`],
      },
      {
        name: 'the volume names the claim, which waits for its pod',
        object: deployment(inZone('b'), 'data'),
        inventory: files(claim('data'), volume('pv-data', 'a', 'data'), storageClass(), node('a'), node('b')),
        alongside,
        finds: [`pv-vs-pod ${data}`],
      },
      {
        name: 'by a nodeSelector, where nodes are not known, and by two keys',
        object: deployment(`nodeSelector: { ${zoneKey}: b },`, 'data'),
        inventory: files(bound('data', 'a', 'topology.ebs.csi.aws.com/zone'), storageClass()),
        unknown: ['Node'],
        alongside,
        finds: [`pv-vs-pod ${data}`, 'unresolved Node'],
      },
      {
        name: 'a zone label binds a volume too',
        object: deployment(inZone('b'), 'data'),
        inventory: files(
          claim('data', 'pv-data'),
          `{ kind: PersistentVolume, metadata: { name: pv-data, labels: { ${zoneKey}: a } }, spec: { storageClassName: gp3, csi: { driver: ebs.csi.aws.com, volumeHandle: v1 }, claimRef: { kind: PersistentVolumeClaim, namespace: default, name: data } } }`,
          storageClass(),
          node('a'),
          node('b'),
        ),
        alongside,
        finds: [`pv-vs-pod ${data}`],
      },
      {
        name: 'two volumes in two zones',
        object: deployment('', 'data', 'index'),
        inventory: files(bound('data', 'a'), bound('index', 'b'), storageClass(), node('a'), node('b')),
        alongside,
        finds: ['pv-vs-pv /spec/template/spec/volumes/1/persistentVolumeClaim/claimName'],
      },
      {
        name: 'the class makes volumes in other zones only',
        object: deployment(inZone('b'), 'data'),
        inventory: files(claim('data'), storageClass('a'), node('a'), node('b')),
        alongside,
        finds: [`class-vs-pod ${data}`],
      },
      {
        name: 'the claims that a StatefulSet will make',
        object: statefulSet(inZone('b')),
        inventory: files(storageClass('a'), node('a'), node('b')),
        alongside,
        finds: ['class-vs-pod /spec/volumeClaimTemplates/0'],
      },
      {
        name: 'of two replicas the second has its disk elsewhere',
        object: statefulSet(inZone('a')),
        inventory: files(bound('data-db-0', 'a'), bound('data-db-1', 'b'), storageClass(), node('a'), node('b')),
        alongside,
        finds: ['pv-vs-pod /spec/volumeClaimTemplates/0'],
      },
      {
        name: 'a Pod',
        object: `{ kind: Pod, metadata: { name: web }, spec: { nodeSelector: { ${zoneKey}: b }, containers: [${container}], volumes: [${mount('data')}] } }`,
        inventory: files(bound('data', 'a'), storageClass(), node('a'), node('b')),
        alongside,
        finds: ['pv-vs-pod /spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'no node that the pod may use is in the zone of the volume',
        object: deployment('nodeSelector: { disk: ssd },', 'data'),
        inventory: files(bound('data', 'a'), storageClass(), node('a'), node('b', 'disk: ssd,')),
        alongside,
        finds: [`no-node ${data}`],
      },
      {
        name: 'seen from the volume',
        object: volume('pv-data', 'a', 'data'),
        inventory: files(
          deployment(inZone('b'), 'data'),
          claim('data', 'pv-data'),
          storageClass(),
          node('a'),
          node('b'),
        ),
        alongside,
        finds: ['pv-vs-pod /spec/nodeAffinity'],
      },
      {
        name: 'seen from the claim',
        object: claim('data', 'pv-data'),
        inventory: files(
          deployment(inZone('b'), 'data'),
          volume('pv-data', 'a', 'data'),
          storageClass(),
          node('a'),
          node('b'),
        ),
        alongside,
        finds: ['pv-vs-pod /spec/volumeName'],
      },
      {
        name: 'bare numbers of Azure are no zones, so that only nodes could tell',
        object: deployment(inZone('"0"'), 'data'),
        inventory: files(bound('data', 'eu-1', 'topology.disk.csi.azure.com/zone'), storageClass()),
        unknown: ['Node'],
        alongside,
        finds: ['unresolved Node'],
      },
      {
        name: 'claims that are not known',
        object: deployment(inZone('b'), 'data'),
        inventory: node('b'),
        unknown: ['PersistentVolumeClaim'],
        alongside,
        finds: ['unresolved PersistentVolumeClaim'],
      },
      {
        name: 'what a variable stands for is not known',
        object: deployment(inZone('"${ZONE}"'), 'data'),
        inventory: files(bound('data', 'a'), storageClass(), node('a'), node('b')),
        frontEnd: 'check',
        alongside,
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, namespace, name, inventory }) {
    const unsure = new Set<Missing>()
    if (kind !== 'PersistentVolumeClaim' && kind !== 'PersistentVolume') {
      for (const { conflict, ordinals } of conflictsOf({ kind, object }, namespace, inventory, unsure)) {
        yield {
          reason: conflict.reason,
          path: conflict.volume.path,
          message: messageOf(`${kind} ${brief(name, 20)}`, conflict) + replicasOf(ordinals),
          fix: fixOf(conflict),
          related: related(conflict, namespace),
        }
      }
    } else {
      // Its provisioner made it for a claim, where it was told to: to refuse it would leave a disk that nobody knows.
      if (kind === 'PersistentVolume' && memberOf(object.metadata?.annotations, provisionedBy) !== undefined) return
      const told = new Set<string>()
      for (const claim of kind === 'PersistentVolume'
        ? claimsOn(object, name, inventory, unsure)
        : [{ namespace, name }]) {
        const users = usersOf(claim.name, claim.namespace, inventory)
        for (const missing of users.unsure) unsure.add(missing)
        for (const user of users.found) {
          for (const { conflict } of conflictsOf(user, claim.namespace, inventory, unsure)) {
            if (!concerns(conflict, claim.name) || told.has(conflict.reason)) continue
            told.add(conflict.reason)
            yield {
              reason: conflict.reason,
              path: kind === 'PersistentVolume' ? placeOf(object) : claimPlace(conflict),
              message: messageOf(`${user.kind} ${brief(nameOf(user.object), 20)}`, conflict),
              fix: fixOf(conflict),
              related: [
                { kind: user.kind, namespace: claim.namespace, name: nameOf(user.object) },
                ...related(conflict, claim.namespace).filter((each) => each.kind !== kind || each.name !== name),
              ],
            }
          }
        }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

const provisionedBy = 'pv.kubernetes.io/provisioned-by'

interface Found {
  readonly conflict: VolumeConflict
  /** The replicas of a StatefulSet that it is true of, where it is not true of all. */
  readonly ordinals: readonly number[]
}

interface Workload {
  readonly kind: KindName
  readonly object: object
  /** The one replica that is asked about. */
  readonly ordinal?: number
}

/** The conflicts of a workload, each reason once for each place. */
function conflictsOf(
  { kind, object, ordinal: only }: Workload,
  namespace: string,
  inventory: Inventory<VolumeKind | 'Node'>,
  unsure: Set<Missing>,
): readonly Found[] {
  const spec = podSpecOf(kind, object)?.spec
  const volumes = podVolumes(kind, object, namespace, inventory, only)
  for (const missing of volumes.unsure) unsure.add(missing)
  if (!spec || volumes.pods.every(({ constraints }) => constraints.length === 0)) return []
  const nodes = nodesOfPod(spec, inventory)
  const known = 'unresolved' in nodes ? undefined : nodes
  if ('unresolved' in nodes) unsure.add(nodes.unresolved)
  const found = new Map<string, { conflict: VolumeConflict; ordinals: number[] }>()
  for (const { ordinal, constraints } of volumes.pods satisfies readonly PodVolumes[]) {
    const conflict = volumeConflict(spec, constraints, known)
    if (conflict === unknown) unsure.add('value')
    if (conflict === unknown || !conflict) continue
    const key = `${conflict.reason} ${conflict.volume.path}`
    const same = found.get(key) ?? { conflict, ordinals: [] }
    if (ordinal !== undefined) same.ordinals.push(ordinal)
    found.set(key, same)
  }
  return [...found.values()]
}

/** The claims that a volume is kept for, or that name it. */
function claimsOn(
  volume: Kinds['PersistentVolume'],
  name: string,
  inventory: Inventory<'PersistentVolumeClaim'>,
  unsure: Set<Missing>,
): readonly { readonly namespace: string; readonly name: string }[] {
  const kept: unknown = volume.spec?.claimRef
  const [namespace, claimName] = [memberOf(kept, 'namespace'), memberOf(kept, 'name')].map(stringOf)
  if (namespace !== undefined && claimName !== undefined) return [{ namespace, name: claimName }]
  const listed = inventory.list('PersistentVolumeClaim')
  if (listed === unknown) {
    unsure.add('PersistentVolumeClaim')
    return []
  }
  return filedUnder(listed, volumeNames, [name]).map((claim) => ({
    namespace: stringOf(claim.metadata?.namespace) ?? '',
    name: nameOf(claim),
  }))
}

function volumeNames({ spec }: Kinds['PersistentVolumeClaim']): readonly string[] {
  return [stringOf(spec?.volumeName) ?? '']
}

function concerns(conflict: VolumeConflict, claimName: string): boolean {
  return (
    conflict.volume.claimName === claimName ||
    (conflict.reason === 'pv-vs-pv' && conflict.other.claimName === claimName)
  )
}

function placeOf(volume: Kinds['PersistentVolume']): string {
  return affinityTerms(volume) ? '/spec/nodeAffinity' : '/metadata/labels'
}

// A claim that a volume names may name it too.
function claimPlace({ reason, volume }: VolumeConflict): string {
  return reason === 'pv-vs-pv' || volume.source.kind === 'PersistentVolume'
    ? '/spec/volumeName'
    : '/spec/storageClassName'
}

function messageOf(workload: string, conflict: VolumeConflict): string {
  const { volume } = conflict
  const claim = `claim ${brief(volume.claimName, 20)}`
  const source = brief(volume.source.name, 20)
  switch (conflict.reason) {
    case 'pv-vs-pod':
      return `${workload} requires zone ${listed(conflict.pod)}; PV ${source} of ${claim} lives in ${listed(volume.zones)}`
    case 'pv-vs-pv':
      return `${workload}: claims ${brief(conflict.other.claimName, 20)} and ${brief(volume.claimName, 20)} lie in zones ${listed(conflict.other.zones)} and ${listed(volume.zones)}`
    case 'class-vs-pod':
      return `${workload} requires zone ${listed(conflict.pod)}; class ${source} of ${claim} allows ${listed(volume.zones)}`
    case 'no-node':
      return `${workload}: no node that its pods may use reaches the volume of ${claim} (${volume.source.kind === 'PersistentVolume' ? 'PV' : 'class'} ${source})`
  }
}

function replicasOf(ordinals: readonly number[]): string {
  if (ordinals.length === 0) return ''
  const more = ordinals.length > 3 ? ` and ${ordinals.length - 3} more` : ''
  return ` (replica ${ordinals.slice(0, 3).join(', ')}${more})`
}

function fixOf({ reason, volume }: VolumeConflict): string {
  if (reason === 'no-node') return 'add a node there, or loosen nodeSelector, affinity or taints'
  if (reason === 'class-vs-pod') return `require a zone that the class allows: ${listed(volume.zones)}`
  if (reason === 'pv-vs-pv') return 'restore one from a snapshot in the zone of the other'
  return `require zone ${listed(volume.zones)}, or restore a snapshot in the other`
}

function listed(zones: ZoneSet): string {
  if (typeof zones !== 'object') return '?'
  const [first = '?', second, ...more] = zones
  const rest = more.length > 0 ? `, ${more.length} more` : ''
  return `${brief(first, 16)}${second === undefined ? '' : `, ${brief(second, 16)}`}${rest}`
}

function related(conflict: VolumeConflict, namespace: string): Related[] {
  const places = ({ claimName, source }: VolumeConstraint): Related[] => [
    { kind: 'PersistentVolumeClaim', namespace, name: claimName },
    { kind: source.kind, namespace: '', name: source.name },
  ]
  return [...places(conflict.volume), ...(conflict.reason === 'pv-vs-pv' ? places(conflict.other) : [])]
}
