import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { readDocuments } from '../../src/files/documents.ts'
import { findBinaries } from '../control-plane/binaries.ts'
import { documentCases, refusedCases, scalarCases } from '../support/yaml-cases.ts'

const header = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`

t.test('kubectl reads YAML as we do', async (t) => {
  const texts = new Map([
    ...scalarCases.map(([text], index) => [`s${String(index)}`, `v: ${text}\n`] as const),
    ...documentCases.map(([text], index) => [`d${String(index)}`, text] as const),
  ])
  const theirs = await readByKubectl(t.testdir(), texts)
  for (const [name, text] of texts) t.strictSame(ours(name, text), theirs.get(name), text)
})

t.test('kubectl refuses what we refuse', async (t) => {
  const texts = new Map(refusedCases.map(([text], index) => [`r${String(index)}`, text] as const))
  const theirs = await readByKubectl(t.testdir(), texts)
  for (const [name, text] of texts) {
    // It drops what follows `...` without a word, and reads what precedes a broken separator.
    if (/^(?:\.\.\.|---)/m.test(text)) continue
    t.notOk(theirs.has(name), text)
  }
})

const pieces = [
  'a',
  'b: ',
  'c:',
  '- ',
  '\n',
  '\n  ',
  '\n    ',
  ' ',
  '"x"',
  "'y'",
  '|\n',
  '>\n',
  '>-\n',
  '# c',
  ' # d',
  '{',
  '}',
  '[',
  ']',
  ',',
  ': ',
  '&x ',
  '*x',
  '!t ',
  '1',
  '~',
  'y',
  'x y',
  '"k": ',
  '<<: ',
  '\n- ',
  '\n  - ',
  '\na: ',
  '{a: 1}',
  '&x {k: 1}',
  '"m\n n"',
]

t.test('whatever both read has one value', async (t) => {
  const made = fc.sample(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 10 }), 1500)
  const texts = new Map(made.map((parts, index) => [`f${String(index)}`, `q: ${parts.join('')}\n`]))
  const theirs = await readByKubectl(t.testdir(), texts)
  const differing: string[] = []
  let compared = 0
  for (const [name, text] of texts) {
    const [mine, kubectl] = [ours(name, text), theirs.get(name)]
    if (mine === undefined || kubectl === undefined) continue
    compared++
    if (JSON.stringify(sorted(mine)) !== JSON.stringify(sorted(kubectl))) differing.push(text)
  }
  t.strictSame(differing, [])
  t.ok(compared > 100, `${String(compared)} documents compared`)
})

// Every text as a ConfigMap of its own, read without a cluster; those that kubectl refuses are missing.
async function readByKubectl(folder: string, texts: ReadonlyMap<string, string>): Promise<Map<string, unknown>> {
  for (const [name, text] of texts) writeFileSync(join(folder, `${name}.yaml`), header(name) + text)
  const kubectl = (await findBinaries()).get('kubectl') ?? 'kubectl'
  const output = await new Promise<string>((resolve) => {
    const args = ['label', '--local', '--recursive', '--filename', folder, '--output', 'json', 'oracle=yes']
    execFile(kubectl, args, { maxBuffer: 2 ** 28 }, (_error, stdout) => resolve(stdout))
  })
  const objects = new Map<string, unknown>()
  for (const part of output.split(/^}\n/m)) {
    if (part.trim() === '') continue
    // JSON of kubectl; integers that JavaScript rounds are kept as their digits, as our reader keeps them.
    const exact = `${part}}`.replace(/: (-?\d{16,19})(,?)$/gm, (whole, digits: string, comma: string) =>
      Number.isSafeInteger(Number(digits)) || BigInt.asIntN(64, BigInt(digits)) !== BigInt(digits)
        ? whole
        : `: "${digits}"${comma}`,
    )
    const {
      apiVersion: _apiVersion,
      kind: _kind,
      metadata,
      ...rest
    } = JSON.parse(exact) as { metadata: { name: string } } & Record<string, unknown>
    objects.set(metadata.name, rest)
  }
  return objects
}

function ours(name: string, text: string): unknown {
  const { documents, problems } = readDocuments(name, header(name) + text)
  const [document] = documents
  if (document === undefined || problems.some(({ level }) => level === 'error')) return undefined
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    metadata: _metadata,
    ...rest
  } = document.value as Record<string, unknown>
  return rest
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)])
}
