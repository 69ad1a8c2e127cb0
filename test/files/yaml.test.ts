import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { readDocuments } from '../../src/files/documents.ts'
import { readExactly } from '../../src/files/yaml/exact.ts'
import { locateOffset, type Mark, ReadError } from '../../src/files/yaml/marks.ts'
import { readQuickly } from '../../src/files/yaml/quick.ts'
import { documentCases, refusedCases, scalarCases } from '../support/yaml-cases.ts'

t.test('plain scalars are what kubectl reads', async (t) => {
  for (const [text, value] of scalarCases) t.strictSame(valueOf(`v: ${text}\n`), { v: value }, text || '(nothing)')
  const keys =
    'y: 1\nn: 1\n014: 1\n1_0: 1\n1.23456789: 1\n1000000.0: 1\n0.00001: 1\n-1.5: 1\n.inf: 1\n9007199254740993: 1\n'
  t.strictSame(Object.keys(valueOf(keys) as object).sort(), [
    ...['-1.5', '.inf', '1.2345679', '10', '12', '1e+06', '1e-05', '9007199254740993', 'false', 'true'],
  ])
})

t.test('documents are what kubectl reads', async (t) => {
  for (const [text, value] of documentCases) {
    t.strictSame(valueOf(text), value, text)
    t.equal(JSON.stringify(valueOf(text)), JSON.stringify(value), text)
  }
})

t.test('what kubectl refuses is refused in words, with the place', async (t) => {
  for (const [text, code, line, column] of refusedCases) {
    const { problems } = readDocuments('f', text)
    const [problem, ...more] = problems
    t.match(problem, { level: 'error', code, file: 'f', line, column }, text)
    t.equal(more.length, 0, `${text} has one problem`)
  }
})

t.test('a broken document does not hide the others', async (t) => {
  const { documents, problems } = readDocuments(
    'f',
    'a: 1\n---\n: : :\n--- # comment\n# only this\n---\n\n---\nb: 2\n...\n---\nc: 3\n',
  )
  t.strictSame(
    documents.map(({ index, value }) => ({ index, value })),
    [
      { index: 0, value: { a: 1 } },
      { index: 2, value: { b: 2 } },
      { index: 3, value: { c: 3 } },
    ],
  )
  t.equal(problems.length, 1)
  t.equal(problems[0]?.line, 3)
})

t.test('a duplicate key: the last wins, with both places', async (t) => {
  const { documents, problems } = readDocuments('f', 'x: 0\n---\ndata:\n  a: 1\nother: 1\ndata:\n  b: 2\n')
  t.strictSame(documents[1]?.value, { other: 1, data: { b: 2 } })
  t.match(problems, [
    { level: 'warning', code: 'D2_YAML_DUPLICATE_KEY', line: 6, column: 1, message: /"data".* line 3:/ },
  ])
  t.match(readDocuments('f', '{"a": 1,\n"a": 2}').problems, [{ code: 'D2_YAML_DUPLICATE_KEY', line: 2, column: 1 }])
  t.strictSame(documents[1]?.locate('/data/b'), { line: 7, column: 3 })
})

t.test('JSON, one value or several', async (t) => {
  const { documents, problems } = readDocuments('f', '{"a": [1, {"b": "x\\ud83d\\ude00"}]}\n{"c": 9007199254740993}\n')
  t.strictSame(problems, [])
  t.strictSame(
    documents.map(({ value }) => value),
    [{ a: [1, { b: 'x😀' }] }, { c: '9007199254740993' }],
  )
  t.strictSame(documents[1]?.locate('/c'), { line: 2, column: 2 })
  t.match(readDocuments('f', '{"a": 1,}}').problems, [{ code: 'D2_YAML_SYNTAX' }])
})

