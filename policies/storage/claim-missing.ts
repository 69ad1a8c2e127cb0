import { claimRefsOf } from '../../src/sdk/claims.ts'
import { makersOf } from '../../src/sdk/claim-users.ts'
import { closestForFew } from '../../src/sdk/closest.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { oncePerList } from '../../src/sdk/once-per-list.ts'
import { definePolicy, unresolved, type Missing, type Violation } from '../../src/sdk/policy.ts'
import { replicaClaims } from '../../src/sdk/replica-claims.ts'
import { stringOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const mounting = (claimName: string, kind = 'Deployment') =>
  `{ kind: ${kind}, spec: { replicas: 1, strategy: { type: Recreate }, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [${container}], volumes: [{ name: data, persistentVolumeClaim: { claimName: ${claimName} } }] } } } }`
const claim = (name: string, fields = '') =>
  `{ kind: PersistentVolumeClaim, metadata: { name: ${name} }, spec: { ${fields} accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`
const db = `{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: 3, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { containers: [${container}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { storageClassName: "", accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }] } }`

export default definePolicy({
  id: 'storage-claim-missing',
  summary: 'The claims that pods mount exist.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/scheduler/framework/plugins/volumebinding/volume_binding.go',
    'kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go',
  ],
  on: podKinds,
  reads: ['PersistentVolumeClaim', 'PersistentVolume', 'StatefulSet'],
  reasons: {
    'not-found': {
      baseline: { default: 'warn', check: 'deny' },
      why: 'The scheduler places no pod whose claim it cannot find: the pod stays Pending for as long as the claim is not there.',
      snippet: yaml`apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: ${{ claim: 'data' }}, namespace: ${{ namespace: 'shop' }}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}`,
      absence: true,
    },
    'volume-gone': {
      baseline: 'warn',
      why: 'A claim is bound to one volume for life: once that volume is gone no other takes its place, and every pod with the claim stays Pending.',
      absence: true,
    },
  },
  examples: {
    passes: [
      { name: 'the claim is there', object: mounting('data'), inventory: claim('data') },
      {
        name: 'a StatefulSet makes the claim',
        object: mounting('data-db-0'),
        inventory: db,
      },
      {
        name: 'the volume of the claim is there',
        object: mounting('data'),
        inventory: `${claim('data', 'storageClassName: "", volumeName: pv-1,')}\n---\n{ kind: PersistentVolume, metadata: { name: pv-1 }, spec: { capacity: { storage: 10Gi }, accessModes: [ReadWriteOnce], storageClassName: "", nfs: { server: nfs.example.com, path: /data } } }`,
      },
      {
        name: 'the claim of a replica that is no longer wanted',
        object: db,
        inventory: claim('data-db-3', 'storageClassName: "", volumeName: pv-1,'),
      },
      {
        name: 'files need not hold every claim',
        object: mounting('data'),
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'a claim of nobody',
        object: mounting('dta'),
        inventory: `${claim('data')}\n---\n${claim('index')}`,
        finds: ['not-found /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'files that are said to be complete',
        object: mounting('data'),
        frontEnd: 'check',
        complete: true,
        finds: ['not-found /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'a claim of another namespace',
        object: mounting('data'),
        inventory: `{ kind: PersistentVolumeClaim, metadata: { name: data, namespace: shop }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`,
        finds: ['not-found /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'a StatefulSet names its claims with an ordinal',
        object: mounting('data-db'),
        inventory: db,
        finds: ['not-found /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'a Pod',
        object: `{ kind: Pod, spec: { containers: [${container}], volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }] } }`,
        finds: ['not-found /spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'the volume of the claim was deleted',
        object: mounting('data'),
        inventory: claim('data', 'storageClassName: "", volumeName: pv-1,'),
        finds: ['volume-gone /spec/template/spec/volumes/0/persistentVolumeClaim/claimName'],
      },
      {
        name: 'the volume of a replica was deleted',
        object: db,
        inventory: claim('data-db-1', 'storageClassName: "", volumeName: pv-1,'),
        finds: ['volume-gone /spec/volumeClaimTemplates/0'],
      },
      {
        name: 'claims that are not known',
        object: mounting('data'),
        unknown: ['PersistentVolumeClaim'],
        finds: ['unresolved PersistentVolumeClaim'],
      },
      {
        name: 'what a variable stands for is not known',
        object: mounting('"${CLAIM}"'),
        frontEnd: 'check',
        complete: true,
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, name, namespace, inventory }) {
    const unsure = new Set<Missing>()
    const closest = closestForFew()
    const claims = inventory.list('PersistentVolumeClaim', namespace)
    for (const ref of claimRefsOf(kind, object)) {
      const claim = inventory.get('PersistentVolumeClaim', namespace, ref.name)
      if (isVariable(ref.name)) unsure.add('value')
      else if (claim === unknown || claims === unknown) unsure.add('PersistentVolumeClaim')
      else if (claim) yield* volumeGone(claim, ref.path, `${kind} ${brief(name, 20)}`, namespace, inventory, unsure)
      else {
        const makers = makersOf(ref.name, namespace, inventory)
        for (const missing of makers.unsure) unsure.add(missing)
        if (hasVariable(claims)) unsure.add('PersistentVolumeClaim')
        else if (makers.found.length === 0 && makers.unsure.length === 0) {
          const near = closest(ref.name, () => claims.map(nameOf))
          yield {
            reason: 'not-found',
            path: ref.path,
            message: `${kind} ${brief(name)} mounts claim ${brief(ref.name)}, which does not exist`,
            fix: near === undefined ? 'create it, or correct claimName' : `claimName: ${brief(near)}, or create it`,
            values: { claim: ref.name, namespace },
          }
        }
      }
    }
    if (kind === 'StatefulSet' && claims !== unknown) {
      const told = new Set<string>()
      for (const { claim, path } of replicaClaims(object, claims)) {
        for (const gone of volumeGone(claim, path, `StatefulSet ${brief(name, 20)}`, namespace, inventory, unsure)) {
          // One of many replicas is enough to know what to look for.
          if (!told.has(path)) yield gone
          told.add(path)
        }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

/** What is wrong with a claim that is there: the volume that it is bound to is not. */
function* volumeGone(
  claim: Kinds['PersistentVolumeClaim'],
  path: string,
  who: string,
  namespace: string,
  inventory: Inventory<'PersistentVolume'>,
  unsure: Set<Missing>,
): Generator<Violation<'volume-gone'>, void, undefined> {
  const volume = stringOf(claim.spec?.volumeName) ?? ''
  const found = volume === '' ? undefined : inventory.get('PersistentVolume', '', volume)
  if (inventory.uncertain(claim)) unsure.add('PersistentVolumeClaim')
  else if (found === unknown || isVariable(volume)) unsure.add('PersistentVolume')
  else if (volume !== '' && !found) {
    const name = nameOf(claim)
    yield {
      reason: 'volume-gone',
      path,
      message: `${who}: claim ${brief(name)} is bound to PV ${brief(volume)}, which does not exist`,
      fix: 'restore that PV from its disk or a backup, or delete the claim and make a new one',
      related: [{ kind: 'PersistentVolumeClaim', namespace, name }],
    }
  }
}

// A name that is filled in later may be any.
const hasVariable = oncePerList((claims: readonly Kinds['PersistentVolumeClaim'][]) =>
  claims.some((claim) => isVariable(nameOf(claim))),
)
