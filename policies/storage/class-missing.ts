import { isBound } from '../../src/sdk/claim-volume.ts'
import { onlyHandsOut } from '../../src/sdk/class-reach.ts'
import { claimsOf, classNameOf, classPathOf, type Claim } from '../../src/sdk/claims.ts'
import { closest } from '../../src/sdk/closest.ts'
import { fitsClaim, freeVolumes, type IsOwn } from '../../src/sdk/free-volumes.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { bindsAtOnce } from '../../src/sdk/storage-classes.ts'
import { listOf, memberOf, stringOf } from '../../src/sdk/shape.ts'

const claim = (fields: string) =>
  `{ kind: PersistentVolumeClaim, metadata: { name: data }, spec: { ${fields} accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`
const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const statefulSet = (className: string) =>
  `{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: 2, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { containers: [${container}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { storageClassName: ${className}, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }] } }`
const waiting = `{ kind: StorageClass, metadata: { name: gp3 }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer }`
const local = (mode: string) =>
  `{ kind: StorageClass, metadata: { name: local }, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: ${mode} }`
const volume = (className: string, rest = '', size = '10Gi') =>
  `{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: ${size} }, accessModes: [ReadWriteOnce], storageClassName: ${className}, nfs: { server: nfs.example.com, path: /data }${rest} } }`
const alongside = ['storage-pvc-immediate-class']

export default definePolicy({
  id: 'storage-class-missing',
  summary: 'The class that a claim names exists, or there is a volume for it.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go',
    'component-helpers/storage/volume/pv_helpers.go',
    'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding',
  ],
  on: ['PersistentVolumeClaim', ...podKinds],
  reads: ['StorageClass', 'PersistentVolume'],
  reasons: {
    'not-found': {
      baseline: 'warn',
      why: 'Nothing makes a volume for a class that does not exist: the claim waits, and its pod stays Pending with unbound immediate claims.',
      absence: true,
    },
    'no-volume': {
      baseline: 'warn',
      why: 'A class without a provisioner only hands out volumes that are there already, and none fits: the claim waits, and its pod stays Pending.',
      absence: true,
    },
  },
  examples: {
    passes: [
      { name: 'the class is there', object: claim('storageClassName: gp3,'), inventory: waiting },
      {
        name: 'a class may be no more than the name that volumes share',
        object: claim('storageClassName: archive,'),
        inventory: volume('archive'),
      },
      {
        name: 'the volumes of a StatefulSet that has them all',
        object: statefulSet('archive'),
        inventory: volume('archive', ', claimRef: { namespace: default, name: data-db-0 }'),
      },
      {
        name: 'the claim names its volume',
        object: claim('storageClassName: archive, volumeName: pv-1,'),
        inventory: volume('archive'),
      },
      { name: 'no class is asked for', object: claim('storageClassName: "",'), inventory: waiting },
      {
        name: 'a class that waits for the pod leaves the volume to the scheduler',
        object: claim('storageClassName: local,'),
        inventory: local('WaitForFirstConsumer'),
      },
      {
        name: 'files need not hold every class',
        object: claim('storageClassName: gp3,'),
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'a class of nobody',
        object: claim('storageClassName: pg3,'),
        inventory: waiting,
        finds: ['not-found /spec/storageClassName'],
      },
      {
        name: 'a StatefulSet',
        object: statefulSet('fast'),
        inventory: waiting,
        finds: ['not-found /spec/volumeClaimTemplates/0/spec/storageClassName'],
      },
      {
        name: 'the only volume of that name has a claim, if one that is gone',
        object: claim('storageClassName: archive,'),
        inventory: volume('archive', ', claimRef: { namespace: default, name: other }'),
        finds: ['not-found /spec/storageClassName'],
      },
      {
        name: 'local volumes of which none is left',
        object: claim('storageClassName: local,'),
        inventory: local('Immediate'),
        alongside,
        finds: ['no-volume /spec/storageClassName'],
      },
      {
        name: 'local volumes that are too small',
        object: claim('storageClassName: local,'),
        inventory: `${local('Immediate')}\n---\n${volume('local', '', '5Gi')}`,
        alongside,
        finds: ['no-volume /spec/storageClassName'],
      },
      {
        name: 'classes that are not known',
        object: claim('storageClassName: gp3,'),
        unknown: ['StorageClass'],
        finds: ['unresolved StorageClass'],
      },
      {
        name: 'what a variable stands for is not known',
        object: claim('storageClassName: "${CLASS}",'),
        inventory: waiting,
        frontEnd: 'check',
        complete: true,
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, name: own, namespace, inventory }) {
    const unsure = new Set<Missing>()
    for (const { claim, path, name } of claimsOf(kind, object)) {
      const bound = kind === 'PersistentVolumeClaim' && isBound(object, namespace, inventory)
      if (bound === true) continue
      const className = classNameOf(claim)
      if (className === undefined || className === '') continue
      if (className === unknown) {
        unsure.add('value')
        continue
      }
      const storageClass = inventory.get('StorageClass', '', className)
      const classes = inventory.list('StorageClass')
      if (storageClass === unknown || classes === unknown) {
        unsure.add('StorageClass')
        continue
      }
      const isMissing = storageClass === undefined
      if (!isMissing && !(onlyHandsOut(storageClass) && bindsAtOnce(storageClass) === true)) continue
      const free = freeVolumes(className, ownClaims(kind, namespace, own, name), inventory)
      const fitting = isMissing ? free.found.map(() => true) : free.found.map((volume) => fitsClaim(volume, claim))
      for (const missing of free.unsure) unsure.add(missing)
      if (bound === unknown || fitting.includes(unknown)) unsure.add('PersistentVolume')
      if (bound === unknown || free.unsure.length > 0 || fitting.some((fits) => fits !== false)) continue
      yield {
        reason: isMissing ? 'not-found' : 'no-volume',
        path: path + classPathOf(claim),
        message: isMissing
          ? `claim ${brief(name)} names class ${brief(className)}, which does not exist`
          : `claim ${brief(name)}: no Available PV of class ${brief(className)} fits ${describe(claim)}`,
        fix: isMissing
          ? fixOf(className, classes.map(nameOf))
          : 'create such a PV, or clear the claimRef of a Released one whose data may go',
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

/** Volumes that the claims under review have already are no one else's. */
function ownClaims(kind: KindName, namespace: string, owner: string, name: string): IsOwn {
  const stem = `${name}-${owner}-`
  return (of, claimName) => {
    if (of !== namespace || typeof claimName !== 'string') return false
    return kind === 'StatefulSet' ? claimName.startsWith(stem) : claimName === name
  }
}

function describe(claim: Claim): string {
  const size = stringOf(memberOf(claim.spec?.resources?.requests, 'storage')) ?? 'its size'
  return `${brief(size, 12)} ${listed(claim.spec?.accessModes)}`
}

function listed(modes: unknown): string {
  return listOf(modes)
    .filter((mode) => typeof mode === 'string')
    .slice(0, 2)
    .map((mode) => brief(mode, 20))
    .join(', ')
}

function fixOf(name: string, classes: readonly string[]): string {
  const near = closest(name, classes)
  return near === undefined ? 'create the class, or correct the name' : `storageClassName: ${brief(near)}, or create it`
}
