import { strands } from '../../src/sdk/binding-fault.ts'
import { claimFault, waitingClaims } from '../../src/sdk/claim-binding.ts'
import { isBound } from '../../src/sdk/claim-volume.ts'
import { claimsOf, classPathOf } from '../../src/sdk/claims.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { provisionerParams } from '../../src/sdk/provisioners.ts'
import { stringOf } from '../../src/sdk/shape.ts'

const why =
  'The volume is made as soon as it is claimed, in a zone chosen without the CPU, affinity and taints of its pod; each replica may be stranded where its disk is.'
const snippet = `spec: # an example: keep what the claim has, but for its class
  storageClassName: gp3 # one of yours with volumeBindingMode: WaitForFirstConsumer
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}`

const storageClass = (name: string, rest = 'volumeBindingMode: Immediate', metadata = '') =>
  `{ kind: StorageClass, metadata: { name: ${name}${metadata} }, provisioner: ebs.csi.aws.com, ${rest} }`
const byDefault = (created: string) =>
  `, creationTimestamp: "${created}", annotations: { storageclass.kubernetes.io/is-default-class: "true" }`
const claim = (fields: string, name = 'example') =>
  `{ kind: PersistentVolumeClaim, metadata: { name: ${name} }, spec: { ${fields} accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`
const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const statefulSet = (fields: string) =>
  `{ kind: StatefulSet, spec: { replicas: 3, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { containers: [${container}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { ${fields} accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }] } }`
const deployment = (...volumes: string[]) =>
  `{ kind: Deployment, spec: { replicas: 1, strategy: { type: Recreate }, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [${container}], volumes: [${volumes.join(', ')}] } } } }`
const keptVolume = (uid = '', size = '10Gi') =>
  `{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: ${size} }, accessModes: [ReadWriteOnce], storageClassName: gp2, csi: { driver: ebs.csi.aws.com, volumeHandle: v1 }, claimRef: { namespace: default, name: data${uid} }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: topology.kubernetes.io/zone, operator: In, values: [a] }] }] } } } }`
const mounted = (name: string) => `{ name: ${name}, persistentVolumeClaim: { claimName: ${name} } }`

