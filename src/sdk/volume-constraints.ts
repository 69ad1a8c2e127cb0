import { matchesTopologies, topologyTerms } from './allowed-topologies.ts'
import { onlyHandsOut } from './class-reach.ts'
import { claimRefsOf, claimsOf, classesOf, type ClaimView } from './claims.ts'
import { firstOrdinal, isReplica } from './claim-users.ts'
import { namesVolume, volumeNamed, volumeOf } from './claim-volume.ts'
import { freeVolumes } from './free-volumes.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { nameOf } from './names.ts'
import { nodeTestOf, type NodeTest } from './node-selection.ts'
import type { KindName, Kinds } from './objects.ts'
import { replicaClaims } from './replica-claims.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'
import { affinityTerms } from './volumes.ts'
import { meet, volumeLabels, zonesOfTerms, zonesOfTopologies, zonesOfVolumeLabel, type ZoneSet } from './zone-sets.ts'

/** What one claim of a pod asks of its node: to be where the volume is, or where its class lets one be made. */
export interface VolumeConstraint {
  readonly claimName: string
  /** JSON pointer in the workload to what mounts or makes the claim. */
  readonly path: string
  readonly source: { readonly kind: 'PersistentVolume' | 'StorageClass'; readonly name: string }
  readonly zones: ZoneSet
  readonly test: NodeTest
}

/** The claims of one pod: of every pod of a workload, or of the replica with this ordinal. */
export interface PodVolumes {
  readonly ordinal?: number
  readonly constraints: readonly VolumeConstraint[]
}

export type VolumeKind = 'PersistentVolumeClaim' | 'PersistentVolume' | 'StorageClass'

/**
 * What the volumes of the pods of a workload ask of their nodes; only claims that ask for something count. Of a StatefulSet
 * `only` asks for one replica: there may be a thousand, and whoever looks at one claim need not look at all.
 */
export function podVolumes(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<VolumeKind>,
  only?: number,
): { readonly pods: readonly PodVolumes[]; readonly unsure: readonly KindName[] } {
  const unsure = new Set<KindName>()
  const constrain = (mounted: Mounted): VolumeConstraint[] => {
    const constraint = constraintOf(mounted, namespace, inventory, unsure)
    return constraint ? [constraint] : []
  }
  const ofClaim = (claim: Kinds['PersistentVolumeClaim'], path: string): VolumeConstraint[] =>
    constrain({ claim, name: nameOf(claim), path, volume: volumeOf(claim, namespace, inventory) })
  const ofTemplate = (view: ClaimView): VolumeConstraint[] =>
    constrain({ ...view, volume: volumeNamed(view.claim, inventory) })
  const made = claimsOf(kind, object)
  const shared = [
    ...claimRefsOf(kind, object).flatMap(({ name, path }) => {
      const claim = inventory.get('PersistentVolumeClaim', namespace, name)
      if (claim === unknown || (claim && inventory.uncertain(claim))) unsure.add('PersistentVolumeClaim')
      return claim === unknown || !claim ? [] : ofClaim(claim, path)
    }),
    ...made.filter(({ path }) => !path.startsWith(templates)).flatMap(ofTemplate),
  ]
  if (kind !== 'StatefulSet') return { pods: [{ constraints: shared }], unsure: [...unsure] }

  const replicas = new Map<number, VolumeConstraint[]>()
  const fresh = made.filter(({ path }) => path.startsWith(templates)).flatMap(ofTemplate)
  const claims = inventory.list('PersistentVolumeClaim', namespace)
  if (claims === unknown) unsure.add('PersistentVolumeClaim')
  for (const { claim, ordinal, path } of claims === unknown ? [] : replicaClaims(object, claims, only)) {
    const known = replicas.get(ordinal) ?? []
    replicas.set(ordinal, known)
    known.push(...ofClaim(claim, path))
  }
  const bound = [...replicas].sort(([a], [b]) => a - b)
  return {
    pods: [
      ...bound.map(([ordinal, own]) => ({ ordinal, constraints: [...shared, ...own] })),
      // A replica that has no claims yet gets what the templates say.
      ...(only === undefined && isReplica(object, firstOrdinal(object) + bound.length)
        ? [{ constraints: [...shared, ...fresh] }]
        : []),
    ],
    unsure: [...unsure],
  }
}

