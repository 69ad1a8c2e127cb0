import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { type Contents, readPaths } from '../../src/files/read.ts'
import { scopesOf } from '../../src/files/scopes.ts'
import { resolve } from '../../src/sdk/pointer.ts'
import { builtTrees, refusedTrees } from '../support/kustomize-trees.ts'

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
        - name: side
          image: side:1
`
const base = { 'kustomization.yaml': 'resources: [web.yaml]\n', 'web.yaml': deployment }
const read = (...paths: string[]) => readPaths(paths, Readable.from([]))

/** The value at a path of the first object of the first root, and where it is written. */
function landed({ variants }: Contents, dir: string, path: string, index = 0) {
  const manifest = variants[0]?.objects[index]?.manifest
  const { file, line, column } = manifest?.locate(path) ?? {}
  return [resolve(path, manifest?.object), `${(file ?? '').slice(dir.length + 1)}:${String(line)}:${String(column)}`]
}

t.test('a value is found where it was written: in the base, in a patch, or in the kustomization', async (t) => {
  const dir = t.testdir({
    base,
    prod: {
      'kustomization.yaml': `resources: [../base]
namespace: shop
replicas:
  - name: web
    count: 5
images:
  - name: web
    newTag: "2"
labels:
  - pairs: {team: a}
    includeSelectors: true
patches:
  - path: patch.yaml
  - target: {kind: Deployment}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0
        value:
          name: first
          image: first:1
  - target: {kind: Deployment}
    patch: "[{op: add, path: /spec/paused, value: true}]"
`,
      'patch.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n        - name: side\n          image: side:2\n          env: [{name: A}]\n        - name: new\n',
    },
  })
  const contents = await read(dir)
  t.strictSame(contents.problems, [])
  const at = (path: string) => landed(contents, dir, path)
  const containers = '/spec/template/spec/containers'
  t.strictSame(at('/metadata/namespace'), ['shop', 'prod/kustomization.yaml:2:1'])
  t.strictSame(at('/spec/replicas'), [5, 'prod/kustomization.yaml:5:5'])
  t.strictSame(at('/spec/selector/matchLabels/team'), ['a', 'prod/kustomization.yaml:10:13'])
  t.strictSame(at('/spec/selector/matchLabels/app'), ['web', 'base/web.yaml:6:28'])
  t.strictSame(at(`${containers}/0/image`), ['first:1', 'prod/kustomization.yaml:20:11'])
  t.strictSame(at(`${containers}/1/image`), ['side:2', 'prod/patch.yaml:9:11'])
  t.strictSame(at(`${containers}/1/env/0/name`), ['A', 'prod/patch.yaml:10:18'])
  t.strictSame(at(`${containers}/2`), [{ name: 'new' }, 'prod/patch.yaml:11:11'])
  t.strictSame(at(`${containers}/3/image`), ['web:2', 'prod/kustomization.yaml:8:5'])
  t.strictSame(at(`${containers}/3/resources`), [undefined, 'base/web.yaml:11:11'], 'what is missing, where it belongs')
  t.strictSame(at('/spec/paused'), [true, 'prod/kustomization.yaml:22:5'], 'a patch in quotes, at its key')
})

t.test('what generators make stands where their values are, and shows none of a Secret', async (t) => {
  const dir = t.testdir({
    'kustomization.yaml': `configMapGenerator:
  - name: settings
    literals:
      - a=1
    files: [data.bin, key=data.txt]
secretGenerator:
  - name: key
    envs: [key.env]
  - name: lost
    envs: [none.env]