export default definePolicy({
  id: 'storage-pvc-immediate-class',
  summary: 'Claims, above all those of StatefulSets, use classes that wait for the pod.',
  signatures: ['volume-affinity-conflict', 'pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go',
    'kubernetes/pkg/volume/util/storageclass.go',
    'https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode',
  ],
  // Not on StorageClass: there the class itself is refused, and one cause gets one finding.
  on: ['PersistentVolumeClaim', ...podKinds],
  reads: ['StorageClass', 'Node', 'PersistentVolume', 'PersistentVolumeClaim'],
  reasons: {
    immediate: { baseline: 'deny', why, snippet },
    'single-zone-class': {
      baseline: 'warn',
      why: 'All volumes lie in the one zone that the class allows, so a pod that is bound to another zone stays Pending.',
      snippet,
    },
    'one-zone': {
      baseline: 'warn',
      why: 'There is one zone now, so volumes and pods meet; with the first node in a second zone they no longer do.',
      snippet,
    },
    'one-node': {
      baseline: 'warn',
      why: 'There is one node now, so volumes and pods meet; with the second node they no longer do.',
      snippet,
    },
    'several-claims': {
      baseline: 'warn',
      why: 'Each of the claims gets a zone of its own before the pod is scheduled, and no node is in both: the pod stays Pending.',
      snippet,
    },
    'existing-claim': { baseline: 'audit', why, snippet },
    unknown: {
      baseline: 'audit',
      strict: 'warn',
      why: 'If the volumes of this provisioner live in one zone or on one node, they are placed before their pod; settings can say where they live.',
      snippet,
    },
  },
  params: provisionerParams,
  examples: {
    passes: [
      {
        name: 'the class waits for the first consumer',
        object: statefulSet('storageClassName: gp3,'),
        inventory: storageClass('gp3', 'volumeBindingMode: WaitForFirstConsumer'),
      },
      {
        name: 'no dynamic provisioning is asked for',
        object: claim('storageClassName: "",'),
        inventory: storageClass('gp2', undefined, byDefault('2025-01-01T00:00:00Z')),
      },
      {
        name: 'the claim names its volume',
        object: claim('storageClassName: gp2, volumeName: pv-1,'),
        inventory: storageClass('gp2'),
      },
      {
        name: 'of two default classes the newest counts',
        object: statefulSet(''),
        inventory: `${storageClass('gp2', undefined, byDefault('2024-01-01T00:00:00Z'))}\n---\n${storageClass('gp3', 'volumeBindingMode: WaitForFirstConsumer', byDefault('2025-01-01T00:00:00Z'))}`,
      },
      {
        name: 'the volumes reach every zone of the region',
        object: claim('storageClassName: zrs,'),
        inventory: `{ kind: StorageClass, metadata: { name: zrs }, provisioner: disk.csi.azure.com, parameters: { skuName: Premium_ZRS } }`,
      },
      {
        name: 'a volume names the claim',
        object: claim('storageClassName: gp2,', 'data'),
        inventory: `${storageClass('gp2')}\n---\n${keptVolume()}`,
      },
      {
        name: 'a volume names the claim that a Deployment mounts',
        object: deployment(mounted('data')),
        inventory: `${storageClass('gp2')}\n---\n${claim('storageClassName: gp2,', 'data')}\n---\n${keptVolume()}`,
      },
      {
        name: 'the volumes of the class are of a file server',
        object: statefulSet('storageClassName: shared,'),
        inventory: `{ kind: StorageClass, metadata: { name: shared }, provisioner: kubernetes.io/no-provisioner }\n---\n{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteOnce, ReadWriteMany], storageClassName: shared, nfs: { server: nfs.example.com, path: /data } } }`,
      },
      {
        name: 'an existing claim that has its volume',
        object: deployment(mounted('data')),
        inventory: `${storageClass('gp2')}\n---\n${claim('storageClassName: gp2, volumeName: pv-1,', 'data')}\n---\n{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { storageClassName: gp2, nfs: { server: nfs.example.com, path: /data } } }`,
      },
    ],
    fails: [
      {
        name: 'the volume of the class is a disk of one node',
        object: statefulSet('storageClassName: shared,'),
        inventory: `{ kind: StorageClass, metadata: { name: shared }, provisioner: kubernetes.io/no-provisioner }\n---\n{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteOnce], storageClassName: shared, local: { path: /data }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: kubernetes.io/hostname, operator: In, values: [n1] }] }] } } } }`,
        finds: ['immediate /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'a StatefulSet whose replicas claim from an Immediate class',
        object: statefulSet('storageClassName: gp2,'),
        inventory: storageClass('gp2'),
        finds: ['immediate /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'no class is named, and the newest default is Immediate',
        object: statefulSet(''),
        inventory: `${storageClass('gp2', undefined, byDefault('2025-01-01T00:00:00Z'))}\n---\n${storageClass('gp3', 'volumeBindingMode: WaitForFirstConsumer', byDefault('2024-01-01T00:00:00Z'))}`,
        finds: ['immediate /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'of two default classes, files do not say which is the newer: it may be the worse',
        object: statefulSet(''),
        inventory: `${storageClass('gp3', 'volumeBindingMode: WaitForFirstConsumer', ', annotations: { storageclass.kubernetes.io/is-default-class: "true" }')}\n---\n${storageClass('gp2', undefined, ', annotations: { storageclass.kubernetes.io/is-default-class: "true" }')}`,
        frontEnd: 'check',
        finds: ['immediate /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'a claim',
        object: claim('storageClassName: gp2,'),
        inventory: storageClass('gp2'),
        finds: ['immediate /spec/storageClassName'],
      },
      {
        name: 'the volume that names the claim is that of one that is gone',
        object: `{ kind: PersistentVolumeClaim, metadata: { name: data, uid: new }, spec: { storageClassName: gp2, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`,
        inventory: `${storageClass('gp2')}\n---\n${keptVolume(', uid: old')}`,
        finds: ['immediate /spec/storageClassName'],
      },
      {
        name: 'the volume that names the claim is too small',
        object: claim('storageClassName: gp2,', 'data'),
        inventory: `${storageClass('gp2')}\n---\n${keptVolume('', '5Gi')}`,
        finds: ['immediate /spec/storageClassName'],
      },
      {
        name: 'volumes that are not known yet',
        object: claim('storageClassName: gp2,'),
        inventory: storageClass('gp2'),
        unknown: ['PersistentVolume'],
        finds: ['unresolved PersistentVolume'],
      },
      {
        name: 'a claim that names its class by the annotation of old',
        object: `{ kind: PersistentVolumeClaim, metadata: { annotations: { volume.beta.kubernetes.io/storage-class: gp2 } }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`,
        inventory: storageClass('gp2'),
        finds: ['immediate /metadata/annotations/volume.beta.kubernetes.io~1storage-class'],
      },
      {
        name: 'a volume that lives as long as its pod',
        object: deployment(
          '{ name: scratch, ephemeral: { volumeClaimTemplate: { spec: { storageClassName: gp2, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } } } }',
        ),
        inventory: storageClass('gp2'),
        finds: ['immediate /spec/template/spec/volumes/0/ephemeral/volumeClaimTemplate/spec/storageClassName'],
      },
      {
        name: 'the cluster has one zone',
        object: claim('storageClassName: gp2,'),
        inventory: `${storageClass('gp2')}\n---\n{ kind: Node, metadata: { name: n1, labels: { topology.kubernetes.io/zone: a } } }`,
        finds: ['one-zone /spec/storageClassName'],
      },
      {
        name: 'the cluster has one node',
        object: claim('storageClassName: local,'),
        inventory: `{ kind: StorageClass, metadata: { name: local }, provisioner: hostpath.csi.k8s.io }\n---\n{ kind: Node, metadata: { name: n1 } }`,
        finds: ['one-node /spec/storageClassName'],
      },
      {
        name: 'the class allows one zone',
        object: claim('storageClassName: gp2,'),
        inventory: storageClass(
          'gp2',
          'allowedTopologies: [{ matchLabelExpressions: [{ key: topology.ebs.csi.aws.com/zone, values: [eu-west-1a] }] }]',
        ),
        finds: ['single-zone-class /spec/storageClassName'],
      },
      {
        name: 'a provisioner that nobody has told of',
        object: claim('storageClassName: fast,'),
        inventory: `{ kind: StorageClass, metadata: { name: fast }, provisioner: csi.example.com }`,
        finds: ['unknown /spec/storageClassName'],
      },
      {
        name: 'a provisioner that the settings call zonal',
        object: claim('storageClassName: fast,'),
        inventory: `{ kind: StorageClass, metadata: { name: fast }, provisioner: csi.example.com }`,
        params: { zonalProvisioners: ['csi.example.com'] },
        finds: ['immediate /spec/storageClassName'],
      },
      {
        name: 'a Deployment mounts a claim that is not bound yet',
        object: deployment(mounted('data')),
        inventory: `${storageClass('gp2')}\n---\n${claim('storageClassName: gp2,', 'data')}`,
        finds: ['existing-claim /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'a Deployment mounts two claims that may land in two zones',
        object: deployment(mounted('data'), mounted('index')),
        inventory: `${storageClass('gp2')}\n---\n${claim('storageClassName: gp2,', 'data')}\n---\n${claim('storageClassName: gp2,', 'index')}`,
        finds: ['several-claims /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'files that do not hold the class',
        object: claim('storageClassName: gp2,'),
        frontEnd: 'check',
        finds: ['unresolved StorageClass'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    const unsure = new Set<KindName>()
    for (const { claim, path, name } of claimsOf(kind, object)) {
      const bound = kind === 'PersistentVolumeClaim' && isBound(object, namespace, inventory)
      if (bound === true) continue
      const faults = claimFault(claim, params, inventory)
      for (const missing of faults.unsure) unsure.add(missing)
      if (bound === unknown && faults.found.length > 0) {
        unsure.add('PersistentVolume')
        continue
      }
      for (const { fault, storageClass } of faults.found) {
        yield {
          reason: strands(fault) ? 'immediate' : fault,
          path: path + classPathOf(claim),
          message: `claim ${brief(name)} uses ${describe(storageClass)}`,
          fix,
          related: [{ kind: 'StorageClass', namespace: '', name: nameOf(storageClass) }],
        }
      }
    }
    const waiting = waitingClaims(kind, object, namespace, params, inventory)
    for (const missing of waiting.unsure) unsure.add(missing)
    const [first, ...others] = waiting.found
    if (first) {
      const names = waiting.found.map(({ name }) => name)
      yield {
        reason: others.length > 0 ? 'several-claims' : 'existing-claim',
        path: first.path,
        message: `unbound claim${others.length > 0 ? 's' : ''} ${listed(names)} of ${describe(first.storageClass)}`,
        fix: `recreate ${others.length > 0 ? 'them' : 'it'} with a class that has volumeBindingMode: WaitForFirstConsumer`,
        related: names.map((name) => ({ kind: 'PersistentVolumeClaim', namespace, name })),
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

const fix = 'name a class with volumeBindingMode: WaitForFirstConsumer'

function describe(storageClass: Kinds['StorageClass']): string {
  return `Immediate class ${brief(nameOf(storageClass))} (${brief(stringOf(storageClass.provisioner) ?? '')})`
}

function listed([first = '', second, ...more]: readonly string[]): string {
  return [
    brief(first, 20),
    ...(second ? [brief(second, 20)] : []),
    ...(more.length > 0 ? [`${more.length} more`] : []),
  ].join(', ')
}
