import type { Finding } from '../../src/engine/finding.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'
import type { ApiResponse } from '../control-plane/client.ts'
import { waitFor } from '../control-plane/wait.ts'
import { admissionPlans, specOf, type AdmissionPlan, type PodPlan } from './admission-plans.ts'
import { claim, unclaimed, type Comparison, type Verdict } from './comparison.ts'
import { judgeOf, type Judge } from './judge.ts'
import type { Place } from './place.ts'
import { makePriorityClasses } from './priority-classes.ts'

/** What the rules say of LimitRanges and quotas beside whom the API server lets in. Nothing is stored but those. */
export const admission: Comparison<AdmissionPlan> = {
  name: 'admission',
  plans: admissionPlans,
  async compare({ ranges, quotas, pods }, place) {
    await makePriorityClasses(place)
    const plain: Asked[] = []
    for (const plan of pods) plain.push({ plan, pod: podOf(plan, place), answer: await ask(place, podOf(plan, place)) })
    const asking = judgeOf(['compute-quantity-suspicious'], [])
    const verdicts: Verdict[] = []
    for (const asked of plain) verdicts.push(...(await byItself(asked, asking, place)))

    const made = await makeRanges(place, ranges, quotas)
    const judge = judgeOf(rules, made)
    const single = made.filter(({ kind }) => kind === 'LimitRange').length <= 1
    for (const { plan, pod, answer: before } of plain) {
      if (before.status !== 201) continue
      const said = judge(pod, 'check')
      const told = said.findings.filter(({ reason }) => refusing.has(reason))
      // In what order LimitRanges are asked, and whether a Pod as a whole is filled in first, is not said anywhere.
      const sure = single && plan.resources === undefined && said.unresolved.length === 0
      const answer = await agreed(place, pod, told.length > 0, told.length > 0 || sure ? 30_000 : 3_000)
      const refused = answer.status !== 201
      const words = told.map(({ reason, message }) => `${reason} (${message})`).join('; ') || 'nothing'
      const detail = `${JSON.stringify(plan)}: ${words}; ${answer.status} ${answer.body.at('message').text}`
      for (const { rule, reason } of told) verdicts.push(claim(`${rule} ${reason} ⇒ refused`, refused, detail, [pod]))
      if (told.length === 0 && !refused) verdicts.push(claim('let in ⇒ nothing says refused', true, detail))
      else if (told.length === 0 && sure) verdicts.push(claim('refused ⇒ it is told', false, detail, [pod]))
      else if (told.length === 0) verdicts.push(unclaimed('refused, by several LimitRanges or as a whole', detail))
      verdicts.push(...sameOfTemplate(judge, pod, plan, told.length > 0))
    }
    return verdicts
  },
}

const rules = ['compute-limitrange-conflict', 'compute-quota-unspecified']
const refusing: ReadonlySet<string> = new Set([
  ...['default-limit-below-request', 'range', 'pod-level-conflict'],
  ...['unspecified', 'exhausted'],
])

interface Asked {
  readonly plan: PodPlan
  readonly pod: AnyObject
  /** Without LimitRanges and quotas. */
  readonly answer: ApiResponse
}

/** What the API server refuses whatever the namespace holds, of a Pod and of a template, and of the Pods of a template. */
async function byItself({ plan, pod, answer }: Asked, asking: Judge, place: Place): Promise<Verdict[]> {
  const told = asking(pod, 'check').findings.filter(({ reason }) => reasonsOfApi.has(reason))
  const refused = isRefusal(answer)
  const verdicts = [claim('told of a Pod ⇔ refused', told.length > 0 === refused, detailOf(told, answer), [pod])]
  // A template may not have a deadline.
  if (plan.activeDeadlineSeconds !== undefined) return verdicts
  const template = templateOf(pod)
  const found = asking(template, 'check').findings
  const atOnce = found.filter(({ reason }) => reasonsOfApi.has(reason))
  const answered = await ask(place, template)
  verdicts.push(
    claim('told of a template ⇔ refused', atOnce.length > 0 === isRefusal(answered), detailOf(atOnce, answered), [
      template,
    ]),
  )
  if (isRefusal(answered)) return verdicts
  const later = found.filter(({ reason }) => reason === 'pods-refused')
  verdicts.push(
    claim('told of the Pods of a template ⇔ they are refused', later.length > 0 === refused, detailOf(later, answer), [
      template,
    ]),
  )
  return verdicts
}

