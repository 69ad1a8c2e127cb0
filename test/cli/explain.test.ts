import t from 'tap'
import { policies } from '../../policies/index.ts'
import { asBlock } from '../../src/files/yaml/block.ts'
import { explainRule } from '../../src/report/explain-rule.ts'
import { explainSignature } from '../../src/report/explain.ts'
import { findSignature, signatures } from '../../src/report/signatures.ts'
import type { Signature } from '../../src/sdk/policy.ts'
import { day2 } from '../support/day2.ts'

const plain = (_style: string, text: string) => text
// Object.keys types its result as string[]; the keys of the table are exactly the signatures.
const ids = Object.keys(signatures) as Signature[]

t.test('without an argument every rule is listed under its loop, and every failure', async (t) => {
  const { code, stdout } = await day2('explain')
  t.equal(code, 0)
  const [, ...blocks] = stdout.split('\n\n')
  for (const { id, loop, summary } of policies) {
    const block = blocks.find((text) => text.startsWith(`${loop}: `)) ?? ''
    t.match(block.split('\n').find((line) => line.startsWith(`  ${id} `)) ?? '', summary)
  }
  for (const id of ids) t.match(stdout, `  ${id} `)
})

t.test('a rule tells why each reason fires, what to type, what can be set, and all of its examples', async (t) => {
  const flat = (text: string) => text.replace(/\s+/g, ' ')
  for (const policy of policies) {
    const text = explainRule(policy, { paint: plain, verbose: false, toBlock: asBlock })
    for (const [name, { why }] of Object.entries(policy.reasons)) {
      t.match(text, `\n${name}  baseline `)
      t.ok(flat(text).includes(flat(why)), `${policy.id}: why ${name}`)
    }
    for (const name of Object.keys(policy.params)) t.match(text, `\n  ${name} (`)
    for (const { name } of [...policy.examples.passes, ...policy.examples.fails])
      t.ok(text.includes(name), `${policy.id}: ${name}`)
    const lines = explainRule(policy, { paint: plain, verbose: true, toBlock: asBlock }).split('\n')
    t.equal(
      lines.filter((line) => line.startsWith('  example: ')).length,
      policy.examples.passes.length + policy.examples.fails.length,
      `${policy.id}: every example in full`,
    )
  }
})

t.test('a failure tells its loop and cause, and lists every rule that prevents it', async (t) => {
  for (const id of ids) {
    const text = explainSignature(id, policies, plain)
    t.match(text, `loop      ${signatures[id].loop}: `)
    const listed = text.split('\n').flatMap((line) => /^ {2}([a-z]+-[a-z0-9-]+) /.exec(line)?.[1] ?? [])
    t.strictSame(
      listed,
      policies.filter((policy) => policy.signatures.includes(id)).map((policy) => policy.id),
      id,
    )
    t.ok(listed.length > 0, `${id}: some rule prevents it`)
  }
})

t.test('a failure is found by what people see of it', async (t) => {
  t.equal(findSignature('ImagePullBackOff'), 'image-pull-backoff')
  t.equal(findSignature('imagepullbackoff'), 'image-pull-backoff')
  t.equal(findSignature('502'), 'gateway-timeout')
  t.equal(findSignature('Multi-Attach'), 'volume-affinity-conflict')
  t.equal(findSignature('volume node affinity conflict'), 'volume-affinity-conflict')
  t.equal(findSignature('xx'), undefined)
  const said = '0/5 nodes are available: 5 node(s) had volume node affinity conflict.'
  t.equal(findSignature(said), 'volume-affinity-conflict', 'of a whole message the most telling part')
  t.equal(findSignature("0/5 nodes are available: 2 Insufficient cpu, 3 node(s) didn't match"), 'pending-pods')
  t.equal(findSignature('Error from server: HTTP 502'), 'gateway-timeout')
  t.equal(findSignature('15028 requests'), undefined)
  t.match(
    (await day2('explain', 'exemption-invalid')).stdout,
    /^exemption-invalid: .*\n[^]*\n {2}expired +warn, in strict deny\n/,
  )
  t.match((await day2('explain', 'compute-memory-limit')).stderr, 'did you mean "compute-memory-limit-required"?')
  const { code, stdout } = await day2('explain', 'volume', 'node', 'affinity', 'conflict')
  t.equal(code, 0)
  t.match(stdout, 'storage-immediate-binding')
})

t.test('what nobody knows is an error that says what may be meant', async (t) => {
  const wrong = await day2('explain', 'compute-pdb-blocks-al')
  t.equal(wrong.code, 2)
  t.equal(wrong.stdout, '')
  t.match(wrong.stderr, /^day2: .*did you mean "compute-pdb-blocks-all"\? \(D2_USAGE\)\n$/)
  t.match((await day2('explain', 'pdb-blocks-all')).stderr, 'did you mean "compute-pdb-blocks-all"?')
  t.match((await day2('explain', 'nothing of the kind')).stderr, 'day2 explain lists them')
})