`,
    'data.bin': Buffer.from([0xff, 0xfe]),
    'data.txt': 'text',
    'key.env': 'TOKEN=canary-of-a-secret\n',
  })
  const contents = await read(dir)
  t.strictSame(contents.problems, [])
  const [settings, key, lost] = contents.variants[0]?.objects ?? []
  t.match(settings?.manifest.object, { data: { a: '1', key: 'text' }, binaryData: { 'data.bin': '//4=' } })
  t.strictSame(landed(contents, dir, '/data/a'), ['1', 'kustomization.yaml:4:9'])
  t.match([key?.manifest.name, key?.unsure], ['key-xxxxxxxxxx', false])
  t.strictSame(landed(contents, dir, '/data/TOKEN', 1)[1], 'kustomization.yaml:8:12')
  t.match([lost?.manifest.name, lost?.unsure], ['lost-xxxxxxxxxx', true], 'a file that is not here')
})

t.test('a base and its files are read wherever they are, files only below whoever names them', async (t) => {
  const dir = t.testdir({
    base: { ...base, 'kustomization.yaml': 'resources: [web.yaml, ../outside.yaml]\n' },
    'outside.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: outside}\n',
    prod: { 'kustomization.yaml': 'resources: [../base]\nnamePrefix: prod-\npatches: [{path: ../patch.yaml}]\n' },
    'patch.yaml': deployment,
  })
  const contents = await read(join(dir, 'prod'))
  t.strictSame(
    contents.variants.map(({ objects, open }) => [open, ...objects.map(({ manifest }) => manifest.name)]),
    [[true, 'prod-web']],
  )
  t.equal(contents.files, 3)
  t.match(
    contents.problems.map(({ message }) => message),
    [/the file of a patch cannot be read/, /names resources that are not here/],
  )
})

t.test('what is not understood makes unsure what it may change, and says so once', async (t) => {
  const unsure = async (kustomization: string) => {
    const dir = t.testdir({
      'kustomization.yaml': `resources: [web.yaml, c.yaml]\n${kustomization}\n`,
      'web.yaml': deployment,
      'c.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: $(VAR)}\n',
    })
    const { variants, problems } = await read(dir)
    const [variant] = variants
    t.equal(problems.length, 1)
    t.match(problems[0]?.message, /day2 check --kustomize DIR/)
    const names = variant?.objects.flatMap(({ manifest, unsure }) => (unsure ? manifest.name : []))
    return [variant?.open, ...(names ?? [])]
  }
  const replacement = 'source: {kind: ConfigMap, name: c}, targets: [{select: {kind: Deployment}, fieldPaths: [spec]}]'
  t.strictSame(await unsure('helmCharts: [{name: x}]'), [true])
  t.strictSame(await unsure('generators: [g.yaml]'), [true])
  t.strictSame(await unsure('transformers: [t.yaml]'), [true, 'web', 'c'])
  t.strictSame(await unsure('configurations: [c.yaml]'), [true, 'web', 'c'])
  t.strictSame(await unsure('openapi: {path: s.json}'), [true, 'web', 'c'])
  t.strictSame(await unsure(`replacements: [{${replacement}}]`), [false, 'web'])
  t.strictSame(await unsure('replacements: [{path: r.yaml}]'), [false, 'web', 'c'])
  t.strictSame(await unsure('vars: [{name: VAR}]'), [false, 'c'])
  t.strictSame(await unsure('components: [https://example.com/x]'), [true])
})

t.test(
  'a component alone is part of something that is not here; its patches are judged for what they say',
  async (t) => {
    const dir = t.testdir({
      part: {
        'kustomization.yaml':
          'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamespace: shop\npatches: [{path: patch.yaml}]\n',
        'patch.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n',
      },
    })
    const contents = await read(dir)
    t.strictSame(contents.problems, [])
    const [scope] = scopesOf(contents, 'default')
    t.match(scope, { open: true, members: [{ namespace: 'shop', manifest: { name: 'web', partial: true } }] })
  },
)

// What they land as is compared with kubectl in the end-to-end tests.
t.test('every tree is built, and what kustomize refuses is said', async (t) => {
  for (const [trees, isRefused] of [
    [builtTrees, false],
    [refusedTrees, true],
  ] as const)
    for (const { name, files } of trees) {
      const dir = t.testdir()
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, path)), { recursive: true })
        writeFileSync(join(dir, path), text)
      }
      const { problems } = await read(join(dir, 'root'))
      t.equal(problems.length, isRefused ? 1 : 0, name)
      if (isRefused) t.match(problems[0]?.message, /^kustomize refuses this kustomization: /, name)
    }
})

t.test('lists are merged by their keys, the patch first; directives delete and replace', async (t) => {
  const container = (patch: string) => `{template: {spec: {containers: ${patch}}}}`
  const landing = async (spec: string) => {
    const patch = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: ${spec}}`
    const contents = await read(
      t.testdir({ ...base, 'kustomization.yaml': `resources: [web.yaml]\npatches:\n  - patch: '${patch}'\n` }),
    )
    t.strictSame(contents.problems, [])
    return resolve('/spec/template/spec/containers', contents.variants[0]?.objects[0]?.manifest.object)
  }
  const [web, side] = [
    { name: 'web', image: 'web:1' },
    { name: 'side', image: 'side:1' },
  ]
  t.strictSame(await landing(container('[{name: side, image: two}]')), [{ ...side, image: 'two' }, web])
  t.strictSame(await landing(container('[{name: new}]')), [{ name: 'new' }, web, side])
  t.strictSame(await landing(container('[{name: web, image: null}]')), [{ name: 'web' }, side])
  t.strictSame(await landing(container('[{name: web, $patch: delete}]')), [side])
  t.strictSame(await landing(container('[{$patch: replace}, {name: only}]')), [{ name: 'only' }])
  t.strictSame(await landing(container('[{$patch: delete}]')), undefined)
  t.strictSame(await landing(container('null')), undefined)
  t.strictSame(await landing('{template: {spec: {$patch: replace, containers: [{name: only}]}}}'), [{ name: 'only' }])
})

t.test('a base that doubles at each layer does not keep anybody', async (t) => {
  const layers = Array.from({ length: 40 }, (_, index): [string, Record<string, string>] => [
    `layer-${String(index)}`,
    { 'kustomization.yaml': `resources: [../layer-${String(index + 1)}, ../layer-${String(index + 1)}]\n` },
  ])
  const { variants } = await read(t.testdir({ ...Object.fromEntries(layers), 'layer-40': base }))
  t.equal(variants[0]?.open, true)
})

t.test('an object that a patch deletes is judged by nobody; copies of copies are refused', async (t) => {
  const dir = t.testdir({
    'kustomization.yaml':
      'resources: [web.yaml]\npatches: [{patch: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, $patch: delete}"}]\n',
    'web.yaml': deployment,
  })
  t.strictSame(
    scopesOf(await read(dir), 'default').map(({ members }) => members.length),
    [0],
  )
  const copies = Array.from({ length: 40 }, (_, index) => ({
    op: 'copy',
    from: '/spec',
    path: `/spec/c${String(index)}`,
  }))
  const { problems } = await read(
    t.testdir({
      ...base,
      'kustomization.yaml': JSON.stringify({
        resources: ['web.yaml'],
        patches: [{ target: { kind: 'Deployment' }, patch: JSON.stringify(copies) }],
      }),
    }),
  )
  t.match(problems, [{ message: /copies more than any object holds/ }])
})
