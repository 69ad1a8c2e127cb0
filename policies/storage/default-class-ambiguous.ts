import { bindingFault, strands } from '../../src/sdk/binding-fault.ts'
import { isBound } from '../../src/sdk/claim-volume.ts'
import { claimsOf, classNameOf, classPathOf } from '../../src/sdk/claims.ts'
import { fitsClaim, freeVolumes } from '../../src/sdk/free-volumes.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved, type Review } from '../../src/sdk/policy.ts'
import { provisionerParams } from '../../src/sdk/provisioners.ts'
import { defaultClasses, defaultKeyOf, defaultsAmong, winnerOf } from '../../src/sdk/storage-classes.ts'

const snippet = `metadata:
  annotations:
    storageclass.kubernetes.io/is-default-class: "false"`

const key = 'storageclass.kubernetes.io/is-default-class'
const place = '/metadata/annotations/storageclass.kubernetes.io~1is-default-class'
const storageClass = (name: string, created: string, mode = 'WaitForFirstConsumer', annotation = `${key}: "true"`) =>
  `{ kind: StorageClass, metadata: { name: ${name}, creationTimestamp: "${created}T00:00:00Z", annotations: { ${annotation} } }, provisioner: ebs.csi.aws.com, volumeBindingMode: ${mode} }`
const claim = (fields: string) =>
  `{ kind: PersistentVolumeClaim, metadata: { name: data }, spec: { ${fields} accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`
const volume = `{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteOnce], nfs: { server: nfs.example.com, path: /data } } }`
const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const alongside = ['storage-immediate-binding']

