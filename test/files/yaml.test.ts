import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { readDocuments } from '../../src/files/documents.ts'
import { readExactly } from '../../src/files/yaml/exact.ts'
import { locateOffset, type Mark, ReadError } from '../../src/files/yaml/marks.ts'
import { readQuickly } from '../../src/files/yaml/quick.ts'

// What `kubectl label --local -f FILE -o json` answered (1.32): the same texts go through kubectl in the e2e suite.
const scalars: readonly (readonly [string, unknown])[] = [
  ...['y', 'Y', 'yes', 'on', 'On', 'true', 'TRUE'].map((text) => [text, true] as const),
  ...['n', 'N', 'no', 'off', 'OFF', 'False'].map((text) => [text, false] as const),
  ...['~', 'null', 'NULL', ''].map((text) => [text, null] as const),
  ['tRUE', 'tRUE'],
  ['nULL', 'nULL'],
  ['014', 12],
  ['-014', -12],
  ['0o14', 12],
  ['08', 8],
  ['1_000', 1000],
  ['_1', '_1'],
  ['0x1F', 31],
  ['0b11', 3],
  ['-0b11', -3],
  ['+5', 5],
  ['-0', 0],
  ['-0.0', 0],
  ['1:30', '1:30'],
  ['2020-01-01', '2020-01-01'],
  ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
  ['1e3', 1000],
  ['1e', '1e'],
  ['1.e5', 100000],
  ['.5', 0.5],
  ['.5_0', 0.5],
  ['._5', '._5'],
  ['+.5', 0.5],
  ['1e400', '1e400'],
  ['0x', '0x'],
  ['0b2', '0b2'],
  ['0x1p4', '0x1p4'],
  ['9007199254740991', 9007199254740991],
  ['9007199254740993', '9007199254740993'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['9223372036854775808', 9223372036854775808],
  ['123456789012345678901234567890', 1.2345678901234568e29],
  ['0777777777777777777777777', 7.777777777777778e23],
  ['x:y', 'x:y'],
  ['x#y', 'x#y'],
  ['-x', '-x'],
]

t.test('plain scalars are what kubectl reads', async (t) => {
  for (const [text, value] of scalars) t.strictSame(valueOf(`v: ${text}\n`), { v: value }, text || '(nothing)')
  const keys =
    'y: 1\nn: 1\n014: 1\n1_0: 1\n1.23456789: 1\n1000000.0: 1\n0.00001: 1\n-1.5: 1\n.inf: 1\n9007199254740993: 1\n'
  t.strictSame(Object.keys(valueOf(keys) as object).sort(), [
    ...['-1.5', '.inf', '1.2345679', '10', '12', '1e+06', '1e-05', '9007199254740993', 'false', 'true'],
  ])
})

t.test('documents are what kubectl reads', async (t) => {
  const same: readonly (readonly [string, unknown])[] = [
    ['b: {k: 2, <<: {k: 1}}\nc: {<<: {k: 1}, k: 2}\n', { b: { k: 1 }, c: { k: 2 } }],
    ['d:\n  <<: [{k: 1}, {k: 2, l: 3}]\n', { d: { k: 1, l: 3 } }],
    ["<<: {z: 1}\n'<<': 3\n", { z: 1, '<<': 3 }],
    ['a: &x [1]\nb: *x\nc: &x 3\nd: *x\n&k e: *k\n', { a: [1], b: [1], c: 3, d: 3, e: 'e' }],
    [
      "a: !!binary aGVsbG8=\nb: !foo bar\nc: !!int '3'\nd: !!str 3\ne: !!float 3\nf: !foo [1]\ng: !!bool 'yes'\nh: ! 3\n",
      { a: 'hello', b: 'bar', c: 3, d: '3', e: 3, f: [1], g: true, h: '3' },
    ],
    ['a: {b, c: , d: [x, y,], \'e\':f, "g":h}\n', { a: { b: null, c: null, d: ['x', true], e: 'f', g: 'h' } }],
    ['a: [a: b, c]\n', { a: [{ a: 'b' }, 'c'] }],
    [
      'a: |\n  x\n   y\n\n\nb: >\n  x\n  y\n\n   z\n  w\n\nc: |+\n  k\n\nd: >-\n\n  a\n\n\n  b\n',
      { a: 'x\n y\n', b: 'x y\n\n z\nw\n', c: 'k\n\n', d: '\na\n\nb' },
    ],
    ['a: |\n  x', { a: 'x\n' }],
    ['a: |2\n   x\nb: |-1\n  x\n', { a: ' x\n', b: ' x' }],
    ['a: |\n  x\n # y\nb: 1\n', { a: 'x\n', b: 1 }],
    ['a: x\n  y\n\n  z # c\nb: 1\n', { a: 'x y\nz', b: 1 }],
    ['a: x\n  - y\n  # z\nb: 1\n', { a: 'x - y', b: 1 }],
    [
      'a:\n- x\n-\n  y\n- - z\n  - w\n-   k: v\n    l: m\n- # c\n  n\n',
      { a: ['x', true, ['z', 'w'], { k: 'v', l: 'm' }, false] },
    ],
    ["a: \"x\n  y\n\n  z\"\nb: 'it''s'\nc: 'x\n   y'\n", { a: 'x y\nz', b: "it's", c: 'x y' }],
    ['a: "\\u00e9\\x41\\t\\/"\n', { a: 'éA\t/' }],
    ["a:\t'x'\t# c\nb: \tx\n", { a: 'x', b: 'x' }],
    ['a: {\n\tb: c\n}\nd: [\n  e\n]\n', { a: { b: 'c' }, d: ['e'] }],
    ['a b: c d\n"e" : f\n', { 'a b': 'c d', e: 'f' }],
    ['a: 1\r\nb:\r\n  - c\r\n', { a: 1, b: ['c'] }],
    ['__proto__: {a: 1}\nconstructor: 2\n', JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}')],
  ]
  for (const [text, value] of same) {
    t.strictSame(valueOf(text), value, text)
    t.equal(JSON.stringify(valueOf(text)), JSON.stringify(value), text)
  }
})

t.test('what kubectl refuses is refused in words, with the place', async (t) => {
  const refused: readonly (readonly [string, string, number, number])[] = [
    ['a: b: c\n', 'D2_YAML_SYNTAX', 1, 4],
    ['a:\n\t- c\n', 'D2_YAML_SYNTAX', 2, 1],
    ['a: "x\nb: 1\n', 'D2_YAML_SYNTAX', 3, 1],
    ['a: [x, y\n', 'D2_YAML_SYNTAX', 2, 1],
    ['a: @x\n', 'D2_YAML_SYNTAX', 1, 4],
    ['a: 1\n b: 2\n', 'D2_YAML_SYNTAX', 1, 4],
    ['a: - x\n', 'D2_YAML_SYNTAX', 1, 4],
    ['a: {{ .Values.x }}\n', 'D2_YAML_TEMPLATE', 1, 5],
    ['a:\n{{- if .x }}\n  b: 1\n{{- end }}\n', 'D2_YAML_TEMPLATE', 2, 1],
    ['a: *nope\n', 'D2_YAML_ALIAS', 1, 4],
    ['a: &x [*x]\n', 'D2_YAML_ALIAS', 1, 8],
    ['? [a]\n: b\n', 'D2_YAML_KEY', 1, 3],
    ['~: 1\n', 'D2_YAML_KEY', 1, 1],
    ['a: .nan\n', 'D2_YAML_NUMBER', 1, 4],
    ["a: !!int 'x'\n", 'D2_YAML_TAG', 1, 10],
    ['<<: 1\n', 'D2_YAML_MERGE', 1, 1],
    ['a: 1\n--- foo\nb: 1\n', 'D2_YAML_SEPARATOR', 2, 1],
    ['a: 1\n...\n# c\nb: 1\n', 'D2_YAML_DROPPED', 4, 1],
    ['%YAML 1.1\n---\na: 1\n', 'D2_YAML_DIRECTIVE', 1, 1],
    ['a: x\u0007y\n', 'D2_YAML_CONTROL_CHARACTER', 1, 5],
  ]
  for (const [text, code, line, column] of refused) {
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

t.test('where the quick reader answers, the exact one agrees, in values and places', async () => {
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
