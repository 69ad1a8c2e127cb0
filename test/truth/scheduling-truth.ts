import type { AnyObject } from '../../src/sdk/objects.ts'
import { json, type Json } from '../control-plane/client.ts'
import { waitFor } from '../control-plane/wait.ts'
import type { Place } from './place.ts'

/** What the scheduler made of the Pods of a workload. */
export interface Placed {
  /** The node of each Pod that has one. */
  readonly nodes: readonly string[]
  /** What it says of each of the others. */
  readonly pending: readonly string[]
}

/**
 * Waits until the scheduler has decided on each of so many Pods. Those that found no node are made again, so that the
 * last word on them is said after all the others had their places.
 */
export async function placedPods(place: Place, count: number): Promise<Placed> {
  let pods = await decided(place, count, new Set())
  for (let left = pendingOf(pods); left.length > 0;) {
    const before = new Set(left.map(uidOf))
    for (const pod of left) await place.remove('Pod', pod.metadata?.name ?? '')
    pods = await decided(place, count, before)
    const now = pendingOf(pods)
    if (now.length === left.length) break
    left = now
  }
  return {
    nodes: pods.flatMap((pod) => nodeOf(pod) || []),
    pending: pendingOf(pods).map((pod) => unschedulable(json(pod)) ?? ''),
  }
}

/** Whether the scheduler placed a Pod; undefined while it has not decided. */
export function isPlaced(pod: Json): boolean | undefined {
  if (pod.at('spec', 'nodeName').text !== '') return true
  return unschedulable(pod) === undefined ? undefined : false
}

async function decided(place: Place, count: number, gone: ReadonlySet<string>): Promise<AnyObject[]> {
  return await waitFor(
    `${count} Pods of ${place.name} to be decided on`,
    async () => {
      const pods = (await place.list('Pod')).filter((pod) => !pod.metadata?.deletionTimestamp && !gone.has(uidOf(pod)))
      return pods.every((pod) => nodeOf(pod) !== '' || unschedulable(json(pod)) !== undefined) ? pods : []
    },
    { until: (pods) => pods.length === count },
  )
}

function pendingOf(pods: readonly AnyObject[]): AnyObject[] {
  return pods.filter((pod) => nodeOf(pod) === '')
}

function nodeOf(pod: AnyObject): string {
  return json(pod).at('spec', 'nodeName').text
}

function uidOf(pod: AnyObject): string {
  return json(pod).at('metadata', 'uid').text
}

// A volume that is not there is an error to one plugin, and no reason to another.
const givenUp: ReadonlySet<string> = new Set(['Unschedulable', 'SchedulerError'])

function unschedulable(pod: Json): string | undefined {
  const conditions = pod.at('status', 'conditions').items
  return conditions.find((each) => givenUp.has(each.at('reason').text))?.at('message').text
}
