import type { Finding } from '../../src/engine/finding.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'
import { json } from '../control-plane/client.ts'
import { waitFor } from '../control-plane/wait.ts'
import { budgetObjects, budgetPlans, objectsOf, type BudgetPlan } from './budget-plans.ts'
import { around, disruptionsAllowed, evict, fence, isReady, scaleToLeast, settleWorkloads } from './budget-truth.ts'
import { claim, unclaimed, type Comparison, type Verdict } from './comparison.ts'
import { judgeOf, type Judge } from './judge.ts'
import type { Place } from './place.ts'
import { selectedPods } from './selected-pods.ts'

/** What the rules say of budgets beside what the disruption controller counts and the eviction API answers. */
export const budgets: Comparison<BudgetPlan> = {
  name: 'budgets',
  plans: budgetPlans,
  async compare(plan, place) {
    const applied = await place.create(...objectsOf(plan))
    await settleWorkloads(plan, place)
    const made = await place.create(...budgetObjects(plan))
    const asApplied = judgeOf(rules, [...applied, ...made])
    await fence(place, 'applied')
    const settled = (await Promise.all(around.map((kind) => place.list(kind)))).flat()
    const asSettled = judgeOf(rules, [...settled, ...made])
    const pods = settled.filter(({ kind }) => kind === 'Pod')
    const seen: Seen[] = []
    for (const budget of made) seen.push({ budget, covered: await selectedPods(place, budget, pods) })

    const verdicts: Verdict[] = [...(await overlaps(place, settled, seen, asSettled))]
    for (const each of seen) verdicts.push(...(await drainNow(place, each, settled, asApplied, asSettled)))
    if (plan.workloads.some(({ scaled }) => scaled)) {
      await scaleToLeast(plan, place)
      await fence(place, 'least')
      for (const each of seen) verdicts.push(...(await drainAtLeast(place, plan, each, asApplied)))
    }
    const bare = seen.find(({ covered }) => covered.some(isBare))
    if (bare) verdicts.push(...(await drainBare(place, plan, bare, seen, asSettled)))
    return verdicts
  },
}

const rules = ['compute-pdb-blocks-all', 'compute-pdb-deadlock', 'compute-pdb-overlap', 'compute-pdb-unscalable-owner']

interface Seen {
  readonly budget: AnyObject
  readonly covered: readonly AnyObject[]
}

/** The reasons that say: no Pod of this budget can be evicted as things are. */
const stuckNow: ReadonlySet<string> = new Set([
  ...['max-unavailable-zero', 'min-available-100', 'unspecified'],
  ...['at-current', 'bare'],
  ...['no-scale', 'finished-job', 'finished-job-integer', 'only-bare'],
])

async function overlaps(
  place: Place,
  settled: readonly AnyObject[],
  seen: readonly Seen[],
  judge: Judge,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  const tried = new Set<string>()
  for (const pod of settled.filter(({ kind }) => kind === 'Pod')) {
    const owner = ownerOf(pod, settled)
    if (!isReady(pod) || tried.has(nameOf(owner))) continue
    tried.add(nameOf(owner))
    const status = await evict(place, pod, true)
    for (const frontEnd of ['webhook', 'audit'] as const) {
      const told = judge(owner, frontEnd).findings.filter(({ rule }) => rule === 'compute-pdb-overlap')
      const detail = `${frontEnd}: ${words(told)} on ${owner.kind} ${nameOf(owner)}; eviction ${status}`
      verdicts.push(
        claim('two budgets told of a workload ⇔ eviction answers 500', told.length > 0 === (status === 500), detail),
      )
    }
  }
  for (const { budget, covered } of seen) {
    const others = seen.filter((other) => other.budget !== budget && other.covered.some((pod) => covered.includes(pod)))
    const told = judge(budget, 'audit').findings.filter(({ rule }) => rule === 'compute-pdb-overlap')
    const named = told.flatMap(({ related }) => related.filter(({ kind }) => kind === 'PodDisruptionBudget'))
    const detail = `audit: ${words(told)} on ${nameOf(budget)}; shares Pods with ${others.map((each) => nameOf(each.budget)).join(', ') || 'none'}`
    const all = Object.keys(json(budget).at('spec', 'selector').value ?? { none: true }).length === 0
    // A budget for the whole namespace meets every other: one of them is enough to say so.
    for (const other of others) {
      const isNamed = all ? named.length > 0 : named.some(({ name }) => name === nameOf(other.budget))
      verdicts.push(claim('two budgets share a Pod ⇒ one tells of the other', isNamed, detail))
    }
  }
  return verdicts
}

