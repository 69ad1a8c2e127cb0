import { podNodes } from '../../src/sdk/eligible-nodes.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import { json } from '../control-plane/client.ts'
import { waitFor } from '../control-plane/wait.ts'
import { playProvisioner } from '../e2e/support/provisioner.ts'
import { makeNodes } from './case-nodes.ts'
import { claim, unclaimed, type Comparison, type Verdict } from './comparison.ts'
import { judgeOf } from './judge.ts'
import type { Place } from './place.ts'
import { placedPods } from './scheduling-truth.ts'
import {
  claimName,
  claimObjects,
  classObjects,
  driverOf,
  volumeObjects,
  volumePlans,
  workloadOf,
  type VolumesPlan,
} from './volume-plans.ts'

/** What the rules say of volumes, claims and zones beside what the controller of volumes and the scheduler do. */
export const volumes: Comparison<VolumesPlan> = {
  name: 'volumes',
  plans: volumePlans,
  async compare(plan, place) {
    const teardowns: (() => unknown)[] = []
    try {
      return await compare(plan, place, { teardown: (fn) => teardowns.push(fn) })
    } finally {
      for (const teardown of teardowns) await teardown()
      for (const { metadata } of await volumesOf(place)) await place.remove('PersistentVolume', metadata?.name ?? '')
    }
  },
}

const rules = ['storage-zone-conflict', 'storage-claim-missing', 'storage-class-missing']
const pending: ReadonlySet<string> = new Set([
  ...['pv-vs-pod', 'pv-vs-pv', 'class-vs-pod', 'no-node'],
  ...['not-found', 'volume-gone', 'no-volume'],
])

async function compare(plan: VolumesPlan, place: Place, t: Parameters<typeof playProvisioner>[0]): Promise<Verdict[]> {
  const nodes = await makeNodes(place, plan.nodes)
  const [classes, made] = [classObjects(plan, place), volumeObjects(plan, place)]
  await place.create(...classes, ...made)
  playProvisioner(t, place.cluster, driverOf(place), (name) => firstZone(plan, place, name), [place.name])
  await place.create(...claimObjects(plan, place))
  await settled(plan, place, plan.made)

  const workload = workloadOf(plan, place)
  const claims = await place.list('PersistentVolumeClaim')
  const stored = [...(await place.list('StorageClass')), ...(await volumesOf(place)), ...claims, ...nodes].filter(
    (object) => object.kind !== 'StorageClass' || isOf(object, place),
  )
  const [created] = await place.create(workload)
  if (!created) return []
  const before = toldOf([created, ...claims], [...stored, created], 'webhook')
  // A StatefulSet makes those that were not there.
  if (plan.kind === 'StatefulSet')
    await settled(
      plan,
      place,
      plan.claims.map(() => true),
    )
  const placed = await placedPods(place, 1)
  const bound = await place.list('PersistentVolumeClaim')
  const settledObjects = [
    ...stored.filter(({ kind }) => !rebound.has(kind ?? '')),
    ...(await volumesOf(place)),
    ...bound,
  ]
  const after = toldOf([created, ...bound], [...settledObjects, created], 'audit')

  const asked = JSON.stringify({ claims: plan.claims, volumes: plan.volumes, classes: plan.classes, made: plan.made })
  const detail = `${asked}: before ${wordsOf(before)}, after ${wordsOf(after)}; ${placed.pending[0] ?? `placed on ${placed.nodes.join()}`}`
  const isPlaced = placed.nodes.length > 0
  const verdicts = [...before, ...after].map(({ rule, reason }) =>
    claim(`${rule} ${reason} ⇒ the Pod stays Pending`, !isPlaced, detail),
  )
  if (after.length > 0) return verdicts
  if (isPlaced) return [...verdicts, claim('the Pod is placed ⇒ nothing says Pending', true, detail)]
  const found = podNodes(json(created).at('spec', 'template', 'spec').value, nodes)
  if (found === unknown || found.eligible.length === 0)
    return [...verdicts, unclaimed('Pending where no node will do at all', detail)]
  const isGone = plan.claims.some(({ of, index }) => of === 'volume' && !plan.volumes[index])
  if (isGone) return [...verdicts, claim('a claim names a volume that is not there ⇒ it is told', false, detail)]
  // Whose turn it is, where several claims want one volume, only the controller knows.
  const areBound =
    bound.length === plan.claims.length && bound.every((each) => json(each).at('status', 'phase').text === 'Bound')
  if (areBound) return [...verdicts, claim('Pending with claims that are bound ⇒ it is told', false, detail)]
  return [
    ...verdicts,
    unclaimed(
      `Pending: ${placed.pending[0]?.replace(/\d+\/\d+ nodes are available: /, '').slice(0, 60) ?? ''}`,
      detail,
    ),
  ]
}

/** The kinds that change while claims are bound. */
const rebound: ReadonlySet<string> = new Set(['PersistentVolume', 'PersistentVolumeClaim'])

function toldOf(
  subjects: readonly AnyObject[],
  all: readonly AnyObject[],
  frontEnd: 'webhook' | 'audit',
): readonly Finding[] {
  const judge = judgeOf(rules, all)
  return subjects.flatMap((object) => judge(object, frontEnd).findings.filter(({ reason }) => pending.has(reason)))
}

function wordsOf(findings: readonly Finding[]): string {
  return findings.map(({ rule, reason, message }) => `${rule} ${reason} (${message})`).join('; ') || 'nothing'
}

/** As a provisioner that is not told where the Pod will be: somewhere in the zones that the class allows. */
function firstZone(plan: VolumesPlan, place: Place, name: string): string {
  const index = plan.claims.findIndex((_, each) => claimName(plan, place, each) === name)
  const { of, index: own = 0 } = plan.claims[index] ?? {}
  const { allowed = [], first = 0 } = (of === 'class' ? plan.classes[own] : undefined) ?? {}
  return (allowed.length > 0 ? allowed : ['a', 'b'])[first % (allowed.length || 2)] ?? 'a'
}

/** Waits until the controller of volumes has bound each claim, or has said why it does not. */
async function settled(plan: VolumesPlan, place: Place, made: readonly boolean[]): Promise<void> {
  for (const [index, { of, index: own }] of plan.claims.entries()) {
    // It has nothing to say of a claim whose volume is not there.
    if (!made[index] || (of === 'volume' && !plan.volumes[own])) continue
    const name = claimName(plan, place, index)
    await waitFor(`claim ${name}`, async () => {
      const phase = (await place.read('PersistentVolumeClaim', name)).at('status', 'phase').text
      if (phase === 'Bound' || phase === 'Lost') return true
      const events = await place.cluster.request('GET', `/api/v1/namespaces/${place.name}/events`)
      return events.body
        .at('items')
        .items.some((event) => event.at('involvedObject', 'name').text === name && said.has(event.at('reason').text))
    })
  }
}

const said: ReadonlySet<string> = new Set([
  'FailedBinding',
  'ProvisioningFailed',
  'VolumeMismatch',
  'WaitForFirstConsumer',
])

/** The volumes of a case: those of its plan, and those that were made for its claims. */
async function volumesOf(place: Place): Promise<AnyObject[]> {
  const all = await place.list('PersistentVolume' satisfies KindName)
  return all.filter(
    (volume) => isOf(volume, place) || json(volume).at('spec', 'claimRef', 'namespace').text === place.name,
  )
}

function isOf({ metadata }: AnyObject, place: Place): boolean {
  return metadata?.name?.startsWith(`${place.name}-`) ?? false
}
