import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

await t.test('no rule runs anything more often than in proportion to what it is given', async (t) => {
  const script = fileURLToPath(new URL('linear-work.js', import.meta.url))
  // Who measures the coverage of the tests counts with the same counters.
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env
  const output = execFileSync(process.execPath, [script], { env, encoding: 'utf8', maxBuffer: 2 ** 26 })
  // Written by the script beside this test.
  const { inputs, found } = JSON.parse(output) as { readonly inputs: number; readonly found: readonly string[] }
  t.ok(inputs > 500, `${inputs} ways for an input to grow`)
  t.strictSame(found, [])
})
