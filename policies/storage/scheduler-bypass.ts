import { isBound } from '../../src/sdk/claim-volume.ts'
import { claimRefsOf, claimsOf, classesOf, type Claim } from '../../src/sdk/claims.ts'
import { unknown, type Unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { stringOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { bindsAtOnce } from '../../src/sdk/storage-classes.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const onNode = 'nodeName: n1,'
const mount = '{ name: data, persistentVolumeClaim: { claimName: data } }'
const scratch = `{ name: scratch, ephemeral: { volumeClaimTemplate: { spec: { storageClassName: gp3, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } } } }`
const podSpec = (volume: string, placed = onNode) => `{ ${placed} containers: [${container}], volumes: [${volume}] }`
const deployment = (volume: string, placed?: string) =>
  `{ kind: Deployment, spec: { replicas: 1, strategy: { type: Recreate }, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: ${podSpec(volume, placed)} } } }`
const pod = (volume: string) => `{ kind: Pod, metadata: { name: web }, spec: ${podSpec(volume)} }`
const storageClass = (mode: string) =>
  `{ kind: StorageClass, metadata: { name: gp3 }, provisioner: ebs.csi.aws.com, volumeBindingMode: ${mode} }`
const claim = (fields = '', name = 'data') =>
  `{ kind: PersistentVolumeClaim, metadata: { name: ${name} }, spec: { ${fields} storageClassName: gp3, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`
const known = `${storageClass('WaitForFirstConsumer')}\n---\n${claim()}`
const alongside = ['compute-node-pinning']

export default definePolicy({
  id: 'storage-scheduler-bypass',
  summary: 'Pods whose claims wait for the scheduler are placed by the scheduler, not by nodeName.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go',
    'https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode',
    'https://github.com/kubernetes/kubernetes/issues/89953',
  ],
  on: podKinds,
  reads: ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass'],
  reasons: {
    waits: {
      baseline: { default: 'deny', pod: 'warn' },
      strict: 'deny',
      why: 'Only the scheduler tells the provisioner which node a claim is for, and nodeName passes it by: the claim waits for its first consumer for ever, and the pod never starts.',
      snippet: yaml`# no nodeName
affinity:
  nodeAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        preference:
          matchExpressions:
            - {key: kubernetes.io/hostname, operator: In, values: [${{ domain: 'node-1' }}]}`,
    },
  },
  examples: {
    passes: [
      {
        name: 'a nodeSelector leaves it to the scheduler',
        object: deployment(mount, 'nodeSelector: { kubernetes.io/hostname: n1 },'),
        inventory: known,
      },
      {
        name: 'the claim has its volume',
        object: deployment(mount),
        inventory: `${storageClass('WaitForFirstConsumer')}\n---\n${claim('volumeName: pv-1,')}\n---\n{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { storageClassName: gp3, nfs: { server: nfs.example.com, path: /data } } }`,
      },
      {
        name: 'a volume names the claim: nobody waits for the scheduler to find one',
        object: deployment(mount),
        inventory: `${known}\n---\n{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteOnce], storageClassName: gp3, nfs: { server: nfs.example.com, path: /data }, claimRef: { namespace: default, name: data } } }`,
      },
      {
        name: 'nobody waits for the scheduler',
        object: pod(mount),
        inventory: `{ kind: StorageClass, metadata: { name: gp3 }, provisioner: efs.csi.aws.com, volumeBindingMode: Immediate }\n---\n${claim()}`,
      },
      {
        name: 'a Pod that was placed long ago, and whose own claim is bound',
        object: pod(scratch),
        inventory: `${storageClass('WaitForFirstConsumer')}\n---\n${claim('volumeName: pv-1,', 'web-scratch')}`,
      },
    ].map((example) => ({ ...example, alongside })),
    fails: [
      {
        name: 'a Deployment',
        object: deployment(mount),
        inventory: known,
        alongside,
        finds: ['waits /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'a Pod',
        object: pod(mount),
        inventory: known,
        alongside,
        finds: ['waits /spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'a volume that lives as long as its pod',
        object: deployment(scratch),
        inventory: storageClass('WaitForFirstConsumer'),
        alongside,
        finds: ['waits /spec/template/spec/volumes/0/ephemeral/volumeClaimTemplate'],
      },
      {
        name: 'the claims of a StatefulSet',
        object: `{ kind: StatefulSet, spec: { replicas: 1, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: ${podSpec('')} }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { storageClassName: gp3, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }] } }`,
        inventory: storageClass('WaitForFirstConsumer'),
        alongside,
        finds: ['waits /spec/volumeClaimTemplates/0'],
      },
      {
        name: 'claims that are not known',
        object: deployment(mount),
        inventory: storageClass('WaitForFirstConsumer'),
        unknown: ['PersistentVolumeClaim'],
        alongside,
        finds: ['unresolved PersistentVolumeClaim'],
      },
      {
        name: 'volumes that are not known: one of them may name the claim',
        object: deployment(mount),
        inventory: known,
        unknown: ['PersistentVolume'],
        alongside,
        finds: ['unresolved PersistentVolume'],
      },
      {
        name: 'files that do not hold the class',
        object: deployment(mount),
        inventory: claim(),
        frontEnd: 'check',
        alongside,
        finds: ['unresolved StorageClass'],
      },
    ],
  },
  *check({ kind, object, namespace, name, inventory }) {
    const spec = podSpecOf(kind, object)?.spec
    if (!spec?.nodeName) return
    const unsure = new Set<Missing>()
    const waiting: { readonly path: string; readonly name: string; readonly storageClass: Kinds['StorageClass'] }[] = []
    const judge = (claim: Claim, path: string, claimName: string, bound: boolean | Unknown = false): void => {
      if (bound === true) return
      const classes = classesOf(claim, inventory)
      for (const missing of classes.unsure) unsure.add(missing)
      const modes = classes.found.map(bindsAtOnce)
      const [storageClass] = classes.found
      // Which of several defaults it will be is not known.
      if (modes.includes(unknown) || new Set(modes).size > 1) unsure.add('StorageClass')
      else if (storageClass && modes[0] === false && bound === unknown) unsure.add('PersistentVolume')
      else if (storageClass && modes[0] === false) waiting.push({ path, name: claimName, storageClass })
    }
    for (const ref of claimRefsOf(kind, object)) {
      const claim = inventory.get('PersistentVolumeClaim', namespace, ref.name)
      if (claim === unknown || (claim && inventory.uncertain(claim))) unsure.add('PersistentVolumeClaim')
      else if (claim) judge(claim, ref.path, ref.name, isBound(claim, namespace, inventory))
    }
    for (const { claim, path, name: claimName } of claimsOf(kind, object)) {
      // A Pod that runs has made its claims already.
      const made = kind === 'Pod' && inventory.get('PersistentVolumeClaim', namespace, `${name}-${claimName}`)
      if (made === unknown) unsure.add('PersistentVolumeClaim')
      else judge(claim, path, claimName, made && isBound(made, namespace, inventory))
    }
    for (const { path, name: claimName, storageClass } of waiting) {
      yield {
        reason: 'waits',
        path,
        message: `${kind} ${brief(name, 24)} sets nodeName, and claim ${brief(claimName, 24)} waits for the scheduler (class ${brief(nameOf(storageClass), 24)})`,
        fix: 'drop nodeName; a node that is better than others is preferred by nodeAffinity',
        values: { domain: stringOf(spec.nodeName) },
        related: [{ kind: 'StorageClass', namespace: '', name: nameOf(storageClass) }],
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})
