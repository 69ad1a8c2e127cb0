import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { type Contents, readPaths } from '../../src/files/read.ts'
import { scopesOf } from '../../src/files/scopes.ts'
import { resolve } from '../../src/sdk/pointer.ts'
import { matchesText } from '../../src/files/target-pattern.ts'

const secret = (name: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\n`
const image = 'spec: {selector: {matchLabels: {a: b}}, template: {spec: {containers: [{name: web, image: web:1}]}}}\n'
const deployment = `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n${image}`

const read = (...paths: string[]) => readPaths(paths, Readable.from([]))
const seen = ({ manifests }: Contents) => manifests.map(({ name, partial }) => (partial ? `${name} partial` : name))
const skipped = ({ skipped }: Contents) => skipped.map(({ reason }) => reason)
const codes = ({ problems }: Contents) => problems.map(({ code }) => code)

t.test('what is a resource is judged whole, whatever else a kustomization makes of the file', async (t) => {
  const dir = t.testdir({
    patched: { 'kustomization.yaml': 'resources: [d.yaml]\npatches: [{path: d.yaml}]\n', 'd.yaml': deployment },
    generated: {
      'kustomization.yaml': 'resources: [s.yaml]\nconfigMapGenerator: [{name: c, files: [s.yaml]}]\n',
      's.yaml': secret('generated'),
    },
    linked: {
      'kustomization.yaml':
        'resources: [x.yaml]\nsecretGenerator: [{name: c, files: [s.yaml]}]\npatchesStrategicMerge: [s.yaml]\n',
      's.yaml': secret('linked'),
    },
    // Somebody else's kustomization does not decide over a file that is deployed.
    other: { 'kustomization.yaml': 'configMapGenerator: [{name: c, envs: [../generated/s.yaml]}]\n' },
  })
  symlinkSync('s.yaml', join(dir, 'linked', 'x.yaml'))
  const contents = await read(dir)
  t.strictSame(seen(contents), ['generated', 'linked', 'web', 'c', 'c', 'c'], 'and what generators make, too')
  t.strictSame(skipped(contents), Array(4).fill('kustomization'))
})

t.test('data of a generator is read if it was named', async (t) => {
  const dir = t.testdir({
    'kustomization.yaml': 'configMapGenerator: [{name: c, files: [s.yaml, values.yaml]}]\n',
    's.yaml': secret('data'),
    'values.yaml': 'a: 1\n',
  })
  t.strictSame(seen(await read(dir)), ['c'], 'what is generated of it is judged')
  for (const paths of [
    [dir, join(dir, 's.yaml')],
    [join(dir, 's.yaml'), join(dir, 'kustomization.yaml')],
  ])
    t.strictSame(seen(await read(...paths)), ['data', 'c'], paths.join(' '))
  const all = await read(...['kustomization.yaml', 's.yaml', 'values.yaml'].map((name) => join(dir, name)))
  t.strictSame([seen(all), codes(all)], [['data', 'c'], []], 'but it need not be a manifest')
})

t.test('a file is no kustomization by its name alone', async (t) => {
  const dir = t.testdir({
    a: { 'kustomization.yaml': `resources: []\n---\n${deployment}` },
    b: { Kustomization: secret('b') },
    c: { 'kustomization.yml': '- a list\n' },
  })
  const contents = await read(dir)
  t.strictSame(seen(contents), ['web', 'b'])
  t.strictSame(skipped(contents), ['kustomization', 'no-kind'])
})

t.test('images are those that land: a new tag or digest takes the place of both', async (t) => {
  const landed = async (written: string, ...kustomizations: readonly string[]) => {
    const folders = kustomizations.map((images, index): [string, Record<string, string>] => [
      `layer-${index}`,
      {
        'kustomization.yaml': `resources: [${index === 0 ? 'd.yaml' : `../layer-${index - 1}`}]\nimages: ${images}\n`,
        ...(index === 0 ? { 'd.yaml': deployment.replace('image: web:1', `image: "${written}"`) } : {}),
      },
    ])
    const contents = await read(t.testdir(Object.fromEntries(folders)))
    t.strictSame(contents.problems, [], 'nothing is left to be rendered')
    const [scope, ...others] = scopesOf(contents, 'default')
    t.equal(others.length, 0)
    const text = JSON.stringify(scope?.members.map(({ manifest }) => manifest.object))
    return /"image":"([^"]*)"/.exec(text)?.[1]
  }
  t.equal(await landed('web:1', '[{name: web, newTag: "2"}]'), 'web:2')
  t.equal(await landed('web', '[{name: web, newTag: "1.10"}]'), 'web:1.10')
  t.equal(await landed('web:1', '[{name: web, newName: r.example:5000/x/web}]'), 'r.example:5000/x/web:1')
  t.equal(await landed('web:1', '[{name: web, digest: "sha256:ab"}]'), 'web@sha256:ab')
  t.equal(await landed('web:1@sha256:cd', '[{name: web, newTag: "2"}]'), 'web:2')
  t.equal(await landed('web:1', '[{name: web, newTag: "2", digest: "sha256:ab"}]'), 'web:2@sha256:ab')
  t.equal(await landed('web:1', '[{name: web, tagSuffix: -debug}]'), 'web:1-debug')
  t.equal(await landed('r.example:5000/web', '[{name: "r.example:5000/web", newTag: v3}]'), 'r.example:5000/web:v3')
  t.equal(await landed('webs:1', '[{name: web, newTag: "2"}, {newTag: "3"}, null]'), 'webs:1', 'another image')
  t.equal(
    await landed('web:1', '[{name: web, newName: api}]', '[{name: api, newTag: "2"}]'),
    'api:2',
    'the outer one sees what the inner one made',
  )
})

t.test('targets of patches are patterns; one that is not understood may mean anything', async (t) => {
  const landed = async (target: string) => {
    const dir = t.testdir({
      'kustomization.yaml': `resources: [d.yaml]\npatches: [{target: ${target}, patch: '[{op: add, path: /spec/paused, value: true}]'}]\n`,
      'd.yaml': deployment.replace('name: web', `name: ${'a'.repeat(60)}`),
    })
    return scopesOf(await read(dir), 'default').flatMap(({ members }) =>
      members.map(({ manifest, unsure }) =>
        unsure ? 'unsure' : resolve('/spec/paused', manifest.object) === true ? 'patched' : 'as written',
      ),
    )
  }
  t.strictSame(await landed('{name: "(a+)+b"}'), ['unsure'], 'and is never tried, which might take for ever')
  t.strictSame(await landed('{name: "a.*b"}'), ['as written'])
  t.strictSame(await landed('{name: "a+", group: apps, version: "v[0-9]"}'), ['patched'])
  t.strictSame(await landed('{kind: "Deployment|StatefulSet", name: ""}'), ['patched'])
  t.strictSame(await landed('{kind: "Daemon.*"}'), ['as written'])
  t.strictSame(await landed('{kind: Deployment, namespace: default}'), ['patched'])
  t.strictSame(await landed('{kind: Deployment, namespace: other}'), ['as written'])
  t.strictSame(await landed('{kind: Deployment, labelSelector: "app=web"}'), ['as written'])
  t.strictSame(await landed('{labelSelector: "app!=web,!tier,env notin (prod, dev)"}'), ['patched'])
  t.strictSame(await landed('{annotationSelector: "a ~ b"}'), ['unsure'])

  const piece = fc.constantFrom(
    'a',
    'b',
    '-',
    '.',
    '.*',
    'a+',
    '[ab]',
    '(a|b-)',
    '(?:b.)?',
    '\\.',
    '\\w',
    '[^a-]*',
    '$',
    '^',
  )
  const choice = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  const pattern = fc.array(choice, { minLength: 1, maxLength: 3 }).map((choices) => choices.join('|'))
  const name = fc.array(fc.constantFrom('a', 'b', '-', '.'), { maxLength: 8 }).map((letters) => letters.join(''))
  fc.assert(
    fc.property(
      pattern,
      name,
      (pattern, name) => matchesText(pattern, name) === (pattern === '' || new RegExp(`^(?:${pattern})$`).test(name)),
    ),
    { numRuns: 1000 },
  )
  for (const [pattern, name, answer] of [
    ['^web$', 'web', true],
    ['^web$', 'web2', false],
    ['^a|b$', 'b', true],
    ['web-[0-9]+', 'other', false],
    ['web-[0-9]+', 'web-12', true],
    ['web{2}', 'webb', undefined],
    ['(?i)web', 'WEB', undefined],
    ['(a*)*b', 'a'.repeat(50), undefined],
    ['[z-a]', 'a', undefined],
    ['a**', 'a', undefined],
    ['(a', 'a', undefined],
    ['a)', 'a', undefined],
    ['x'.repeat(2000), 'x', undefined],
    [`${'.*a'.repeat(300)}b`, 'a'.repeat(253), false],
  ] as const)
    t.equal(matchesText(pattern, name), answer, pattern.slice(0, 20))
})
