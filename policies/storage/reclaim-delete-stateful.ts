import { claimsOf, classesOf, classNameOf, classPathOf } from '../../src/sdk/claims.ts'
import { filedUnder } from '../../src/sdk/filed-lists.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { anyKey } from '../../src/sdk/label-keys.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { defaultClasses } from '../../src/sdk/storage-classes.ts'
import { memberOf, stringOf } from '../../src/sdk/shape.ts'
import { isVariable } from '../../src/sdk/variables.ts'

type StatefulSet = Kinds['StatefulSet']

const snippet = `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3-retain}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
reclaimPolicy: Retain
allowVolumeExpansion: true`

const storageClass = (policy: string, name = 'gp3') =>
  `{ kind: StorageClass, metadata: { name: ${name} }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer${policy === '' ? '' : `, reclaimPolicy: ${policy}`} }`
const container = `{ name: db, image: "registry.example.com/db:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const statefulSet = (retention = '', className = 'storageClassName: gp3,') =>
  `{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: 3, ${retention} serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { containers: [${container}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { ${className} accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }] } }`
const whenScaled = (policy: string) =>
  `persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: ${policy} },`

export default definePolicy({
  id: 'storage-reclaim-delete-stateful',
  summary: 'The volumes of StatefulSets outlive their claims.',
  signatures: [],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/apis/storage/v1/defaults.go',
    'https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention',
    'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming',
  ],
  on: ['StatefulSet', 'StorageClass'],
  reads: ['StorageClass', 'StatefulSet'],
  reasons: {
    reclaim: {
      baseline: 'audit',
      strict: 'warn',
      why: 'With reclaimPolicy Delete the disk goes with its claim: a namespace deleted by mistake takes the data with it.',
      snippet,
    },
    'scale-down-deletes-data': {
      baseline: 'warn',
      why: 'Scaling down deletes the claim of each replica that goes, and with reclaimPolicy Delete its disk: the replica comes back empty.',
      snippet: `spec:
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}`,
    },
  },
  examples: {
    passes: [
      {
        name: 'the class keeps its volumes',
        object: statefulSet(whenScaled('Delete')),
        inventory: storageClass('Retain'),
      },
      {
        name: 'a StatefulSet without claims of its own',
        object: `{ kind: StatefulSet, spec: { replicas: 3, serviceName: web, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [${container}] } } } }`,
        inventory: storageClass(''),
      },
      {
        name: 'a class that no StatefulSet uses',
        object: storageClass(''),
        inventory: statefulSet('', 'storageClassName: io2,'),
      },
    ],
    fails: [
      {
        name: 'left out means Delete',
        object: statefulSet(),
        inventory: storageClass(''),
        finds: ['reclaim /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'the default class',
        object: statefulSet('', ''),
        inventory: `{ kind: StorageClass, metadata: { name: gp3, annotations: { storageclass.kubernetes.io/is-default-class: "true" } }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer, reclaimPolicy: Delete }`,
        finds: ['reclaim /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'scaling down deletes claims',
        object: statefulSet(whenScaled('Delete')),
        inventory: storageClass('Delete'),
        finds: ['scale-down-deletes-data /spec/persistentVolumeClaimRetentionPolicy/whenScaled'],
      },
      {
        name: 'seen from the class',
        object: storageClass(''),
        inventory: statefulSet(),
        finds: ['reclaim /reclaimPolicy'],
      },
      {
        name: 'seen from the class, where scaling down deletes claims',
        object: storageClass('Delete'),
        inventory: statefulSet(whenScaled('Delete')),
        finds: ['scale-down-deletes-data /reclaimPolicy'],
      },
      {
        name: 'files that do not hold the class',
        object: statefulSet(),
        frontEnd: 'check',
        finds: ['unresolved StorageClass'],
      },
    ],
  },
  *check({ kind, object, name, inventory }) {
    if (kind === 'StorageClass') {
      if (!deletes(object)) return
      const listed = inventory.list('StatefulSet')
      const isDefault = defaultClasses(inventory).found.some((each) => nameOf(each) === name)
      const users = listed === unknown ? [] : filedUnder(listed, classNames, isDefault ? [name, ''] : [name])
      if (listed === unknown) yield unresolved('StatefulSet')
      const loses = users.filter(scalesAway)
      const [first, ...others] = loses.length > 0 ? loses : users
      if (!first) return
      const more = others.length > 0 ? ` and ${others.length} more` : ''
      yield {
        reason: loses.length > 0 ? 'scale-down-deletes-data' : 'reclaim',
        path: '/reclaimPolicy',
        message: `StorageClass ${brief(name)} has reclaimPolicy Delete, and StatefulSet ${brief(nameOf(first))}${more} ${loses.length > 0 ? 'deletes claims of it when scaled down' : 'keeps data on it'}`,
        fix: 'make a class with reclaimPolicy: Retain for them',
        related: [first, ...others].slice(0, 20).map((each) => ({
          kind: 'StatefulSet',
          namespace: stringOf(each.metadata?.namespace) ?? '',
          name: nameOf(each),
        })),
      }
      return
    }
    const unsure = new Set<KindName>()
    for (const { claim, path, name: template } of claimsOf(kind, object)) {
      if (!path.startsWith('/spec/volumeClaimTemplates/')) continue
      const classes = classesOf(claim, inventory)
      for (const missing of classes.unsure) unsure.add(missing)
      const storageClass = classes.found.find(deletes)
      if (!storageClass) continue
      const loses = scalesAway(object)
      yield {
        reason: loses ? 'scale-down-deletes-data' : 'reclaim',
        path: loses ? '/spec/persistentVolumeClaimRetentionPolicy/whenScaled' : path + classPathOf(claim),
        message: `StatefulSet ${brief(name, 24)}: claims ${brief(template, 24)} use class ${brief(nameOf(storageClass))} with reclaimPolicy Delete${loses ? ', and whenScaled is Delete' : ''}`,
        fix: loses ? 'set whenScaled: Retain' : 'use a class with reclaimPolicy: Retain, or set Retain on the PVs',
        related: [{ kind: 'StorageClass', namespace: '', name: nameOf(storageClass) }],
      }
      // One policy for all templates.
      if (loses) break
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

// Left out means Delete.
function deletes({ reclaimPolicy }: Kinds['StorageClass']): boolean {
  return (reclaimPolicy ?? 'Delete') === 'Delete'
}

function scalesAway({ spec }: StatefulSet): boolean {
  return memberOf(spec?.persistentVolumeClaimRetentionPolicy, 'whenScaled') === 'Delete'
}

/** The classes that the claims of a StatefulSet name, '' for the default. */
function classNames(statefulSet: StatefulSet): readonly string[] {
  return claimsOf('StatefulSet', statefulSet)
    .filter(({ path }) => path.startsWith('/spec/volumeClaimTemplates/'))
    .flatMap(({ claim }) => {
      const name = classNameOf(claim)
      if (name === '') return []
      return name === unknown || isVariable(name) ? [anyKey] : [name ?? '']
    })
}