async function drainNow(
  place: Place,
  { budget, covered }: Seen,
  settled: readonly AnyObject[],
  asApplied: Judge,
  asSettled: Judge,
): Promise<Verdict[]> {
  const name = nameOf(budget)
  const own = reasonsOf(asApplied(budget, 'webhook').findings)
  const live = reasonsOf(asSettled(budget, 'audit').findings)
  const fromSides = reasonsOf(
    settled
      .filter(({ kind }) => kind !== 'Pod')
      .flatMap((object) => asSettled(object, 'webhook').findings)
      .filter(({ related }) => related.some((each) => each.kind === 'PodDisruptionBudget' && each.name === name)),
  )
  const allowed = await disruptionsAllowed(place, name)
  const detail = `${name}: webhook ${list(own)}, audit ${list(live)}, beside workloads ${list(fromSides)}; allows ${allowed}`
  const verdicts: Verdict[] = []
  const evictable = covered.filter((pod) => isReady(pod) && !isOf(pod, 'DaemonSet'))
  const alone = evictable.find((pod) => !isBare(pod))
  if (alone) {
    const status = await evict(place, alone, true)
    // Two budgets are told of elsewhere.
    if (status !== 500)
      verdicts.push(
        claim(
          'the eviction API answers as the controller counted',
          (status === 201) === allowed > 0,
          `${detail}; eviction ${status}`,
        ),
      )
  }
  // They give a drain room that it takes away as it goes: see drainBare.
  if (covered.some(isBare)) return verdicts
  const isStuck = allowed === 0
  for (const [side, reasons] of [
    ['webhook', own],
    ['audit', live],
    ['workload', fromSides],
  ] as const) {
    const told = reasons.some((reason) => stuckNow.has(reason))
    if (told) verdicts.push(claim(`${side} says stuck ⇒ no Pod may go`, isStuck, detail))
    if (side === 'workload' || told || !isStuck || evictable.length === 0) continue
    // How many Pods a DaemonSet has is for the nodes to say, and an integer counts them.
    const unseen = covered.some((pod) => isOf(pod, 'DaemonSet')) && typeof minAvailableOf(budget) === 'number'
    if (unseen) verdicts.push(unclaimed('stuck beside a DaemonSet under an integer', detail))
    else verdicts.push(claim(`no Pod may go ⇒ ${side} says stuck`, false, detail))
  }
  if (!isStuck)
    verdicts.push(
      claim(
        'Pods may go ⇒ nothing says stuck',
        ![...own, ...live, ...fromSides].some((reason) => stuckNow.has(reason)),
        detail,
      ),
    )
  return verdicts
}

/** After the autoscalers have gone down to their minimum. */
async function drainAtLeast(
  place: Place,
  plan: BudgetPlan,
  { budget, covered }: Seen,
  judge: Judge,
): Promise<Verdict[]> {
  const reasons = reasonsOf(judge(budget, 'webhook').findings)
  const scaled = covered.filter(
    (pod) => isReady(pod) && plan.workloads.some((each, index) => each.scaled && labelOf(pod) === `workload-${index}`),
  )
  if (scaled.length === 0 || covered.some(isBare) || reasons.some((reason) => stuckNow.has(reason))) return []
  if (covered.some((pod) => isOf(pod, 'DaemonSet'))) return []
  const allowed = await disruptionsAllowed(place, nameOf(budget))
  const detail = `${nameOf(budget)}: webhook ${list(reasons)}; allows ${allowed} at the minimum`
  return [
    claim('told of the minimum ⇔ no Pod may go there', reasons.includes('at-hpa-min') === (allowed === 0), detail),
  ]
}

