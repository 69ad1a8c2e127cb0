import fc from 'fast-check'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { policies } from '../../policies/index.ts'
import { readDocuments } from '../../src/files/documents.ts'
import { type GivenValues, renderSnippet, yaml } from '../../src/sdk/snippet.ts'

/** What YAML makes of a text, by the parser of YAML 1.2 and of YAML 1.1 and by the reader of files. */
function readings(text: string): unknown[] {
  const { documents, problems } = readDocuments('snippet.yaml', text)
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join())
  const theirs = (['1.1', '1.2'] as const).map((version) =>
    parseAllDocuments(text, { version }).map((document) => {
      if (document.errors.length > 0) throw new Error(document.errors.join())
      return document.toJS({ mapAsMap: true }) as unknown
    }),
  )
  return [...theirs.map((each) => plain(each)), documents.map(({ value }) => plain(value))]
}

/** Maps as lists of pairs, so that no key means anything. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  return { pairs: [...(value instanceof Map ? value : Object.entries(value))].map(plain) }
}

const pairs = (...entries: [string, unknown][]) => ({ pairs: entries })
// What is short enough to be shown, and whole characters: half a pair is no text of JSON.
const hostileOf = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    fc.constantFrom(
      'yes',
      'null',
      '~',
      '1e3',
      '0x1',
      '2026-01-31',
      '.inf',
      'a: b',
      '# x',
      '\n---\n',
      '- a',
      '{{',
      '<<',
    ),
    fc.constantFrom('}', '] }', '"', "'", '\\', '\u2028', '\u0085', '&a', '*a', '!!x', '%', '@', '`', '${NAME}', ''),
  )

const [hostile, short] = [hostileOf(30), hostileOf(4)]

t.test('a value is read as itself, and nothing around it changes', async () => {
  const template = yaml`spec: # what is wanted
  name: ${{ name: 'web' }} # its name
  list: [${{ domain: 'a' }}, {port: ${{ port: 80 }}}]
  selector: { matchLabels: ${{ labels: { app: 'web' } }} } # labels
`
  const labels = fc.uniqueArray(fc.tuple(short, short), { selector: ([key]) => key, maxLength: 3 })
  fc.assert(
    fc.property(hostile, hostile, labels, fc.oneof(hostile, fc.nat()), (name, domain, entries, port) => {
      const text = renderSnippet(template, { name, domain, port, labels: Object.fromEntries(entries) })
      const numbered = Object.entries(Object.fromEntries(entries))
      const wanted = pairs([
        'spec',
        pairs(
          ['name', name],
          ['list', [domain, pairs(['port', port])]],
          ['selector', pairs(['matchLabels', pairs(...numbered)])],
        ),
      ])
      for (const reading of readings(text))
        if (JSON.stringify(reading) !== JSON.stringify([wanted])) throw new Error(`${text}${JSON.stringify(reading)}`)
    }),
    { numRuns: 300 },
  )
})

t.test('what nobody would read to its end, and what is not known, is shown as on the pages', async (t) => {
  const template = yaml`name: ${{ name: 'web' }}`
  t.equal(renderSnippet(template), 'name: web')
  t.equal(renderSnippet(template, { name: undefined, volume: 'data' }), 'name: web')
  t.equal(renderSnippet(template, { name: 'n'.repeat(600) }), 'name: web')
  t.equal(renderSnippet(template, { name: 'shop' }), 'name: shop')
  const both = yaml`{ name: ${{ name: 'web' }}, labels: ${{ labels: { app: 'web' } }} }`
  t.equal(renderSnippet(both, { name: 'shop' }), renderSnippet(both), 'nor a part of the names beside examples')
  t.equal(renderSnippet(both, { name: 'n'.repeat(600), labels: { app: 'shop' } }), renderSnippet(both))
  t.equal(renderSnippet(both, { name: 'shop', labels: { app: 'cart' } }), '{ name: shop, labels: { app: cart } }')
  t.equal(
    renderSnippet(yaml`l: ${{ labels: { a: 'b' } }}`, { labels: { app: 'shop', v: '1' } }),
    'l: { app: shop, v: "1" }',
  )
  t.equal(renderSnippet('as: it is', { name: 'shop' }), 'as: it is')
})

t.test('the snippets of all rules keep their shape, whatever is in them', async (t) => {
  const templates = policies.flatMap(({ id, reasons }) =>
    Object.entries(reasons).flatMap(([reason, { snippet }]) => {
      return snippet && typeof snippet !== 'string' ? [{ name: `${id} ${reason}`, snippet }] : []
    }),
  )
  t.ok(templates.length > 20)
  const strings = fc.record({
    account: hostile,
    annotation: hostile,
    apiVersion: hostile,
    claim: hostile,
    container: hostile,
    domain: hostile,
    file: hostile,
    image: hostile,
    kind: hostile,
    name: hostile,
    namespace: hostile,
    port: hostile,
    service: hostile,
    servicePort: fc.record({ name: hostile, port: fc.nat(), targetPort: hostile }),
    toNamespace: hostile,
    topologyKey: hostile,
    volume: hostile,
  })
  fc.assert(
    fc.property(strings, hostile, (given, label) => {
      const values: GivenValues = { ...given, labels: { [`k${label}`]: label } }
      for (const { name, snippet } of templates) {
        const [example, shown] = [renderSnippet(snippet), renderSnippet(snippet, values)].map((text) =>
          readings(text).map((reading) => shape(reading)),
        )
        if (renderSnippet(snippet, values) === renderSnippet(snippet))
          throw new Error(`${name} shows none of its values`)
        if (JSON.stringify(example) !== JSON.stringify(shown)) throw new Error(`${name}: ${JSON.stringify(values)}`)
      }
    }),
    { numRuns: 20 },
  )
})

/** A reading without its values, without the keys of labels and annotations, and without ports. */
function shape(value: unknown, key = ''): unknown {
  if (key === 'ports') return 'ports'
  if (Array.isArray(value)) return value.map((each) => shape(each))
  if (typeof value !== 'object' || value === null) return 'value'
  const { pairs } = value as { readonly pairs: readonly (readonly [string, unknown])[] }
  if (key === 'matchLabels' || key === 'selector' || key === 'annotations') {
    if (pairs.every(([, each]) => typeof each === 'string')) return 'labels'
  }
  return pairs.map(([each, member]) => [each, shape(member, each)])
}
