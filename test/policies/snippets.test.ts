import t from 'tap'
import { runExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import type { Finding } from '../../src/engine/finding.ts'
import type { FailingExample, Policy } from '../../src/sdk/policy.ts'
import { elsewhere, inPlaceOf, ofKinds } from '../support/snippet-places.ts'
import { typed } from '../support/typed-snippet.ts'

// One list for each: engines and validators are kept by list.
const lists = new Map(policies.map((policy) => [policy, [policy]]))

// What a finding says to type, typed: the finding is gone.
for (const policy of policies) {
  if (!Object.values(policy.reasons).some(({ snippet }) => snippet)) continue
  t.test(policy.id, async (t) => {
    for (const example of policy.examples.fails)
      for (const finding of found(policy, example)) {
        if (finding.snippet === undefined || isElsewhere(finding, example)) continue
        const left = found(policy, typed(example, finding, inPlaceOf.get(policy.id) ?? [])).filter(
          ({ reason, path }) => reason === finding.reason && path === finding.path,
        )
        t.strictSame(
          left.map(({ message }) => message),
          [],
          `${example.name}: ${finding.reason}\n${finding.snippet}`,
        )
      }
  })
}

t.test('what is exempt here exists', async (t) => {
  const names = new Set(
    policies.flatMap(({ id, reasons, examples }) => [
      id,
      ...Object.keys(reasons).map((reason) => `${id} ${reason}`),
      ...examples.fails.map(({ name }) => `${id}: ${name}`),
    ]),
  )
  for (const name of [...elsewhere.keys(), ...inPlaceOf.keys(), ...ofKinds.keys()]) t.ok(names.has(name), name)
})

function isElsewhere({ rule, reason, object }: Finding, { name }: FailingExample): boolean {
  const kinds = ofKinds.get(`${rule} ${reason}`) ?? ofKinds.get(rule)
  if (kinds && !kinds.includes(object.kind)) return true
  return [rule, `${rule} ${reason}`, `${rule}: ${name}`].some((each) => elsewhere.has(each))
}

function found(policy: Policy, example: FailingExample): readonly Finding[] {
  return runExample(lists.get(policy) ?? [policy], policy, example, 'strict').findings.filter(
    ({ rule }) => rule === policy.id,
  )
}
