import t from 'tap'
import { policies } from '../../policies/index.ts'
import { targetsOf } from '../../src/engine/engine.ts'
import { held, pairsOfExample, reviewed } from '../support/pairs.ts'
import { onlyFrom, oneSidedRules, whyOneSided } from './one-sided.ts'

t.test('what two objects make of each other is found from whichever comes last', async (t) => {
  const oneSided = new Set<string>()
  const bothSidedRules = new Set<string>()
  let bothSided = 0
  for (const policy of policies) {
    const judged = new Set(targetsOf(policy).flatMap(({ kind, subresource }) => (subresource === '' ? [kind] : [])))
    for (const example of policy.examples.fails) {
      for (const { own, other, reasons, isFound } of pairsOfExample(policy, example)) {
        if (isFound()) {
          bothSided++
          if (held.has(own.kind)) bothSidedRules.add(policy.id)
          continue
        }
        // Nobody asks the webhook about the other object, or it has forgotten its own by then.
        if (!reviewed.has(other.kind) || !held.has(own.kind)) continue
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
  for (const { id } of policies.filter(({ reads }) => reads.length > 0))
    t.ok(bothSidedRules.has(id) || whyOneSided(id), `${id} is found from both sides, or why not is listed`)
  t.strictSame(
    [...oneSidedRules.keys()].filter((id) => bothSidedRules.has(id)),
    [],
    'no rule is called one-sided that is not',
  )
  t.comment(`${bothSided} found from both sides, ${oneSided.size} sorts of pairs from one`)
})
