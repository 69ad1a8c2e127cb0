import t from 'tap'
import { exampleSettings, readExample } from '../../docs/examples.ts'
import { webhookRules } from '../../manifests/webhook-configuration.ts'
import { policies } from '../../policies/index.ts'
import { targetsOf } from '../../src/engine/engine.ts'
import type { Entry } from '../../src/inventory/files.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import type { FailingExample, Policy } from '../../src/sdk/policy.ts'
import { held, pairsOf, type Pair } from '../support/pairs.ts'
import { onlyFrom } from './one-sided.ts'

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
      for (const { own, other, reasons, isFound } of pairsOfExample(policy, example)) {
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

/** The object of an example with each of those beside it without which less is found. */
function pairsOfExample(policy: Policy, example: FailingExample): Pair[] {
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

function isReviewed(kind: KindName): boolean {
  const info = kinds.get(kind)
  return info !== undefined && resources.has(`${info.group} ${info.resource}`)
}