/** Whether a node may have a volume: its node affinity, and its zone labels, which VolumeZone compares on their own. */
export function volumeTest(volume: Kinds['PersistentVolume']): NodeTest {
  const required: unknown = memberOf(memberOf(volume.spec, 'nodeAffinity'), 'required')
  const byAffinity = nodeTestOf({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
  })
  const labels: unknown = volume.metadata?.labels
  const wanted = topologyLabels.flatMap(([key, sameAs]) => {
    const values = stringOf(memberOf(labels, key))?.split('__')
    // What cannot be read as a list is left out of account.
    return values?.every((value) => value.trim() !== '')
      ? [{ key, sameAs, values: values.map((each) => each.trim()) }]
      : []
  })
  return (node) => {
    const own: unknown = node.metadata?.labels
    const isPlaced = topologyLabels.some(([key]) => memberOf(own, key) !== undefined)
    for (const { key, sameAs, values } of isPlaced ? wanted : []) {
      const value = memberOf(own, key) ?? memberOf(own, sameAs)
      if (isVariable(value) || values.some(isVariable)) return unknown
      if (typeof value !== 'string' || !values.includes(value)) return false
    }
    return byAffinity ? byAffinity(node) : true
  }
}

const templates = '/spec/volumeClaimTemplates/'

// A node that lacks the label of old is compared by the one of today.
const topologyLabels = [
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
] as const

interface Mounted extends ClaimView {
  readonly volume: Kinds['PersistentVolume'] | Unknown | undefined
}

/** Undefined where a claim may have its volume anywhere. */
function constraintOf(
  { claim, name: claimName, path, volume }: Mounted,
  namespace: string,
  inventory: Inventory<VolumeKind>,
  unsure: Set<KindName>,
): VolumeConstraint | undefined {
  if (volume === unknown) {
    unsure.add('PersistentVolume')
    return undefined
  }
  if (volume) {
    const place = placeOf(volume)
    return place && { claimName, path, ...place }
  }
  if (namesVolume(claim)) return undefined
  const classes = classesOf(claim, inventory)
  for (const missing of classes.unsure) unsure.add(missing)
  const [storageClass, second] = classes.found
  // Which of several defaults it will be is not known; a class that only hands out volumes has no say in where they are.
  if (!storageClass || second || onlyHandsOut(storageClass)) return undefined
  const terms = topologyTerms(storageClass)
  if (terms.length === 0) return undefined
  // A volume that is there already may be taken first, wherever it is.
  const free = freeVolumes(nameOf(storageClass), (of) => of === namespace, inventory)
  for (const missing of free.unsure) unsure.add(missing)
  if (free.found.length > 0 || free.unsure.length > 0) return undefined
  return {
    claimName,
    path,
    source: { kind: 'StorageClass', name: nameOf(storageClass) },
    zones: zonesOfTopologies(listOf(storageClass.allowedTopologies)),
    test: (node) => matchesTopologies(terms, node.metadata?.labels),
  }
}

type Place = Pick<VolumeConstraint, 'source' | 'zones' | 'test'>

/** Where a volume is; undefined where it may be anywhere. */
function placeOf(volume: Kinds['PersistentVolume']): Place | undefined {
  const there = places.get(volume)
  if (there) return there.place
  const place = findPlace(volume)
  places.set(volume, { place })
  return place
}

// Objects are never changed, and each review of a workload asks for the volumes of its claims.
const places = new WeakMap<Kinds['PersistentVolume'], { readonly place: Place | undefined }>()

function findPlace(volume: Kinds['PersistentVolume']): Place | undefined {
  const labelled = volumeLabels.some((key) => memberOf(volume.metadata?.labels, key) !== undefined)
  if (affinityTerms(volume) === undefined && !labelled) return undefined
  const zones = meet(zonesOfTerms(affinityTerms(volume) ?? anywhere), zonesOfVolumeLabel(volume.metadata?.labels))
  return { source: { kind: 'PersistentVolume', name: nameOf(volume) }, zones, test: volumeTest(volume) }
}

// One term without a zone leaves all of them open.
const anywhere: readonly unknown[] = [{ matchExpressions: [{}] }]
