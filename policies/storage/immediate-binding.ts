import { bindingFault } from '../../src/sdk/binding-fault.ts'
import { brief } from '../../src/sdk/names.ts'
import { definePolicy } from '../../src/sdk/policy.ts'
import { provisionerParams } from '../../src/sdk/provisioners.ts'
import { memberOf, stringOf } from '../../src/sdk/shape.ts'

const why =
  'The volume is made as soon as it is claimed, in a zone chosen without the CPU, affinity and taints of its pod; the scheduler must then follow the disk or leave the pod Pending.'
const snippet = 'volumeBindingMode: WaitForFirstConsumer   # the rest stays as it is'

export default definePolicy({
  id: 'storage-immediate-binding',
  summary: 'A StorageClass whose volumes live in one zone or on one node waits for the first consumer.',
  signatures: ['volume-affinity-conflict', 'pending-pods'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes/pkg/apis/storage/v1/defaults.go',
    'kubernetes/pkg/apis/storage/validation/validation.go',
    'https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode',
  ],
  on: ['StorageClass'],
  reads: ['Node', 'PersistentVolume'],
  reasons: {
    zonal: { baseline: 'deny', why, snippet },
    'node-local': {
      baseline: 'deny',
      why: 'The claim is bound to the volume of some node before its pod is scheduled, so that node alone can run the pod, whatever else it needs.',
      snippet,
    },
    'single-zone-class': {
      baseline: 'warn',
      why: 'All volumes lie in the one zone that the class allows: pods that are free to go there run, pods that are bound elsewhere stay Pending.',
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
    'zone-redundant': {
      baseline: 'audit',
      why: 'The volume is reachable from every zone of the region, so only a pod that is bound to another region can miss it.',
      snippet,
    },
    'cloud-managed': {
      baseline: 'audit',
      why: 'The cloud keeps this class as it is: its claims may be stranded in a zone without room, and a class of your own avoids it.',
      snippet,
    },
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
        name: 'waits for the first consumer',
        object: `{ kind: StorageClass, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer }`,
      },
      {
        name: 'files are reachable from everywhere',
        object: `{ kind: StorageClass, provisioner: efs.csi.aws.com, volumeBindingMode: Immediate }`,
      },
      { name: 'Azure Files too', object: `{ kind: StorageClass, provisioner: kubernetes.io/azure-file }` },
      {
        name: 'replicated storage, under the prefix of its operator',
        object: `{ kind: StorageClass, provisioner: rook-ceph.rbd.csi.ceph.com, volumeBindingMode: Immediate }`,
      },
      {
        name: 'vSphere without zones',
        object: `{ kind: StorageClass, provisioner: csi.vsphere.vmware.com, volumeBindingMode: Immediate }`,
        inventory: `{ kind: Node, metadata: { name: n1 } }`,
      },
      {
        name: 'a provisioner that the settings call global',
        object: `{ kind: StorageClass, provisioner: csi.example.com, volumeBindingMode: Immediate }`,
        params: { globalProvisioners: ['*.example.com'] },
      },
      {
        name: 'a class that hands out volumes of a file server',
        object: `{ kind: StorageClass, metadata: { name: shared }, provisioner: kubernetes.io/no-provisioner }`,
        inventory: `{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteMany], storageClassName: shared, nfs: { server: nfs.example.com, path: /data } } }`,
      },
      {
        name: 'files wait for nobody, whatever a variable says',
        object: `{ kind: StorageClass, provisioner: efs.csi.aws.com, volumeBindingMode: "\${MODE}" }`,
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'left out means Immediate',
        object: `{ kind: StorageClass, provisioner: ebs.csi.aws.com, parameters: { type: gp3 } }`,
        frontEnd: 'check',
        finds: ['zonal /volumeBindingMode'],
      },
      {
        name: 'a regional disk lives in two zones, which are chosen all the same',
        object: `{ kind: StorageClass, provisioner: pd.csi.storage.gke.io, parameters: { type: pd-balanced, replication-type: regional-pd }, volumeBindingMode: Immediate }`,
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.kubernetes.io/zone: a } } }\n---\n{ kind: Node, metadata: { name: n2, labels: { topology.kubernetes.io/zone: b } } }`,
        finds: ['zonal /volumeBindingMode'],
      },
      {
        name: 'vSphere with zones',
        object: `{ kind: StorageClass, provisioner: csi.vsphere.vmware.com, volumeBindingMode: Immediate }`,
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.csi.vmware.com/zone: a } } }\n---\n{ kind: Node, metadata: { name: n2, labels: { topology.csi.vmware.com/zone: b } } }`,
        finds: ['zonal /volumeBindingMode'],
      },
      {
        name: 'Ceph pools that follow the zones',
        object: `{ kind: StorageClass, provisioner: rbd.csi.ceph.com, parameters: { topologyConstrainedPools: '[{"poolName":"a","domainSegments":[{"domainLabel":"zone","value":"a"}]}]' }, volumeBindingMode: Immediate }`,
        finds: ['zonal /volumeBindingMode'],
      },
      {
        name: 'local volumes',
        object: `{ kind: StorageClass, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: Immediate }`,
        finds: ['node-local /volumeBindingMode'],
      },
      {
        name: 'of the volumes that a class hands out, one is of a node',
        object: `{ kind: StorageClass, metadata: { name: mixed }, provisioner: kubernetes.io/no-provisioner }`,
        inventory: `{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { storageClassName: mixed, nfs: { server: nfs.example.com, path: /data } } }\n---\n{ kind: PersistentVolume, metadata: { name: pv-2 }, spec: { storageClassName: mixed, local: { path: /data }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: kubernetes.io/hostname, operator: In, values: [n1] }] }] } } } }`,
        finds: ['node-local /volumeBindingMode'],
      },
      {
        name: 'volumes that are not known yet',
        object: `{ kind: StorageClass, provisioner: kubernetes.io/no-provisioner }`,
        unknown: ['PersistentVolume'],
        finds: ['unresolved PersistentVolume'],
      },
      {
        name: 'the cluster has one node',
        object: `{ kind: StorageClass, provisioner: hostpath.csi.k8s.io, volumeBindingMode: Immediate }`,
        inventory: `{ kind: Node, metadata: { name: n1 } }`,
        finds: ['one-node /volumeBindingMode'],
      },
      {
        name: 'Longhorn that keeps the data on the node of its first pod',
        object: `{ kind: StorageClass, provisioner: driver.longhorn.io, parameters: { dataLocality: strict-local } }`,
        finds: ['node-local /volumeBindingMode'],
      },
      {
        name: 'the class allows one zone',
        object: `{ kind: StorageClass, provisioner: ebs.csi.aws.com, volumeBindingMode: Immediate, allowedTopologies: [{ matchLabelExpressions: [{ key: topology.kubernetes.io/zone, values: [eu-west-1a] }] }] }`,
        finds: ['single-zone-class /volumeBindingMode'],
      },
      {
        name: 'the cluster has one zone',
        object: `{ kind: StorageClass, provisioner: ebs.csi.aws.com, volumeBindingMode: Immediate }`,
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.kubernetes.io/zone: a } } }\n---\n{ kind: Node, metadata: { name: n2, labels: { topology.kubernetes.io/zone: a } } }`,
        finds: ['one-zone /volumeBindingMode'],
      },
      {
        name: 'the bare numbers of Azure are no zones',
        object: `{ kind: StorageClass, provisioner: disk.csi.azure.com, parameters: { skuName: Premium_LRS }, volumeBindingMode: Immediate }`,
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.kubernetes.io/zone: "0" } } }\n---\n{ kind: Node, metadata: { name: n2, labels: { topology.kubernetes.io/zone: "1" } } }`,
        finds: ['one-zone /volumeBindingMode'],
      },
      {
        name: 'zone-redundant disks',
        object: `{ kind: StorageClass, provisioner: disk.csi.azure.com, parameters: { skuname: Premium_ZRS }, volumeBindingMode: Immediate }`,
        finds: ['zone-redundant /volumeBindingMode'],
      },
      {
        name: 'a class that the cloud keeps',
        object: `{ kind: StorageClass, metadata: { labels: { addonmanager.kubernetes.io/mode: EnsureExists } }, provisioner: kubernetes.io/gce-pd, volumeBindingMode: Immediate }`,
        finds: ['cloud-managed /volumeBindingMode'],
      },
      {
        name: 'a provisioner that nobody has told of',
        object: `{ kind: StorageClass, provisioner: csi.example.com, volumeBindingMode: Immediate }`,
        finds: ['unknown /volumeBindingMode'],
      },
      {
        name: 'a provisioner that the settings call zonal',
        object: `{ kind: StorageClass, provisioner: csi.example.com, volumeBindingMode: Immediate }`,
        params: { zonalProvisioners: ['csi.example.com'] },
        finds: ['zonal /volumeBindingMode'],
      },
      {
        name: 'what a variable stands for is not known',
        object: `{ kind: StorageClass, provisioner: ebs.csi.aws.com, volumeBindingMode: "\${MODE}" }`,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'a variable says how far the disks reach',
        object: `{ kind: StorageClass, provisioner: disk.csi.azure.com, parameters: { skuName: "\${SKU}" }, volumeBindingMode: Immediate }`,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'an old class whose annotations change',
        object: `{ kind: StorageClass, metadata: { annotations: { note: new } }, provisioner: ebs.csi.aws.com, volumeBindingMode: Immediate }`,
        oldObject: `{ kind: StorageClass, provisioner: ebs.csi.aws.com, volumeBindingMode: Immediate }`,
        finds: ['zonal /volumeBindingMode'],
      },
    ],
  },
  *check({ object, name, params, inventory }) {
    const fault = bindingFault(object, params, inventory)
    if (!fault) return
    if (typeof fault === 'object') {
      yield fault
      return
    }
    const isManaged = memberOf(object.metadata?.labels, 'addonmanager.kubernetes.io/mode') !== undefined
    const mode = object.volumeBindingMode ? 'Immediate' : 'without volumeBindingMode (Immediate)'
    yield {
      reason: isManaged ? 'cloud-managed' : fault,
      path: '/volumeBindingMode',
      message: `StorageClass ${brief(name, 24)} is ${mode} with ${adjectives[fault]} ${brief(stringOf(object.provisioner) ?? '')}`,
      fix: isManaged
        ? 'use a class of your own with volumeBindingMode: WaitForFirstConsumer'
        : 'set volumeBindingMode: WaitForFirstConsumer; delete an existing class first, bound volumes stay bound',
    }
  },
})

const adjectives = {
  zonal: 'zonal',
  'node-local': 'node-local',
  'single-zone-class': 'zonal',
  'one-zone': 'zonal',
  'one-node': 'node-local',
  'zone-redundant': 'zone-redundant',
  unknown: 'the unlisted provisioner',
} as const
