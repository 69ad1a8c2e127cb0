import fc from 'fast-check'
import { podSpec } from '../e2e/support/objects.ts'
import { gpu, onlyHere, type NodePlan } from './case-nodes.ts'
import type { Place } from './place.ts'
import { hostKey, zoneKey } from './scheduling-plans.ts'

/** Where the volumes of a class are made, and when. */
interface ClassPlan {
  readonly provisioned: boolean
  readonly waits: boolean
  readonly allowed: readonly string[]
  /** Where a volume is made that does not wait for its Pod. */
  readonly first: number
}

/** A volume that is there from the beginning. */
interface VolumePlan {
  readonly zones: readonly string[]
  readonly by: 'affinity' | 'label' | 'both' | 'node' | 'nothing'
  readonly class: number
}

/** Of a volume that is there or is not, or of a class that is there or is not. */
interface ClaimPlan {
  readonly of: 'volume' | 'class'
  readonly index: number
}

/** One Pod with its claims: of a Deployment that mounts them, or of a StatefulSet that has them made. */
export interface VolumesPlan {
  readonly nodes: readonly NodePlan[]
  readonly classes: readonly ClassPlan[]
  readonly volumes: readonly VolumePlan[]
  readonly claims: readonly ClaimPlan[]
  readonly kind: 'Deployment' | 'StatefulSet'
  /** False: a Deployment mounts what nobody made, a StatefulSet finds nothing there. */
  readonly made: readonly boolean[]
  readonly zones: readonly string[]
  readonly by: 'nodeSelector' | 'affinity'
  readonly tolerates: boolean
}

const zones = ['a', 'b', 'c']
const zonesOf = fc.subarray(zones, { minLength: 1, maxLength: 2 })
const node: fc.Arbitrary<NodePlan> = fc.record({
  labels: fc.record({ [zoneKey]: fc.constantFrom(...zones) }),
  state: fc.constantFrom('fine', 'fine', 'fine', 'fine', 'cordoned', 'NoSchedule'),
})

export const volumePlans: fc.Arbitrary<VolumesPlan> = fc.record({
  nodes: fc.array(node, { minLength: 1, maxLength: 4 }),
  classes: fc.array(
    fc.record({
      provisioned: fc.constantFrom(true, true, true, false),
      waits: fc.boolean(),
      allowed: fc.oneof(fc.constant([]), zonesOf),
      first: fc.nat(1),
    }),
    { minLength: 2, maxLength: 2 },
  ),
  volumes: fc.array(
    fc.record({
      zones: zonesOf,
      by: fc.constantFrom('affinity', 'affinity', 'label', 'both', 'node', 'nothing'),
      class: fc.constantFrom(0, 1, 2, 2),
    }),
    { minLength: 2, maxLength: 3 },
  ),
  claims: fc.array(
    fc.record({ of: fc.constantFrom('volume', 'class'), index: fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 3) }),
    {
      minLength: 1,
      maxLength: 2,
    },
  ),
  kind: fc.constantFrom('Deployment', 'StatefulSet'),
  made: fc.tuple(few(), few()),
  zones: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: zonesOf }),
  by: fc.constantFrom('nodeSelector', 'affinity'),
  tolerates: fc.boolean(),
})

/** True, most of the time. */
function few(): fc.Arbitrary<boolean> {
  return fc.integer({ min: 0, max: 5 }).map((dice) => dice > 0)
}

export function driverOf(place: Place): string {
  return `${place.name}.csi.test`
}

export function classObjects({ classes }: VolumesPlan, place: Place): object[] {
  return classes.map(({ provisioned, waits, allowed }, index) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: className(place, index) },
    provisioner: provisioned ? driverOf(place) : 'kubernetes.io/no-provisioner',
    volumeBindingMode: waits ? 'WaitForFirstConsumer' : 'Immediate',
    ...(allowed.length > 0
      ? { allowedTopologies: [{ matchLabelExpressions: [{ key: zoneKey, values: allowed }] }] }
      : {}),
  }))
}

export function volumeObjects({ volumes }: VolumesPlan, place: Place): object[] {
  return volumes.map(({ zones, by, class: index }, own) => {
    const name = `${place.name}-volume-${own}`
    const label = by === 'label' || by === 'both' ? { labels: { [zoneKey]: zones.join('__') } } : {}
    const term = by === 'node' ? { key: hostKey, values: [`${place.name}-0`] } : { key: zoneKey, values: zones }
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ ...term, operator: 'In' }] }] }
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, ...label },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: className(place, index),
        csi: { driver: driverOf(place), volumeHandle: name },
        ...(by === 'label' || by === 'nothing' ? {} : { nodeAffinity: { required } }),
      },
    }
  })
}

/** The claims that are there before the workload. */
export function claimObjects(plan: VolumesPlan, place: Place): object[] {
  return plan.claims.flatMap((claim, index) =>
    plan.made[index]
      ? [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: claimName(plan, place, index) },
            spec: claimSpec(plan, claim, place),
          },
        ]
      : [],
  )
}

export function workloadOf(plan: VolumesPlan, place: Place): object {
  const { kind, claims } = plan
  const labels = { app: place.name }
  const isSet = kind === 'StatefulSet'
  const volumes = claims.map((_, index) => ({
    name: `data-${index}`,
    persistentVolumeClaim: { claimName: claimName(plan, place, index) },
  }))
  const pod = { ...placement(plan, place), ...(isSet ? {} : { volumes }) }
  const volumeClaimTemplates = claims.map((claim, index) => ({
    metadata: { name: templateName(place, index) },
    spec: claimSpec(plan, claim, place),
  }))
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      ...(isSet ? { serviceName: 'web', volumeClaimTemplates } : {}),
      template: { metadata: { labels }, spec: podSpec({ resources: {}, pod }) },
    },
  }
}

/** The name of a claim, whoever makes it; names differ between cases. */
export function claimName({ kind }: VolumesPlan, place: Place, index: number): string {
  return kind === 'StatefulSet' ? `${templateName(place, index)}-web-0` : templateName(place, index)
}

function templateName(place: Place, index: number): string {
  return `${place.name}-data-${index}`
}

function className(place: Place, index: number): string {
  return `${place.name}-class-${index}`
}

function claimSpec({ volumes }: VolumesPlan, { of, index }: ClaimPlan, place: Place): object {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  if (of === 'class') return { ...spec, storageClassName: className(place, index) }
  const storageClassName = className(place, volumes[index]?.class ?? 0)
  return { ...spec, storageClassName, volumeName: `${place.name}-volume-${index}` }
}

function placement({ zones, by, tolerates }: VolumesPlan, place: Place): object {
  const { nodeSelector, tolerations } = onlyHere(place)
  const [zone] = zones
  const terms = [{ matchExpressions: [{ key: zoneKey, operator: 'In', values: zones }] }]
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } }
  return {
    nodeSelector: { ...nodeSelector, ...(zone && by === 'nodeSelector' ? { [zoneKey]: zone } : {}) },
    tolerations: [...tolerations, ...(tolerates ? [{ key: gpu, operator: 'Exists' }] : [])],
    ...(zone && by === 'affinity' ? { affinity } : {}),
  }
}
