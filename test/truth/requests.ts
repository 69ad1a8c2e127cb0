import fc from 'fast-check'
import type { AnyObject } from '../../src/sdk/objects.ts'
import { waitFor } from '../control-plane/wait.ts'
import { podPlans, specOf, type PodPlan } from './admission-plans.ts'
import { makeNodes, onlyHere } from './case-nodes.ts'
import { claim, type Comparison, type Verdict } from './comparison.ts'
import { judgeOf } from './judge.ts'
import { makePriorityClasses } from './priority-classes.ts'
import type { Place } from './place.ts'
import { isPlaced } from './scheduling-truth.ts'
import { hostKey } from './scheduling-plans.ts'

/** Pods, each with a node of its own, that is empty and may be too small. */
export interface RequestsPlan {
  readonly pods: readonly { readonly pod: PodPlan; readonly cpu: string; readonly memory: string }[]
}

const pair = fc.record({
  pod: podPlans,
  cpu: fc.constantFrom('250m', '500m', '1', '1500m', '2', '3', '4', '5'),
  memory: fc.constantFrom('64Mi', '128Mi', '256Mi', '500M', '512Mi', '1Gi', '1536Mi', '2Gi'),
})

/** What the rules say of requests beside what the scheduler finds too much for an empty node. */
export const requests: Comparison<RequestsPlan> = {
  name: 'requests',
  plans: fc.record({ pods: fc.array(pair, { minLength: 4, maxLength: 6 }) }),
  async compare({ pods }, place) {
    await makePriorityClasses(place)
    const nodes = await makeNodes(
      place,
      pods.map(({ cpu, memory }) => ({ labels: {}, state: 'fine', cpu, memory })),
    )
    const judge = judgeOf(['compute-request-exceeds-node'], nodes)
    const verdicts: Verdict[] = []
    for (const [index, { pod, cpu, memory }] of pods.entries()) {
      const name = `pod-${index}`
      const sent = podOf(pod, name, place, index)
      const { status, body } = await place.post(sent)
      // Many random ones contradict themselves.
      if (status !== 201) continue
      const stored = body.value as AnyObject
      for (const [what, object] of [
        ['Pod', stored],
        ['template', templateOf(sent, place)],
      ] as const) {
        const told = judge(object, 'webhook').findings.filter(({ reason }) => reason === 'exceeds')
        const placed = await agreed(place, name, told.length === 0)
        const words = told.map(({ message }) => message).join('; ') || 'nothing'
        const detail = `${JSON.stringify(pod)} on ${cpu} and ${memory}: ${words}; ${placed ? 'placed' : 'Pending'}`
        verdicts.push(
          claim(`${what} exceeds its node ⇔ it stays Pending`, placed === (told.length === 0), detail, [sent]),
        )
      }
    }
    return verdicts
  },
}

function podOf(plan: PodPlan, name: string, place: Place, index: number): object {
  const { nodeSelector, tolerations } = onlyHere(place)
  const pinned = { ...nodeSelector, [hostKey]: `${place.name}-${index}` }
  const spec = { ...specOf(plan), nodeSelector: pinned, tolerations }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }
}

function templateOf(pod: object, place: Place): AnyObject {
  const { spec } = pod as { spec: object }
  const labels = { app: 'web' }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: place.name },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  } as AnyObject
}

/** Whether the scheduler placed a Pod, as was expected or in the end: it may hear of a node after it heard of the Pod. */
async function agreed(place: Place, name: string, expected: boolean): Promise<boolean> {
  let last: boolean | undefined
  const look = async () => (last = isPlaced(await place.read('Pod', name)))
  await waitFor(`Pod ${name} of ${place.name} to be decided on`, look, {
    until: (seen) => seen !== undefined,
  })
  try {
    await waitFor('the scheduler to agree', look, { until: (seen) => seen === expected, timeout: 30_000 })
  } catch {
    // It does not.
  }
  return last === true
}
