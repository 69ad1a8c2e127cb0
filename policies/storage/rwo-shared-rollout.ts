import { keepsNodesApart } from '../../src/sdk/anti-affinity.ts'
import { claimRefsOf, type ClaimRef } from '../../src/sdk/claims.ts'
import { userKinds, usersOf } from '../../src/sdk/claim-users.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { podCountOf } from '../../src/sdk/measured-scale.ts'
import { definePolicy, unresolved, type Missing, type Violation } from '../../src/sdk/policy.ts'
import { provisionerParams, type ProvisionerParams } from '../../src/sdk/provisioners.ts'
import { autoscalersOf } from '../../src/sdk/relations.ts'
import { scaleOf, type Scale, type Scalable } from '../../src/sdk/scale.ts'
import { addsBeforeItRemoves, reachOfClaim, sharingOf, stayTogether } from '../../src/sdk/shared-claims.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const workload = (kind: string, fields: string, placed = '') =>
  `{ kind: ${kind}, metadata: { name: web }, spec: { ${fields} selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${placed} containers: [${container}], volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }] } } } }`
const deployment = (replicas: number, strategy = '', placed = '') =>
  workload('Deployment', `replicas: ${replicas}, ${strategy}`, placed)
const recreate = 'strategy: { type: Recreate },'
const claim = (mode = 'ReadWriteOnce', volume = '') =>
  `{ kind: PersistentVolumeClaim, metadata: { name: data }, spec: { storageClassName: gp3, ${volume} accessModes: [${mode}], resources: { requests: { storage: 10Gi } } } }`
const storageClass = (provisioner: string) =>
  `{ kind: StorageClass, metadata: { name: gp3 }, provisioner: ${provisioner}, volumeBindingMode: WaitForFirstConsumer }`
const known = (mode?: string, provisioner = 'ebs.csi.aws.com') => `${claim(mode)}\n---\n${storageClass(provisioner)}`
const affinity = (sort: string, rest = '') =>
  `affinity: { ${sort}: { requiredDuringSchedulingIgnoredDuringExecution: [{ ${rest}topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: web } } }] } },`
const place = '/spec/template/spec/volumes/0/persistentVolumeClaim/claimName'
const antiAffinity = ['compute-hard-anti-affinity', 'compute-rollout-deadlock']
const pinned = ['compute-node-pinning']