export default definePolicy({
  id: 'storage-default-class-ambiguous',
  summary: 'There is one default StorageClass, and claims that name none get it.',
  signatures: ['volume-affinity-conflict', 'pending-pods'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes/pkg/volume/util/storageclass.go',
    'kubernetes/plugin/pkg/admission/storage/storageclass/setdefault/admission.go',
    'https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass',
  ],
  on: ['StorageClass', 'PersistentVolumeClaim', ...podKinds],
  reads: ['StorageClass', 'PersistentVolume', 'Node'],
  reasons: {
    'second-default': {
      baseline: 'warn',
      strict: 'deny',
      why: 'Of several defaults the newest is taken without a word, so that the next class created changes where and how every claim without a class is stored.',
      snippet,
    },
    'immediate-winner': {
      baseline: 'deny',
      why: 'Of several defaults the newest is taken without a word, and this one makes volumes in a zone chosen without their pods, which then stay Pending.',
      snippet,
    },
    none: {
      baseline: 'warn',
      why: 'No class is named and none is the default, so nobody makes a volume: the claim waits, and its pod stays Pending.',
      snippet: `spec:
  storageClassName: gp3   # volumeBindingMode: WaitForFirstConsumer
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}`,
      absence: true,
    },
  },
  params: provisionerParams,
  examples: {
    passes: [
      {
        name: 'the only default',
        object: storageClass('gp3', '2025-01-01'),
        inventory: storageClass('io2', '2025-02-01', undefined, 'note: fast'),
      },
      {
        name: 'only the text true makes a default',
        object: storageClass('gp3', '2025-01-01'),
        inventory: storageClass('io2', '2025-02-01', undefined, `${key}: "yes"`),
      },
      {
        name: 'a class beside the only default',
        object: storageClass('io2', '2025-02-01', undefined, 'note: fast'),
        inventory: storageClass('gp3', '2025-01-01'),
      },
      { name: 'a claim gets the default', object: claim(''), inventory: storageClass('gp3', '2025-01-01') },
      { name: 'a claim that asks for no class', object: claim('storageClassName: "",') },
      { name: 'a volume without a class serves a claim without one', object: claim(''), inventory: volume },
      { name: 'files need not hold the default', object: claim('volumeName: pv-1,'), frontEnd: 'check' },
    ],
    fails: [
      {
        name: 'a second default, which is the newer',
        object: storageClass('gp3', '2025-02-01'),
        inventory: storageClass('io2', '2025-01-01'),
        finds: [`second-default ${place}`],
      },
      {
        name: 'the annotation of old counts too',
        object: storageClass('gp3', '2025-02-01'),
        inventory: storageClass(
          'io2',
          '2025-01-01',
          undefined,
          'storageclass.beta.kubernetes.io/is-default-class: "true"',
        ),
        finds: [`second-default ${place}`],
      },
      {
        name: 'an older class that binds at once does not win',
        object: storageClass('gp3', '2025-02-01'),
        inventory: storageClass('gp2', '2025-01-01', 'Immediate'),
        finds: [`second-default ${place}`],
      },
      {
        name: 'the newer one binds at once',
        object: storageClass('gp3', '2025-01-01'),
        oldObject: storageClass('gp3', '2025-01-01', undefined, 'note: none'),
        inventory: storageClass('gp2', '2025-02-01', 'Immediate'),
        finds: [`immediate-winner ${place}`],
      },
      {
        name: 'of equally new ones the first by name wins',
        object: storageClass('gp3', '2025-01-01'),
        inventory: storageClass('gp2', '2025-01-01', 'Immediate'),
        finds: [`immediate-winner ${place}`],
      },
      {
        name: 'it is the one under review that binds at once',
        object: storageClass('gp2', '2025-02-01', 'Immediate'),
        inventory: storageClass('gp3', '2025-01-01'),
        alongside,
        finds: [`immediate-winner ${place}`],
      },
      {
        name: 'files do not say which is the newer',
        object: `{ kind: StorageClass, metadata: { name: gp3, annotations: { ${key}: "true" } }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer }`,
        inventory: `{ kind: StorageClass, metadata: { name: io2, annotations: { ${key}: "true" } }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer }`,
        frontEnd: 'check',
        finds: [`second-default ${place}`],
      },
      {
        name: 'a claim without a class where none is the default',
        object: claim(''),
        inventory: storageClass('gp3', '2025-01-01', undefined, 'note: none'),
        finds: ['none /spec/storageClassName'],
      },
      {
        name: 'a StatefulSet',
        object: `{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: 2, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { containers: [${container}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }] } }`,
        finds: ['none /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'classes that are not known',
        object: claim(''),
        unknown: ['StorageClass'],
        finds: ['unresolved StorageClass'],
      },
    ],
  },
  *check({ kind, object, namespace, name: own, params, review, inventory }) {
    if (kind === 'StorageClass') {
      const annotation = defaultKeyOf(object)
      if (annotation === undefined) return
      const listed = inventory.list('StorageClass')
      const defaults = listed === unknown ? unknown : defaultsAmong(listed)
      if (defaults === unknown || defaults.some((each) => inventory.uncertain(each))) {
        yield unresolved('StorageClass')
        return
      }
      const others = defaults.filter((each) => nameOf(each) !== own)
      const [other] = others
      if (!other) return
      const winner = winnerAt(review, object, defaults)
      const fault = winner && bindingFault(winner, params, inventory)
      const names = `${brief(nameOf(other), 24)}${others.length > 1 ? ` and ${others.length - 1} more` : ''}`
      yield {
        reason: typeof fault === 'string' && strands(fault) ? 'immediate-winner' : 'second-default',
        path: pointer('metadata', 'annotations', annotation),
        message: `defaults: ${brief(own, 24)}, ${names}; ${winner ? `the newest (${brief(nameOf(winner), 24)})` : 'the newest'} wins`,
        fix: 'set is-default-class: "false" on all but one',
        related: others.slice(0, 20).map((each) => ({ kind: 'StorageClass', namespace: '', name: nameOf(each) })),
      }
      if (typeof fault === 'object') yield fault
      return
    }
    const unsure = new Set<KindName>()
    for (const { claim, path, name } of claimsOf(kind, object)) {
      if (classNameOf(claim) !== undefined) continue
      const bound = kind === 'PersistentVolumeClaim' && isBound(object, namespace, inventory)
      if (bound === true) continue
      const defaults = defaultClasses(inventory)
      for (const missing of defaults.unsure) unsure.add(missing)
      if (defaults.found.length > 0 || defaults.unsure.length > 0) continue
      const free = freeVolumes('', (of, claimName) => of === namespace && claimName === name, inventory)
      for (const missing of free.unsure) unsure.add(missing)
      if (bound === unknown) unsure.add('PersistentVolume')
      if (
        bound === unknown ||
        free.unsure.length > 0 ||
        free.found.some((volume) => fitsClaim(volume, claim) !== false)
      )
        continue
      yield {
        reason: 'none',
        path: path + classPathOf(claim),
        message: `claim ${brief(name)} names no class, and no class is the default`,
        fix: 'set storageClassName, or is-default-class: "true" on one class',
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

/** The default that claims will get. What is being created has no age yet where the API server has not set it. */
function winnerAt(
  { operation, frontEnd }: Review,
  object: Kinds['StorageClass'],
  defaults: readonly Kinds['StorageClass'][],
): Kinds['StorageClass'] | undefined {
  const isNew = operation === 'CREATE' && frontEnd === 'webhook' && !object.metadata?.creationTimestamp
  return isNew ? object : winnerOf(defaults)
}
