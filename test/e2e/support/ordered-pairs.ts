import { readExample } from '../../../docs/examples.ts'
import { policies } from '../../../policies/index.ts'
import type { Entry } from '../../../src/inventory/files.ts'
import { kinds, type KindInfo } from '../../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../../src/sdk/objects.ts'
import type { Example, Policy } from '../../../src/sdk/policy.ts'
import { acceptable } from '../../support/acceptable.ts'
import { held, pairsOfExample } from '../../support/pairs.ts'
import { webhookLabel } from './namespace.ts'

/** An object that can be created, and is reviewed by the webhook of the test. */
export interface Placeable extends Entry {
  readonly info: KindInfo
  readonly object: AnyObject
}

/** Two objects of an example of which each is told of the other, and what stands beside them. */
export interface OrderedPair {
  readonly example: Example
  readonly own: Placeable
  readonly other: Placeable
  readonly rest: readonly Placeable[]
}

/** For each two kinds of a rule the first pair of its examples of which each is told of the other. */
export function orderedPairs(policy: Policy, webhook: string): readonly OrderedPair[] {
  const pairs = new Map<string, OrderedPair>()
  // Other parameters cost a reload of the settings.
  const examples = policy.examples.fails.toSorted((a, b) => Number(Boolean(a.params)) - Number(Boolean(b.params)))
  for (const example of examples) {
    if (example.unknown || example.oldObject || example.user || !mayAdd(example, pairs)) continue
    for (const { own, other, rest, isFound } of pairsOfExample(policy, example)) {
      const key = keyOf(own.kind, other.kind)
      // What is created has no status yet.
      if (pairs.has(key) || !held.has(own.kind) || hasStatus(own) || hasStatus(other) || !isFound()) continue
      const place = (entry: Entry) => placeable(entry, webhook)
      pairs.set(key, { example, own: place(own), other: place(other), rest: rest.map(place) })
    }
  }
  return [...pairs.values()]
}

/** The rules that look at other objects. */
export const crossing = policies.filter(({ reads }) => reads.length > 0)

// Judging every example again and again takes longer than all requests.
function mayAdd(example: Example, pairs: ReadonlyMap<string, OrderedPair>): boolean {
  const { subject, context } = readExample(example)
  return context.some(({ kind }) => !pairs.has(keyOf(subject.info.kind, kind)))
}

function keyOf(one: KindName, other: KindName): string {
  return [one, other].sort().join(' ')
}

function hasStatus({ object }: Entry): boolean {
  return 'status' in object
}

function placeable(entry: Entry, webhook: string): Placeable {
  const info = infoOf(entry.kind)
  const object = acceptable(info, entry.object)
  const { metadata } = object
  const labels = { ...metadata?.labels, [webhookLabel]: webhook }
  const chosen =
    info.namespaced || info.kind === 'Namespace' ? object : { ...object, metadata: { ...metadata, labels } }
  return { ...entry, info, object: chosen }
}

function infoOf(kind: KindName): KindInfo {
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  return info
}
