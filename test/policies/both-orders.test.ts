import t from 'tap'
import { exampleNow, exampleSettings, readExample } from '../../docs/examples.ts'
import { webhookRules } from '../../manifests/webhook-configuration.ts'
import { policies } from '../../policies/index.ts'
import { createEngine, targetsOf } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { Subject } from '../../src/engine/subject.ts'
import { watchedKinds } from '../../src/engine/watched-kinds.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { unknown, type InventorySource } from '../../src/sdk/inventory.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import type { FailingExample, Policy } from '../../src/sdk/policy.ts'
import { onlyFrom } from './one-sided.ts'

const held: ReadonlySet<KindName> = new Set(watchedKinds(policies).map(({ kind }) => kind))
const resources = new Set(
  (['Cluster', 'Namespaced'] as const).flatMap((scope) =>
    webhookRules(policies, scope).flatMap(({ apiGroups, resources }) =>
      resources.map((name) => `${apiGroups[0]} ${name}`),
    ),
  ),
)

t.test('what two objects make of each other is found from whichever comes last', async (t) => {
  const oneSided = new Set<string>()
  let bothSided = 0
  for (const policy of policies) {
    const judged = new Set(targetsOf(policy).flatMap(({ kind, subresource }) => (subresource === '' ? [kind] : [])))
    for (const example of policy.examples.fails) {
      for (const { own, other, reasons, isFound } of pairsOf(policy, example)) {
        if (isFound()) {
          bothSided++
          continue
        }
        // Nobody asks the webhook about the other object, or it has forgotten its own by then.
        if (!isReviewed(other.kind) || !held.has(own.kind)) continue
        for (const reason of reasons) {
          const pair = `${policy.id} ${reason}: ${own.kind}, then ${other.kind}`
          oneSided.add(pair)
          const why = onlyFrom.get(pair)
          t.ok(why, `${pair} (${example.name})${judged.has(other.kind) ? '' : ', which the rule does not judge'}`)
        }
      }
    }
  }
  t.strictSame(
    [...onlyFrom.keys()].filter((pair) => !oneSided.has(pair)),
    [],
    'what is one-sided no longer is not listed',
  )
  t.comment(`${bothSided} found from both sides, ${oneSided.size} sorts of pairs from one`)
})

interface Pair {
  readonly own: Entry
  readonly other: Entry
  /** What is found because of the other object. */
  readonly reasons: ReadonlySet<string>
  /** Whether the same is found where the other object comes last, or else something that is not found without the own. */
  isFound(): boolean
}

/** The object of an example with each of those beside it without which less is found. */
function* pairsOf(policy: Policy, example: FailingExample): Generator<Pair> {
  // There is an order in the webhook alone.
  if ((example.frontEnd ?? 'webhook') !== 'webhook') return
  const { subject, context } = readExample(example)
  const { kind } = subject.info
  const own: Entry = { kind, namespace: subject.namespace, name: subject.name, object: subject.object }
  const others = context.filter((entry) => !isSame(entry, own))
  const engine = createEngine([policy], exampleSettings([policy], policy, example, 'strict'))
  const judge = (judged: Subject, around: readonly Entry[]): string[] => {
    const inventory = liveInventory(around, example.unknown)
    const { findings } = evaluate(engine, judged, { inventory, now: exampleNow, frontEnd: 'webhook' })
    return findings.map(({ reason, path }) => `${reason} ${path}`)
  }
  const found = judge(subject, others)
  for (const other of others.filter((entry) => held.has(entry.kind))) {
    const rest = others.filter((entry) => entry !== other)
    const alone = judge(subject, rest)
    const more = found.filter((each) => !alone.includes(each))
    if (more.length === 0) continue
    const reasons = new Set(more.map(reasonOf))
    yield {
      own,
      other,
      reasons,
      isFound() {
        const last = created(other)
        const without = judge(last, rest)
        return judge(last, [...rest, own]).some((each) => !without.includes(each) || reasons.has(reasonOf(each)))
      },
    }
  }
}

function reasonOf(found: string): string {
  return found.slice(0, found.indexOf(' '))
}

function created({ kind, namespace, name, object }: Entry): Subject {
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  const apiVersion = [info.group, info.version].filter(Boolean).join('/')
  return { info, apiVersion, namespace, name, operation: 'CREATE', subresource: '', object }
}

/** What the webhook knows: all that it watches, and nothing of other kinds. */
function liveInventory(entries: readonly Entry[], more: readonly KindName[] = []): InventorySource {
  const all = buildInventory(entries, { complete: true })
  const isKnown = (kind: KindName) => held.has(kind) && !more.includes(kind)
  return {
    complete: true,
    uncertain: (object) => all.uncertain(object),
    stale: (kind) => more.includes(kind),
    list: (kind, namespace) => (isKnown(kind) ? all.list(kind, namespace) : unknown),
    get: (kind, namespace, name) => (isKnown(kind) ? all.get(kind, namespace, name) : unknown),
  }
}

function isReviewed(kind: KindName): boolean {
  const info = kinds.get(kind)
  return info !== undefined && resources.has(`${info.group} ${info.resource}`)
}

function isSame(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name
}