/** Evicts Pods without a controller as a drain would, under one budget alone; then the others are asked for. */
async function drainBare(
  place: Place,
  plan: BudgetPlan,
  { budget, covered }: Seen,
  seen: readonly Seen[],
  judge: Judge,
): Promise<Verdict[]> {
  const reasons = reasonsOf(judge(budget, 'audit').findings)
  const owned = covered.filter((pod) => isReady(pod) && !isBare(pod) && !isOf(pod, 'DaemonSet'))
  for (const other of seen) if (other.budget !== budget) await place.remove('PodDisruptionBudget', nameOf(other.budget))
  let left = covered.filter(isBare)
  let isStuck = false
  for (const pod of left) {
    await fence(place, nameOf(pod))
    isStuck = (await evict(place, pod, false)) === 429
    if (isStuck) break
    await waitFor(
      `Pod ${nameOf(pod)} of ${place.name} to go`,
      async () => (await place.read('Pod', nameOf(pod))).at('code').value === 404,
    )
    left = left.filter((other) => other !== pod)
  }
  if (!isStuck && owned.length > 0) {
    await fence(place, 'owned')
    isStuck = (await disruptionsAllowed(place, nameOf(budget))) === 0
  }
  // The autoscalers have gone down to their minimum by now.
  const told = reasons.some((reason) => stuckNow.has(reason) || reason === 'at-hpa-min')
  const detail = `${nameOf(budget)}: audit ${list(reasons)}; a drain leaves ${left.length} bare Pods${isStuck ? ' and is stuck' : ''}`
  if (told) return [claim('audit says stuck ⇒ a drain of bare Pods gets stuck', isStuck, detail)]
  if (!isStuck) return [claim('a drain of bare Pods passes ⇒ audit does not say stuck', true, detail)]
  const scaledToZero = plan.workloads.some(({ replicas }) => replicas === 0)
  const daemons = covered.some((pod) => isOf(pod, 'DaemonSet'))
  if ((scaledToZero && owned.length === 0) || daemons) return [unclaimed('a drain of bare Pods gets stuck', detail)]
  return [claim('a drain of bare Pods gets stuck ⇒ audit says stuck', false, detail)]
}

/** The object whose template made a Pod, or the Pod. */
function ownerOf(pod: AnyObject, settled: readonly AnyObject[]): AnyObject {
  const name = labelOf(pod)
  return (
    settled.find(
      (object) => object.kind !== 'Pod' && object.kind !== 'HorizontalPodAutoscaler' && nameOf(object) === name,
    ) ?? pod
  )
}

function labelOf(pod: AnyObject): string {
  return pod.metadata?.labels?.['owner'] ?? ''
}

function isBare(pod: AnyObject): boolean {
  return (pod.metadata?.ownerReferences ?? []).length === 0
}

function isOf(pod: AnyObject, kind: string): boolean {
  return (pod.metadata?.ownerReferences ?? []).some((owner) => owner.kind === kind)
}

function minAvailableOf(budget: AnyObject): unknown {
  return json(budget).at('spec', 'minAvailable').value
}

function nameOf({ metadata }: AnyObject): string {
  return metadata?.name ?? ''
}

function reasonsOf(findings: readonly Finding[]): string[] {
  return findings.map(({ reason }) => reason)
}

function words(findings: readonly Finding[]): string {
  return findings.map(({ message }) => message).join('; ') || 'nothing'
}

function list(reasons: readonly string[]): string {
  return reasons.join(', ') || 'nothing'
}
