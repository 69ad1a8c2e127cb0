import { claim, sound, statefulSet, storageClass, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

const topologies = (key: string): object => ({
  allowedTopologies: [{ matchLabelExpressions: [{ key, values: ['zone-0'] }] }],
})

const inZones = (...values: string[]): object => ({
  matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values }],
})

const volume = (spec: object): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: 'cases-static',
    csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-0a1b2c3d4e5f60718' },
    ...spec,
  },
})

/** A Deployment that mounts one claim. */
function mounting(name: string, claimName: string, placed: object = {}, annotations: object = {}): object {
  const pod = { ...placed, volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] }
  const { spec, ...rest } = sound(name, { replicas: 1, pod }) as { spec: object }
  return { ...rest, metadata: { annotations }, spec: { ...spec, strategy: { type: 'Recreate' } } }
}

/** Of the class that the static volumes of the cases bear. */
function claimOf(volumeName: string): object {
  return changed(claim('cases-static'), { volumeName })
}

function requiring(...zones: string[]): object {
  const required = { nodeSelectorTerms: [inZones(...zones)] }
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }
}

const changed = (object: object, fields: object): object => {
  const { spec, ...rest } = object as { spec: object }
  return { ...rest, spec: { ...spec, ...fields } }
}
const rolling = (object: object): object => changed(object, { strategy: { type: 'RollingUpdate' } })
const twice = (object: object): object => changed(object, { replicas: 2 })
const forOnePod = (object: object): object => changed(object, { accessModes: ['ReadWriteOncePod'] })

/** Another rule forbids nodeName as such. */
function pinningExempt(): object {
  const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
  const name = 'day2-admission.dev/exempt'
  return { [name]: 'compute-node-pinning', [`${name}-reason`]: 'one fault at a time', [`${name}-until`]: until }
}

function withoutClass(object: object): object {
  const { spec, ...rest } = object as { spec: { storageClassName?: string } }
  const { storageClassName: _className, ...others } = spec
  return { ...rest, spec: others }
}

function scalingAway(object: object): object {
  return changed(object, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } })
}

export const cases: readonly Case[] = [
  {
    rule: 'storage-allowed-topologies-unsatisfiable',
    baseline: 'warn',
    strict: 'warn',
    says: /allows by topology.gke.io\/zone, the key of pd.csi.storage.gke.io/,
    bad: () => ({ ...storageClass('WaitForFirstConsumer'), ...topologies('topology.gke.io/zone') }),
    good: () => ({ ...storageClass('WaitForFirstConsumer'), ...topologies('topology.kubernetes.io/zone') }),
    clusterScoped: true,
  },
  {
    rule: 'storage-claim-missing',
    baseline: 'warn',
    strict: 'warn',
    says: /mounts claim dat, which does not exist; claimName: data/,
    beside: () => [{ ...claim('cases-waiting'), metadata: { name: 'data' } }],
    bad: (name) => mounting(name, 'dat'),
    good: (name) => mounting(name, 'data'),
  },
  {
    rule: 'storage-class-missing',
    baseline: 'warn',
    strict: 'warn',
    says: /claim \S+ names class cases-wating, which does not exist; storageClassName: cases-waiting/,
    bad: () => claim('cases-wating'),
    good: () => claim('cases-waiting'),
    immutable: true,
  },
  {
    rule: 'storage-default-class-ambiguous',
    baseline: 'warn',
    strict: 'warn',
    says: /names no class, and no class is the default/,
    bad: () => withoutClass(claim('')),
    good: () => claim('cases-waiting'),
    immutable: true,
  },
  {
    rule: 'storage-scheduler-bypass',
    baseline: 'deny',
    strict: 'deny',
    says: /sets nodeName, and claim data waits for the scheduler \(class cases-waiting\)/,
    beside: () => [{ ...claim('cases-waiting'), metadata: { name: 'data' } }],
    bad: (name) => mounting(name, 'data', { nodeName: 'node-0' }, pinningExempt()),
    good: (name) => mounting(name, 'data'),
  },
  {
    rule: 'storage-reclaim-delete-stateful',
    baseline: 'warn',
    strict: 'warn',
    says: /claims data use class cases-waiting with reclaimPolicy Delete, and whenScaled is Delete/,
    bad: (name) => scalingAway(statefulSet(name, 'cases-waiting')),
    good: (name) => scalingAway(statefulSet(name, 'cases-retaining')),
    immutable: true,
  },
  {
    rule: 'storage-rwo-shared-rollout',
    baseline: 'warn',
    strict: 'warn',
    says: /the old and the new pod share ReadWriteOnce claim data; strategy: {type: Recreate}/,
    beside: () => [{ ...claim('cases-waiting'), metadata: { name: 'data' } }],
    bad: (name) => rolling(mounting(name, 'data')),
    good: (name) => mounting(name, 'data'),
  },
  {
    rule: 'storage-rwo-shared-rollout',
    kind: 'pod',
    baseline: 'deny',
    strict: 'deny',
    says: /2 pods share ReadWriteOncePod claim data/,
    beside: () => [forOnePod({ ...claim('cases-waiting'), metadata: { name: 'data' } })],
    bad: (name) => twice(mounting(name, 'data')),
    good: (name) => mounting(name, 'data'),
  },
  {
    rule: 'storage-zone-conflict',
    baseline: 'deny',
    strict: 'deny',
    says: /requires zone zone-1, zone-2; PV \S+ of claim \S+ lives in zone-0/,
    beside: (name) => [
      {
        ...volume({ nodeAffinity: { required: { nodeSelectorTerms: [inZones('zone-0')] } } }),
        metadata: { name: `cases-${name}` },
      },
      { ...claimOf(`cases-${name}`), metadata: { name } },
    ],
    bad: (name) => mounting(name, name, requiring('zone-1', 'zone-2')),
    good: (name) => mounting(name, name, requiring('zone-0', 'zone-1')),
  },
  {
    rule: 'storage-immediate-binding',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /StorageClass .* Immediate/,
    bad: () => storageClass('Immediate'),
    good: () => storageClass('WaitForFirstConsumer'),
    immutable: true,
    clusterScoped: true,
  },
  {
    rule: 'storage-pv-missing-node-affinity',
    baseline: 'warn',
    strict: 'deny',
    says: /of zonal ebs.csi.aws.com has no nodeAffinity/,
    bad: () => volume({}),
    good: () => volume({ nodeAffinity: { required: { nodeSelectorTerms: [inZones('zone-0')] } } }),
    immutable: true,
    clusterScoped: true,
  },
  {
    rule: 'storage-pvc-immediate-class',
    baseline: 'deny',
    strict: 'deny',
    says: /uses Immediate class cases-immediate/,
    bad: (name) => statefulSet(name, 'cases-immediate'),
    good: (name) => statefulSet(name, 'cases-waiting'),
    immutable: true,
  },
  {
    rule: 'storage-pvc-immediate-class',
    kind: 'claim',
    baseline: 'deny',
    strict: 'deny',
    says: /uses Immediate class cases-immediate/,
    bad: () => claim('cases-immediate'),
    good: () => claim('cases-waiting'),
    immutable: true,
  },
]

export const unproven: Unproven = [
  [
    'storage-reclaim-delete-stateful',
    'no driver with disks: the provisioner deletes the disk of a volume whose claim is gone (sig-storage-lib-external-provisioner `controller/controller.go`, shouldDelete)',
  ],
]
