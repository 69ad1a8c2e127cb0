import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import { json, type Json } from '../control-plane/client.ts'
import { waitFor } from '../control-plane/wait.ts'
import { owners, type BudgetPlan } from './budget-plans.ts'
import type { Place } from './place.ts'

/** Waits until every workload has the Pods that it wants, all of them Ready, its autoscaler is content, and Jobs have ended. */
export async function settleWorkloads({ workloads, daemons, jobs, bare }: BudgetPlan, place: Place): Promise<void> {
  const until = (kind: KindName, name: string, good: (object: Json) => boolean) =>
    waitFor(`${kind} ${name} of ${place.name}`, () => place.read(kind, name), {
      until: (object) => good(object),
    })
  for (const index of bare.keys()) await until('Pod', `bare-${index}`, (pod) => isReady(pod.value))
  for (const [index, { kind, scaled }] of workloads.entries())
    await until(kind, `workload-${index}`, (object) => {
      const wanted = numberAt(object, 'spec', 'replicas')
      const counts = [object.at('status', 'readyReplicas'), object.at('status', 'replicas')]
      if (scaled && wanted > 0 && (wanted < scaled.min || wanted > scaled.min + scaled.more)) return false
      return isObserved(object) && counts.every((count) => (count.value ?? 0) === wanted)
    })
  for (const index of daemons.keys())
    await until('DaemonSet', `daemon-${index}`, (object) => {
      const wanted = numberAt(object, 'status', 'desiredNumberScheduled')
      return isObserved(object) && wanted > 0 && numberAt(object, 'status', 'numberReady') === wanted
    })
  for (const [index, { parallelism }] of jobs.entries())
    await until('Job', `job-${index}`, (object) => numberAt(object, 'status', 'succeeded') === parallelism)
}

/** Scales every workload with an autoscaler to its minimum, as the autoscaler does where there is no load. */
export async function scaleToLeast(plan: BudgetPlan, place: Place): Promise<void> {
  for (const [index, { kind, replicas, scaled }] of plan.workloads.entries())
    if (scaled && replicas > 0) await place.patch(kind, `workload-${index}`, { spec: { replicas: scaled.min } })
  await settleWorkloads(plan, place)
}

/**
 * Waits until the disruption controller has gone through all that it knew when this was called: it works through one
 * queue, and a budget made last is counted last.
 */
export async function fence(place: Place, round: string): Promise<void> {
  const name = `fence-${round}`
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name } }
  const spec = { minAvailable: 1, selector: { matchLabels: { fence: round } } }
  await place.post({ ...budget, spec })
  await waitFor(`the disruption controller in ${place.name}`, () => place.read('PodDisruptionBudget', name), {
    until: (seen) => isObserved(seen),
  })
  await place.remove('PodDisruptionBudget', name)
}

/** How many disruptions the controller allows, once it has said so of this budget at all. */
export async function disruptionsAllowed(place: Place, name: string): Promise<number> {
  const budget = await waitFor(`budget ${name} of ${place.name}`, () => place.read('PodDisruptionBudget', name), {
    until: (seen) => isObserved(seen) || hasFailed(seen),
  })
  return numberAt(budget, 'status', 'disruptionsAllowed')
}

/** What the eviction API answers for a Pod: 201, 429 for a budget that lets none go, 500 for two budgets. */
export async function evict(place: Place, pod: AnyObject, dryRun: boolean): Promise<number> {
  const name = pod.metadata?.name ?? ''
  const path = `/api/v1/namespaces/${place.name}/pods/${name}/eviction${dryRun ? '?dryRun=All' : ''}`
  const deleteOptions = { gracePeriodSeconds: 0, ...(dryRun ? { dryRun: ['All'] } : {}) }
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, deleteOptions }
  const { status, body } = await place.cluster.request('POST', path, eviction)
  if (![201, 429, 500].includes(status)) throw new Error(`eviction of ${name}: ${status} ${body.at('message').text}`)
  return status
}

export function isReady(pod: unknown): boolean {
  const conditions = json(pod).at('status', 'conditions').items
  return conditions.some((each) => each.at('type').text === 'Ready' && each.at('status').text === 'True')
}

/** The kinds whose objects a budget can be judged beside. */
export const around: readonly KindName[] = [
  ...owners,
  ...(['DaemonSet', 'Job', 'CronJob', 'HorizontalPodAutoscaler', 'Pod'] as const),
]

function isObserved(object: Json): boolean {
  const generation = object.at('metadata', 'generation').value
  return generation !== undefined && object.at('status', 'observedGeneration').value === generation
}

/** A budget that it cannot count has no generation observed, and lets no Pod go. */
function hasFailed(budget: Json): boolean {
  return budget.at('status', 'conditions').items.some((each) => each.at('reason').text === 'SyncFailed')
}

function numberAt(object: Json, ...path: string[]): number {
  const { value } = object.at(...path)
  return typeof value === 'number' ? value : 0
}
