import fc from 'fast-check'
import t from 'tap'
import { jsonLines } from '../../src/kube/json-lines.ts'

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    yield bytes.subarray(start, start + size)
    start += size
  }
}

async function read(lines: AsyncIterable<string>): Promise<string[]> {
  const seen: string[] = []
  for await (const line of lines) seen.push(line)
  return seen
}

t.test('lines are the same, however the bytes are cut', async (t) => {
  const values = fc.array(fc.json({ stringUnit: 'binary' }), { maxLength: 6 })
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(values, sizes, fc.boolean(), async (values, sizes, torn) => {
      const lines = values.map((value) => JSON.stringify(JSON.parse(value)))
      const text = lines.map((line) => `${line}\n`).join('') + (torn ? '{"type":"ADD' : '')
      const seen = await read(jsonLines(chunked(Buffer.from(text), sizes)))
      t.strictSame(seen, lines)
    }),
    { numRuns: 60 },
  )
})

t.test('blank lines are no lines, and a line without end is an error', async (t) => {
  t.strictSame(await read(jsonLines(chunked(Buffer.from('\n\r\n1\r\n'), [2]))), ['1'])
  await t.rejects(read(jsonLines(chunked(Buffer.alloc(100, 'a'), [10]), 50)), /longer than 50 bytes/)
})
