import type { Finding } from '../../src/engine/finding.ts'
import { podNodes } from '../../src/sdk/eligible-nodes.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'
import { json } from '../control-plane/client.ts'
import { makeNodes } from './case-nodes.ts'
import { claim, unclaimed, type Comparison, type Verdict } from './comparison.ts'
import { judgeOf } from './judge.ts'
import { schedulingPlans, workloadOf, zoneKey, type SchedulingPlan } from './scheduling-plans.ts'
import { placedPods, type Placed } from './scheduling-truth.ts'

/** What the rules say of where Pods may run beside where the scheduler puts them, and which it leaves Pending. */
export const scheduling: Comparison<SchedulingPlan> = {
  name: 'scheduling',
  plans: schedulingPlans,
  async compare(plan, place) {
    const nodes = await makeNodes(place, plan.nodes)
    const [workload] = await place.create(workloadOf(plan, place))
    if (!workload) return []
    const namespace = (await place.read('Namespace', place.name)).value as AnyObject
    const others = (await place.list('Node')).filter(({ metadata }) => metadata?.name?.startsWith('node-'))
    const { findings } = judgeOf(rules, [workload, namespace, ...nodes, ...others])(workload, 'webhook')
    const placed = await placedPods(place, plan.replicas)
    return [
      ...eligible(plan, workload, placed, nodes),
      ...stuck(plan, findings, placed),
      ...pinned(findings, placed, nodes),
    ]
  },
}

const rules = [
  ...['compute-hard-anti-affinity', 'compute-hard-topology-spread'],
  ...['compute-node-pinning', 'compute-request-exceeds-node'],
]

/** Which nodes may take the Pods is what all of these rules begin with. */
function eligible(plan: SchedulingPlan, workload: AnyObject, placed: Placed, nodes: readonly AnyObject[]): Verdict[] {
  const spec = json(workload).at('spec', 'template', 'spec').value
  const found = podNodes(spec, nodes)
  const names = found === unknown ? [] : found.eligible.map(({ metadata }) => metadata?.name ?? '')
  const detail = `eligible ${names.join(', ') || 'none'}; placed on ${placed.nodes.join(', ') || 'none'}: ${placed.pending[0] ?? ''}`
  const verdicts = [
    claim(
      'Pods are placed on eligible nodes alone',
      placed.nodes.every((name) => names.includes(name)),
      detail,
    ),
  ]
  const free = plan.spreads.length + plan.terms.length === 0 && plan.cpu === '1m'
  if (free)
    verdicts.push(
      claim(
        'no eligible node ⇔ no Pod is placed, where nothing else is asked',
        (names.length === 0) === (placed.nodes.length === 0),
        detail,
      ),
    )
  return verdicts
}

/** The reasons that say: some of these Pods stay Pending. */
const someStay: ReadonlySet<string> = new Set([
  ...['capacity', 'taint-blind', 'affinity-blind', 'min-domains', 'missing-label', 'exceeds', 'impossible'],
])
/** Of these all do. */
const allStay: ReadonlySet<string> = new Set(['missing-label', 'exceeds', 'impossible'])

function* stuck(plan: SchedulingPlan, findings: readonly Finding[], { nodes, pending }: Placed): Generator<Verdict> {
  const told = findings.filter(({ reason }) => someStay.has(reason))
  const said = told.map(({ reason, message }) => `${reason} (${message})`).join('; ') || 'nothing'
  const detail = `${said}; ${nodes.length} placed, ${pending.length} Pending: ${pending[0] ?? ''}`
  const single = plan.spreads.length + plan.terms.length <= 1 && plan.cpu === '1m'
  for (const { rule, reason, message } of told) {
    yield claim(`${rule} ${reason} ⇒ Pods stay Pending`, pending.length > 0, detail)
    if (allStay.has(reason)) yield claim(`${rule} ${reason} ⇒ all stay Pending`, nodes.length === 0, detail)
    const room = /(\d+) domains?$|room for (\d+)$/
      .exec(message)
      ?.slice(1)
      .find((group: string | undefined) => group)
    if (single && room)
      yield claim(`${rule} ${reason} ⇒ as many are placed as it says`, nodes.length === Number(room), detail)
  }
  if (told.length > 0) return
  if (pending.length === 0) yield claim('all Pods placed ⇒ nothing says Pending', true, detail)
  else if (single && nodes.length > 0) yield claim('Pending by one constraint ⇒ it is told', false, detail)
  else yield unclaimed(`Pending ${nodes.length === 0 ? 'where no node will do at all' : 'by several causes'}`, detail)
}

function* pinned(findings: readonly Finding[], { nodes }: Placed, made: readonly AnyObject[]): Generator<Verdict> {
  for (const { rule, reason, message } of findings) {
    const [, node = ''] = / node (\S+)$/.exec(message) ?? []
    const [, zone = ''] = / zone (\S+)$/.exec(message) ?? []
    const zoneOf = (name: string) =>
      json(made.find((each) => each.metadata?.name === name)).at('metadata', 'labels', zoneKey).text
    const detail = `${message}; placed on ${nodes.join(', ')}`
    if (rule !== 'compute-node-pinning') continue
    if (reason === 'hostname')
      yield claim(
        'pinned to a node ⇒ placed on no other',
        nodes.every((name) => name === node),
        detail,
      )
    if (reason.startsWith('single-zone'))
      yield claim(
        'pinned to a zone ⇒ placed in no other',
        nodes.every((name) => zoneOf(name) === zone),
        detail,
      )
  }
}