t.test('alias bombs and deep nesting are refused before they hurt', async (t) => {
  const levels = Array.from(
    { length: 12 },
    (_, i) =>
      `l${String(i + 1)}: &l${String(i + 1)} [${Array(9)
        .fill(`*l${String(i)}`)
        .join(', ')}]\n`,
  )
  t.match(readDocuments('f', `l0: &l0 x\n${levels.join('')}`).problems, [{ code: 'D2_YAML_ALIASES' }])
  const many = readDocuments('f', `a: &a {k: v}\nb:\n${'  - *a\n'.repeat(5000)}`)
  t.strictSame(many.problems, [], 'many plain uses of an anchor are no bomb')
  for (const text of ['['.repeat(100_000), `${'['.repeat(2000)}${']'.repeat(2000)}`, `a: ${'{a: '.repeat(2000)}`]) {
    t.match(readDocuments('f', text).problems, [{ level: 'error' }])
  }
  const nested = Array.from({ length: 1500 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')
  t.match(readDocuments('f', nested).problems, [{ code: 'D2_TOO_DEEP' }])
})

t.test('places: keys, items, parents of what is missing, anchors and merges', async (t) => {
  const text = `# comment
apiVersion: v1
base: &base
  cpu: 1
spec:
  containers:
    - name: web
      resources: {requests: {memory: 1}}
    - *base
  "a/b~c": x
  merged:
    <<: *base
    own: 1
`
  const { documents } = readDocuments('f', `---\n${text}`)
  const place = (path: string) => {
    const { line, column } = documents[0]?.locate(path) ?? { line: 0, column: 0 }
    return [line, column]
  }
  t.strictSame(place('/spec'), [6, 1])
  t.strictSame(place('/spec/containers/0'), [8, 7])
  t.strictSame(place('/spec/containers/0/resources/requests/memory'), [9, 30])
  t.strictSame(place('/spec/containers/0/resources/requests/cpu'), [9, 19], 'missing: the parent')
  t.strictSame(place('/spec/containers/7/name'), [7, 3])
  t.strictSame(place('/spec/containers/1/cpu'), [5, 3], 'behind an alias: where it is written')
  t.strictSame(place('/spec/a~1b~0c'), [11, 3])
  t.strictSame(place('/spec/merged/cpu'), [5, 3], 'merged: where it is written')
  t.strictSame(place(''), [3, 1])
})

t.test('no error quotes what it could not read', async (t) => {
  const canary = 'canary-7f3a'
  const texts = [
    `a: "${canary}\nb: [`,
    `a: ${canary}: ${canary}: x`,
    `a: !!int ${canary}`,
    `a: *${canary}`,
    `a: "\\q${canary}"`,
    `? [${canary}]`,
    `|${canary}\n x`,
    `a: @${canary}`,
    `--- ${canary}`,
    `"${canary} ${canary}": 1\n"${canary} ${canary}": 2`,
  ]
  for (const text of texts) {
    const { problems } = readDocuments('f', text)
    t.not(problems.length, 0, text)
    t.notMatch(JSON.stringify(problems), canary, text)
  }
})

// Integers beyond 2^53 come out as their digits (see the scalars above).
const json = fc
  .jsonValue({ maxDepth: 5 })
  .map(
    (value) =>
      JSON.parse(
        JSON.stringify(value, (_key, inner: unknown) =>
          Number.isInteger(inner) && !Number.isSafeInteger(inner) ? 0.5 : inner,
        ),
      ) as unknown,
  )
const printable = fc.stringMatching(/^[\t\n -~éλ😀]{0,30}$/)
const object = fc.dictionary(printable, fc.oneof(json, printable, fc.array(printable)), { maxKeys: 6 })

t.test('YAML of any JSON value reads as that value, by both readers and in every style', async () => {
  fc.assert(
    fc.property(
      object,
      fc.constantFrom<[string, object]>(
        ['block', {}],
        ['flow', { collectionStyle: 'flow' }],
        ['indented', { indentSeq: false, indent: 4 }],
        ['quoted', { defaultStringType: 'QUOTE_DOUBLE' }],
        ['narrow', { lineWidth: 20 }],
      ),
      (value, [, options]) => {
        const plain: unknown = JSON.parse(JSON.stringify(value))
        // Words that only YAML 1.1 reads as booleans are quoted with version 1.1 alone.
        const text = stringify(plain, { version: '1.1', aliasDuplicateObjects: false, ...options })
        sameOrRefused(text)
        const read = readQuickly(text, false) ?? readExactly(text)
        return JSON.stringify(read.value) === JSON.stringify(plain)
      },
    ),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      const { documents } = readDocuments('f', text)
      return JSON.stringify(documents[0]?.value) === JSON.stringify(JSON.parse(text))
    }),
    { numRuns: 300 },
  )
})

// Pieces that meet in every combination: block and flow, scalars of all styles, comments, anchors, tags, plain nonsense.
const pieces = [
  'a',
  'b: ',
  'c:',
  '- ',
  '-',
  '\n',
  '\n  ',
  '\n    ',
  '\n ',
  '  ',
  '"x"',
  "'y'",
  '"z\\n"',
  '|\n',
  '>\n',
  '|',
  '>-',
  '+',
  '# c',
  ' # d',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ': ',
  '?',
  '&x ',
  '*x',
  '!t ',
  '1',
  '~',
  'y',
  '\t',
  '%',
  'x y',
  '"k": ',
  '<<: ',
  'f#g',
  'h:i',
  '.5',
  '\n- ',
  '\n  - ',
  '\na: ',
  '\n  b: ',
  "''",
  'é',
]

t.test('where the quick reader answers, the exact one agrees, in values and places', async (t) => {
  for (const marker of ['---', '--- ', '...', '... ', 'a: b\n--- ', 'a:\n  b\n... '])
    t.equal(readQuickly(`${marker}\n`, true), undefined, marker)
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 14 }), (parts) => {
      sameOrRefused(`${parts.join('')}\n`)
      return true
    }),
    { numRuns: 5000 },
  )
})

function valueOf(text: string): unknown {
  sameOrRefused(text)
  return readDocuments('f', text).documents[0]?.value
}

// kubectl lets flow collections hang below their parent's indentation; the parser behind the exact reader does not.
const tolerated = /indentation/

function sameOrRefused(text: string): void {
  const quick = readQuickly(text, true)
  if (!quick) return
  try {
    const exact = readExactly(text)
    if (JSON.stringify(quick.value) !== JSON.stringify(exact.value))
      throw new Error(`two readings of ${JSON.stringify(text)}`)
    for (const path of pathsOf(exact.mark, '')) {
      if (offsetAt(quick.mark, path) !== offsetAt(exact.mark, path))
        throw new Error(`two places of ${path} in ${JSON.stringify(text)}`)
    }
  } catch (error) {
    if (!(error instanceof ReadError && tolerated.test(error.message))) throw error
  }
}

function offsetAt(mark: Mark | undefined, path: string): number {
  return mark ? locateOffset(mark, path) : -1
}

// Paths of what holds something: an empty value has no place of its own.
function pathsOf(mark: Mark | undefined, path: string): string[] {
  if (!mark?.inner) return []
  const entries = mark.inner instanceof Map ? [...(mark.inner as ReadonlyMap<string, Mark>)] : []
  return entries.flatMap(([key, inner]) => {
    const below = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    return [below, ...pathsOf(inner, below)]
  })
}
