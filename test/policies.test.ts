import { renderSnippet } from '../src/sdk/snippet.ts'
import t from 'tap'
import { policies } from '../policies/index.ts'
import { exampleNow, readExample, runExample } from '../docs/examples.ts'
import { createEngine } from '../src/engine/engine.ts'
import { evaluate } from '../src/engine/evaluate.ts'
import type { Evaluation } from '../src/engine/finding.ts'
import { defaultSettings } from '../src/engine/settings.ts'
import type { FailingExample, Policy } from '../src/sdk/policy.ts'

// One list for each: engines and validators are kept by list.
const lists = new Map(policies.map((policy) => [policy, [policy]]))
const alone = (policy: Policy) => lists.get(policy) ?? [policy]

for (const policy of policies) {
  t.test(policy.id, async (t) => {
    for (const example of policy.examples.passes) {
      t.strictSame(yielded(policy, runExample(alone(policy), policy, example, 'strict')), [], `passes: ${example.name}`)
      quiet(t, policy, runExample(policies, policy, example), `passes: ${example.name}`, example.alongside)
    }
    for (const example of policy.examples.fails) {
      const evaluation = runExample(alone(policy), policy, example, 'strict')
      t.strictSame(yielded(policy, evaluation), [...example.finds].sort(), `fails: ${example.name}`)
      quiet(t, policy, runExample(policies, policy, example), `fails: ${example.name}`, example.alongside)
      unchanging(t, policy, example)
    }
  })
}

t.test('every policy', async (t) => {
  for (const policy of policies) {
    const { examples, reasons, id } = policy
    t.ok(examples.passes.length > 0 && examples.fails.length > 0, `${id} has an example that passes and one that fails`)
    const found = new Set(examples.fails.flatMap(({ finds }) => finds.map((line) => line.split(' ')[0])))
    const unreached = Object.keys(reasons).filter((reason) => !found.has(reason))
    t.strictSame(unreached, [], `${id}: an example reaches every reason`)
    for (const [reason, { why, snippet }] of Object.entries(reasons)) {
      t.ok(why.length > 0 && !why.includes('\n'), `${id} ${reason} says why in one line`)
      if (snippet) t.ok(renderSnippet(snippet).length < 2000, `${id} ${reason} keeps its snippet short`)
    }
  }
})

t.test('messages fit into a warning of the API server', async (t) => {
  for (const policy of policies)
    for (const example of policy.examples.fails)
      for (const { rule, message, fix } of runExample(alone(policy), policy, example, 'strict').findings) {
        const warning = `[${rule}] ${message}; ${fix}`
        t.ok([...warning].length <= 256, `${policy.id}, ${example.name}: ${warning.length} characters`)
        t.notMatch(`${message}${fix}`, /[\n\r\t]/)
      }
})

t.test('names of any length leave the fix in the warning', async (t) => {
  const long = (name: string) => name.padEnd(253, 'n')
  for (const policy of policies)
    for (const example of policy.examples.fails) {
      const stretch = (yaml: string) =>
        yaml.replace(
          /\b(name|storageClassName|claimName): ([a-z][a-z0-9-]*)(?=[ ,}\n])/g,
          (_, key: string, name: string) => `${key}: ${name === 'cpu' || name === 'memory' ? name : long(name)}`,
        )
      const stretched = {
        ...example,
        object: stretch(example.object),
        ...(example.oldObject === undefined ? {} : { oldObject: stretch(example.oldObject) }),
        ...(example.inventory === undefined ? {} : { inventory: stretch(example.inventory) }),
      }
      for (const { rule, reason, message, fix } of runExample(alone(policy), policy, stretched, 'strict').findings) {
        const warning = `[${rule}] ${message}; ${fix}`
        // What the API server itself refuses comes as no warning: only `check` says it.
        if (policy.reasons[reason]?.api) continue
        if ([...warning].length > 256) t.fail(`${policy.id}, ${example.name}: ${warning}`)
      }
    }
})

/** Everything that the policy yielded, whatever became of it, as examples write it. */
function yielded(policy: Policy, { findings, unresolved, policyErrors }: Evaluation): string[] {
  if (policyErrors.length > 0) return policyErrors.map(({ error }) => `threw ${error}`)
  return [
    ...findings.filter(({ rule }) => rule === policy.id).map(({ reason, path }) => `${reason} ${path}`),
    ...unresolved.filter(({ rule }) => rule === policy.id).map(({ kind }) => `unresolved ${kind}`),
  ].sort()
}

/** No other policy warns or denies on the example in baseline: it shows one fault alone, but for those it names. */
function quiet(
  t: Tap,
  policy: Policy,
  { findings }: Evaluation,
  name: string,
  alongside: readonly string[] = [],
): void {
  const others = findings.filter(
    ({ rule, severity }) => rule !== policy.id && severity !== 'audit' && !alongside.includes(rule),
  )
  t.strictSame(
    others.map(({ rule, reason, path }) => `${rule} ${reason} ${path}`),
    [],
    `${name}: no other rule`,
  )
}

/** Judging changes nothing, and an object that is applied again as it is gets no denial. */
function unchanging(t: Tap, policy: Policy, example: FailingExample): void {
  const { subject, inventory } = readExample(example)
  const before = JSON.stringify(subject.object)
  const engine = createEngine(alone(policy), defaultSettings)
  const again = { ...subject, operation: 'UPDATE' as const, oldObject: subject.oldObject ?? subject.object }
  const { findings } = evaluate(
    engine,
    { ...again, object: again.oldObject },
    { inventory, now: exampleNow, frontEnd: 'webhook' },
  )
  t.strictSame(
    findings.filter(({ severity }) => severity === 'deny'),
    [],
    `${example.name}: applied again`,
  )
  t.equal(JSON.stringify(subject.object), before, `${example.name}: not changed`)
}

type Tap = Pick<typeof t, 'strictSame' | 'equal'>