const reasonsOfApi: ReadonlySet<string> = new Set(['limit-below-request', 'containers-above-pod'])

function isRefusal({ body }: ApiResponse): boolean {
  return /Invalid value: \S+ must be (less than or equal to|greater than or equal to)/.test(body.at('message').text)
}

function detailOf(told: readonly Finding[], { status, body }: ApiResponse): string {
  return `${told.map(({ message }) => message).join('; ') || 'nothing'}; ${status} ${body.at('message').text}`
}

function sameOfTemplate(judge: Judge, pod: AnyObject, plan: PodPlan, told: boolean): Verdict[] {
  // A template may not have a deadline.
  if (plan.activeDeadlineSeconds !== undefined) return []
  const deployment = templateOf(pod)
  const also = judge(deployment, 'webhook').findings.filter(({ reason }) => refusing.has(reason))
  const detail = `${JSON.stringify(plan)}: ${also.map(({ message }) => message).join('; ') || 'nothing'} of its template`
  return [claim('told of a template ⇔ told of its Pod', also.length > 0 === told, detail, [deployment])]
}

function templateOf(pod: AnyObject): AnyObject {
  const { spec } = pod as AnyObject & { readonly spec: object }
  const metadata = { labels: { app: 'web' } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: pod.metadata?.namespace ?? '' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: { metadata, spec } },
  } as AnyObject
}

function podOf(plan: PodPlan, place: Place): AnyObject {
  const metadata = { name: 'web', namespace: place.name }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: specOf(plan) } as AnyObject
}

function ask(place: Place, pod: AnyObject): Promise<ApiResponse> {
  return place.post(pod, 'dryRun=All')
}

/** The answer that was expected, or the one that stays: what the API server knows of LimitRanges lags behind for moments. */
async function agreed(place: Place, pod: AnyObject, refused: boolean, timeout: number): Promise<ApiResponse> {
  let last = await ask(place, pod)
  try {
    await waitFor('the API server to agree', async () => (last = await ask(place, pod)), {
      until: ({ status }) => (status !== 201) === refused,
      timeout,
    })
  } catch {
    // It does not.
  }
  return last
}

/** What the API server takes of them, once the quotas have been counted for the first time. */
async function makeRanges(
  place: Place,
  ranges: AdmissionPlan['ranges'],
  quotas: AdmissionPlan['quotas'],
): Promise<AnyObject[]> {
  const objects = [
    ...ranges.map((limits, index) => ({ kind: 'LimitRange', name: `range-${index}`, spec: { limits } })),
    ...quotas.map((spec, index) => ({ kind: 'ResourceQuota', name: `quota-${index}`, spec })),
  ]
  const made: AnyObject[] = []
  for (const { kind, name, spec } of objects) {
    const object = { apiVersion: 'v1', kind, metadata: { name }, spec }
    // Many random ones contradict themselves.
    if ((await place.post(object, 'dryRun=All')).status !== 201) continue
    const [stored] = await place.create(object)
    if (kind === 'LimitRange' && stored) made.push(stored)
    if (kind === 'ResourceQuota') {
      const counted = await waitFor(`quota ${name} of ${place.name}`, () => place.read('ResourceQuota', name), {
        until: (seen) => seen.at('status', 'hard').value !== undefined || seen.at('spec', 'hard').value === undefined,
      })
      made.push(counted.value as AnyObject)
    }
  }
  return made
}
