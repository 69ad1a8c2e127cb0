import { exampleNow, exampleSettings, readExample } from '../../docs/examples.ts'
import { webhookRules } from '../../manifests/webhook-configuration.ts'
import { policies } from '../../policies/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { Finding } from '../../src/engine/finding.ts'
import type { Settings } from '../../src/engine/settings.ts'
import type { Subject } from '../../src/engine/subject.ts'
import { watchedKinds } from '../../src/engine/watched-kinds.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { unknown, type InventorySource } from '../../src/sdk/inventory.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import type { FailingExample, Policy } from '../../src/sdk/policy.ts'

/** The kinds that the webhook holds. */
export const held: ReadonlySet<KindName> = new Set(watchedKinds(policies).map(({ kind }) => kind))

const resources = new Set(
  (['Cluster', 'Namespaced'] as const).flatMap((scope) =>
    webhookRules(policies, scope).flatMap(({ apiGroups, resources }) =>
      resources.map((name) => `${apiGroups[0]} ${name}`),
    ),
  ),
)

/** The kinds about which the API server asks the webhook. */
export const reviewed: ReadonlySet<KindName> = new Set(
  [...kinds.values()].flatMap(({ kind, group, resource }) => (resources.has(`${group} ${resource}`) ? [kind] : [])),
)

export interface Pair {
  readonly own: Entry
  readonly other: Entry
  /** What stands beside both. */
  readonly rest: readonly Entry[]
  /** What is found because of the other object. */
  readonly reasons: ReadonlySet<string>
  /** Whether one of these reasons is found where the other object comes last, and was not found so without the own. */
  isFound(): boolean
}

export interface Situation {
  readonly policy: Policy
  readonly settings: Settings
  readonly subject: Subject
  readonly others: readonly Entry[]
  /** Kinds of which nothing is known. */
  readonly unknown?: readonly KindName[]
}

/** The object of an example with each of those beside it without which less is found. */
export function pairsOfExample(policy: Policy, example: FailingExample): Pair[] {
  // There is an order in the webhook alone.
  if ((example.frontEnd ?? 'webhook') !== 'webhook') return []
  const { subject, context } = readExample(example)
  const others = context.filter(
    ({ kind, namespace, name }: Entry) =>
      kind !== subject.info.kind || namespace !== subject.namespace || name !== subject.name,
  )
  const settings = exampleSettings([policy], policy, example, 'strict')
  return pairsOf({ policy, settings, subject, others, ...(example.unknown ? { unknown: example.unknown } : {}) })
}

/** The object under review with each of those beside it without which the webhook would find less. */
export function pairsOf({ policy, settings, subject, others, unknown: hidden = [] }: Situation): Pair[] {
  const { kind } = subject.info
  const own: Entry = { kind, namespace: subject.namespace, name: subject.name, object: subject.object }
  const engine = createEngine([policy], settings)
  const judge = (judged: Subject, around: readonly Entry[]): Found[] => {
    const inventory = liveInventory(around, hidden)
    const { findings } = evaluate(engine, judged, { inventory, now: exampleNow, frontEnd: 'webhook' })
    return findings.map(({ reason, path, message }) => ({ reason, path, message }))
  }
  const found = judge(subject, others)
  return others
    .filter((entry) => held.has(entry.kind))
    .flatMap((other) => {
      const rest = others.filter((entry) => entry !== other)
      const alone = judge(subject, rest)
      const more = found.filter(
        ({ reason, path }) => !alone.some((each) => each.reason === reason && each.path === path),
      )
      if (more.length === 0) return []
      const reasons = new Set(more.map(({ reason }) => reason))
      const isFound = (): boolean => {
        const last = createdOf(other)
        const without = judge(last, rest)
        // Of several at one place the message tells them apart.
        const isNew = (each: Found) => !without.some((known) => JSON.stringify(known) === JSON.stringify(each))
        return judge(last, [...rest, own]).some((each) => reasons.has(each.reason) && isNew(each))
      }
      return { own, other, rest, reasons, isFound }
    })
}

/** The review in which an object is created. */
export function createdOf({ kind, namespace, name, object }: Entry): Subject {
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  const apiVersion = [info.group, info.version].filter(Boolean).join('/')
  return { info, apiVersion, namespace, name, operation: 'CREATE', subresource: '', object }
}

type Found = Pick<Finding, 'reason' | 'path' | 'message'>

/** What the webhook knows: all that it watches, and nothing of other kinds. */
function liveInventory(entries: readonly Entry[], hidden: readonly KindName[]): InventorySource {
  const all = buildInventory(entries, { complete: true })
  const isKnown = (kind: KindName) => held.has(kind) && !hidden.includes(kind)
  return {
    complete: true,
    uncertain: (object) => all.uncertain(object),
    stale: (kind) => hidden.includes(kind),
    list: (kind, namespace) => (isKnown(kind) ? all.list(kind, namespace) : unknown),
    get: (kind, namespace, name) => (isKnown(kind) ? all.get(kind, namespace, name) : unknown),
  }
}