export default definePolicy({
  id: 'storage-rwo-shared-rollout',
  summary: 'Pods that may run on two nodes share no volume that one node, or one pod, has to itself.',
  signatures: ['pending-pods', 'volume-affinity-conflict'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/volume/attachdetach/reconciler/reconciler.go',
    'kubernetes/pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go',
    'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes',
  ],
  on: ['Deployment', 'ReplicaSet', 'Rollout', 'StatefulSet', 'Job', 'CronJob', 'PersistentVolumeClaim'],
  reads: [
    'PersistentVolumeClaim',
    'PersistentVolume',
    'StorageClass',
    'Node',
    'Namespace',
    'HorizontalPodAutoscaler',
    ...userKinds,
  ],
  reasons: {
    'multi-replica': {
      baseline: 'warn',
      strict: 'deny',
      why: 'A ReadWriteOnce volume is attached to one node at a time: every pod on another node waits in ContainerCreating for a detach that does not come.',
    },
    'multi-replica-apart': {
      baseline: 'deny',
      why: 'A ReadWriteOnce volume is attached to one node at a time, and no two of these pods may be on one node: only one of them ever starts.',
    },
    surge: {
      baseline: 'warn',
      why: 'A rollout starts the new pod before the old one goes; on another node it waits for the volume that the old one holds, and the old one waits for it to be ready.',
      snippet: `spec:
  strategy: {type: Recreate}`,
    },
    'multi-replica-rwop': {
      baseline: 'deny',
      why: 'A ReadWriteOncePod volume is for one pod at a time: the scheduler leaves every other pod Pending.',
    },
    'job-rwop': {
      baseline: 'warn',
      why: 'A ReadWriteOncePod volume is for one pod at a time: each pod of the Job stays Pending until the one before it has ended, and pods that wait for each other never end.',
    },
  },
  params: provisionerParams,
  examples: {
    passes: [
      { name: 'one replica that is recreated', object: deployment(1, recreate), inventory: known() },
      {
        name: 'the old pod goes first',
        object: deployment(1, 'strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },'),
        inventory: known(),
      },
      { name: 'a volume for many nodes', object: deployment(3), inventory: known('ReadWriteMany', 'efs.csi.aws.com') },
      {
        name: 'files are attached to no node, whatever mode was asked for',
        object: deployment(3),
        inventory: known('ReadWriteOnce', 'efs.csi.aws.com'),
      },
      {
        name: 'all replicas must be beside each other',
        object: deployment(2, recreate, affinity('podAffinity')),
        inventory: known(),
      },
      {
        name: 'all replicas are on one node by name',
        object: deployment(2, recreate, 'nodeSelector: { kubernetes.io/hostname: n1 },'),
        inventory: known(),
        alongside: pinned,
      },
      {
        name: 'the volume of one node draws the new pod to it',
        object: deployment(1),
        inventory: known('ReadWriteOnce', 'rancher.io/local-path'),
      },
      {
        name: 'one replica of a volume for one pod is the matter of rollouts',
        object: deployment(1),
        inventory: known('ReadWriteOncePod'),
        alongside: antiAffinity,
      },
      {
        name: 'a Job that runs one pod after the other',
        object: workload('Job', 'parallelism: 2, completions: 1,').replace(
          'selector: { matchLabels: { app: web } }, ',
          '',
        ),
        inventory: known('ReadWriteOncePod'),
      },
    ],
    fails: [
      {
        name: 'two replicas',
        object: deployment(2),
        inventory: known(),
        finds: [`multi-replica ${place}`],
      },
      {
        name: 'an autoscaler keeps two replicas',
        object: deployment(1, recreate),
        inventory: `${known()}\n---\n{ kind: HorizontalPodAutoscaler, metadata: { name: web }, spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, minReplicas: 2, maxReplicas: 4, metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }] } }`,
        finds: [`multi-replica ${place}`],
      },
      {
        name: 'two replicas that may not be on one node',
        object: deployment(2, recreate, affinity('podAntiAffinity')),
        inventory: known(),
        alongside: antiAffinity,
        finds: [`multi-replica-apart ${place}`],
      },
      {
        name: 'the same, said of the namespace by its name',
        object: deployment(2, recreate, affinity('podAntiAffinity', 'namespaces: [default], ')),
        inventory: known(),
        alongside: antiAffinity,
        finds: [`multi-replica-apart ${place}`],
      },
      {
        name: 'apart from the pods of another namespace only',
        object: deployment(2, recreate, affinity('podAntiAffinity', 'namespaces: [other], ')),
        inventory: known(),
        finds: [`multi-replica ${place}`],
      },
      {
        name: 'a Rollout of Argo',
        object: deployment(2, '').replace('kind: Deployment', 'kind: Rollout'),
        inventory: known(),
        finds: [`multi-replica ${place}`],
      },
      {
        name: 'one replica, and a rollout that adds before it removes',
        object: deployment(1),
        inventory: known(),
        finds: [`surge ${place}`],
      },
      {
        name: 'the volume that the claim has says what it is',
        object: deployment(1),
        inventory: `${claim('ReadWriteOnce', 'volumeName: pv-1,')}\n---\n{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { storageClassName: gp3, csi: { driver: ebs.csi.aws.com, volumeHandle: v1 }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: topology.kubernetes.io/zone, operator: In, values: [a] }] }] } } } }`,
        finds: [`surge ${place}`],
      },
      {
        name: 'two replicas share a volume for one pod',
        object: deployment(2),
        inventory: known('ReadWriteOncePod'),
        finds: [`multi-replica-rwop ${place}`],
      },
      {
        name: 'a StatefulSet whose replicas all mount one claim',
        object: workload('StatefulSet', 'replicas: 2, serviceName: web,'),
        inventory: known('ReadWriteOncePod'),
        finds: [`multi-replica-rwop ${place}`],
      },
      {
        name: 'a Job with two pods at once',
        object: workload('Job', 'parallelism: 2, completions: 4,').replace(
          'selector: { matchLabels: { app: web } }, ',
          '',
        ),
        inventory: known('ReadWriteOncePod'),
        finds: [`job-rwop ${place}`],
      },
      {
        name: 'a CronJob with two pods at once',
        object: `{ kind: CronJob, metadata: { name: web }, spec: { schedule: 0 3 * * *, jobTemplate: { spec: { parallelism: 2, completions: 4, template: { spec: { restartPolicy: Never, containers: [${container}], volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }] } } } } } }`,
        inventory: known('ReadWriteOncePod'),
        finds: ['job-rwop /spec/jobTemplate/spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'two replicas that may not be on one node, and a provisioner that nobody has told of',
        object: deployment(2, recreate, affinity('podAntiAffinity')),
        inventory: known('ReadWriteOnce', 'csi.example.com'),
        alongside: antiAffinity,
        finds: [`multi-replica ${place}`],
      },
      {
        name: 'seen from the claim',
        object: claim(),
        inventory: `${deployment(2)}\n---\n${storageClass('ebs.csi.aws.com')}`,
        finds: ['multi-replica /spec/accessModes'],
      },
      {
        name: 'claims that are not known',
        object: deployment(2),
        unknown: ['PersistentVolumeClaim'],
        finds: ['unresolved PersistentVolumeClaim'],
      },
      {
        name: 'files that do not hold the class',
        object: deployment(2),
        inventory: claim(),
        frontEnd: 'check',
        finds: ['unresolved StorageClass'],
      },
    ],
  },
  *check({ kind, object, namespace, name, params, inventory }) {
    const unsure = new Set<Missing>()
    if (kind !== 'PersistentVolumeClaim') {
      for (const ref of claimRefsOf(kind, object)) {
        const claim = inventory.get('PersistentVolumeClaim', namespace, ref.name)
        if (claim === unknown || (claim && inventory.uncertain(claim))) unsure.add('PersistentVolumeClaim')
        if (claim === unknown || !claim) continue
        const found = faultOf(kind, object, ref, claim, namespace, params, inventory, unsure)
        if (found) {
          const related = [{ kind: 'PersistentVolumeClaim', namespace, name: ref.name }]
          yield { ...found, path: ref.path, related }
        }
      }
    } else {
      const users = usersOf(name, namespace, inventory)
      for (const missing of users.unsure) unsure.add(missing)
      for (const user of users.found) {
        const ref = { name, path: '/spec/accessModes' }
        const found = faultOf(user.kind, user.object, ref, object, namespace, params, inventory, unsure)
        if (!found) continue
        yield { ...found, path: ref.path, related: [{ kind: user.kind, namespace, name: nameOf(user.object) }] }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

type Reason = 'multi-replica' | 'multi-replica-apart' | 'multi-replica-rwop' | 'job-rwop' | 'surge'

function faultOf(
  kind: KindName,
  object: object,
  { name }: ClaimRef,
  claim: Kinds['PersistentVolumeClaim'],
  namespace: string,
  params: ProvisionerParams,
  inventory: Inventory<'HorizontalPodAutoscaler' | 'Namespace' | 'PersistentVolume' | 'StorageClass' | 'Node'>,
  unsure: Set<Missing>,
): Omit<Violation<Reason>, 'path'> | undefined {
  const sharing = sharingOf(claim)
  const view = podSpecOf(kind, object)
  if (sharing === 'nodes' || !view || !(isJob(kind) || scaled.has(kind))) return undefined
  const scale = isJob(kind)
    ? podCountOf(kind, object, namespace, inventory)
    : scaleIn(object, namespace, inventory, unsure)
  if (!scale || typeof scale === 'string') return undefined
  const workload = `${kind} ${brief(nameOf(object), 24)}`
  if (sharing === 'pod') {
    if (scale.floor < 2) return undefined
    return {
      reason: isJob(kind) ? 'job-rwop' : 'multi-replica-rwop',
      message: `${workload}: ${scale.floor} pods share ReadWriteOncePod claim ${brief(name, 24)}`,
      fix: isJob(kind)
        ? 'parallelism: 1, or give each pod its own volume: ephemeral.volumeClaimTemplate'
        : 'run one, or give each its own claim by volumeClaimTemplates of a StatefulSet',
    }
  }
  const surges = kind === 'Deployment' && scale.current === 1 && addsBeforeItRemoves(object)
  if (isJob(kind) || kind === 'StatefulSet' || (scale.floor < 2 && !surges)) return undefined
  if (stayTogether(view)) return undefined
  const reach = reachOfClaim(claim, namespace, params, inventory)
  for (const missing of reach.unsure) unsure.add(missing)
  const [far] = reach.found
  if (far === undefined || far === 'global') return undefined
  if (scale.floor >= 2) {
    return {
      // Of a provisioner that no list holds it is not known that its volumes are attached to one node.
      reason:
        far !== 'unknown' && keepsNodesApart(kind, object, namespace, inventory)
          ? 'multi-replica-apart'
          : 'multi-replica',
      message: `${workload}: ${scale.floor} pods share ReadWriteOnce claim ${brief(name, 24)}, on one node at a time`,
      fix: 'use a StatefulSet with volumeClaimTemplates, or ReadWriteMany storage',
    }
  }
  // The volume of one node brings every pod to that node.
  if (far === 'node-local') return undefined
  return {
    reason: 'surge',
    message: `${workload}: in a rollout the old and the new pod share ReadWriteOnce claim ${brief(name, 24)}`,
    fix: 'strategy: {type: Recreate}',
  }
}

function isJob(kind: KindName): boolean {
  return kind === 'Job' || kind === 'CronJob'
}

const scaled: ReadonlySet<KindName> = new Set(['Deployment', 'ReplicaSet', 'Rollout', 'StatefulSet'])

function scaleIn(
  workload: Scalable,
  namespace: string,
  inventory: Inventory<'HorizontalPodAutoscaler'>,
  unsure: Set<Missing>,
): Scale | undefined {
  const autoscalers = autoscalersOf(workload, namespace, inventory)
  for (const missing of autoscalers.unsure) unsure.add(missing)
  const scale = autoscalers.unsure.length > 0 ? undefined : scaleOf(workload, autoscalers.found)
  if (scale === unknown) unsure.add('value')
  return scale === unknown ? undefined : scale
}
