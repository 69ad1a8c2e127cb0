import { Readable } from 'node:stream'
import { join } from 'node:path'
import { chmodSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { type Contents, readPaths } from '../../src/files/read.ts'
import { type Scope, scopesOf } from '../../src/files/scopes.ts'
import { readSettingsFile } from '../../src/files/settings.ts'

const empty = () => Readable.from([])
const configMap = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\n`
const image = 'spec: {selector: {matchLabels: {a: b}}, template: {spec: {containers: [{name: web, image: web:1}]}}}\n'
const deployment = (name: string) => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\n${image}`

const read = (paths: readonly string[], stdin: AsyncIterable<string> = empty()) => readPaths(paths, stdin)
const names = ({ manifests }: Contents) => manifests.map(({ name }) => name)
const codes = ({ problems }: Contents) => problems.map(({ level, code }) => `${level} ${code}`)

t.test('a folder is searched for manifests, and for nothing else', async (t) => {
  const dir = t.testdir({
    'a.yaml': configMap('a'),
    'b.yml': configMap('b'),
    'c.json': '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}',
    'tsconfig.json': '{\n  // a comment\n  "strict": true\n}',
    'package.json': '{"name": "x"}',
    'values.yaml': 'replicas: 1\n---\n- a list\n',
    'comments.yaml': '# nothing\n---\n',
    'zero.yaml': '',
    'readme.md': configMap('other'),
    '.git': { 'x.yaml': configMap('other') },
    node_modules: { 'x.yaml': configMap('other') },
    deep: { er: { 'd.yaml': configMap('d') } },
  })
  const contents = await read([dir])
  t.strictSame(names(contents), ['a', 'b', 'c', 'd'])
  t.strictSame(contents.problems, [])
  t.strictSame(
    contents.skipped.map(({ file, reason }) => `${file.slice(dir.length + 1)} ${reason}`),
    [
      'comments.yaml empty',
      'package.json no-kind',
      'tsconfig.json no-kind',
      'values.yaml no-kind',
      'values.yaml no-kind',
      'zero.yaml empty',
    ],
  )
  const named = await read(['values.yaml', 'comments.yaml', 'zero.yaml', 'readme.md'].map((name) => join(dir, name)))
  t.strictSame(names(named), ['other'], 'a file that is named is read, whatever it is called')
  t.strictSame(codes(named), ['error D2_NO_OBJECT', 'error D2_NO_OBJECT', 'error D2_FILE_EMPTY', 'error D2_FILE_EMPTY'])
})

t.test('links: each file once, loops are said', async (t) => {
  const dir = t.testdir({
    'a.yaml': configMap('a'),
    'again.yaml': t.fixture('symlink', 'a.yaml'),
    'broken.yaml': t.fixture('symlink', 'nowhere.yaml'),
    sub: { up: t.fixture('symlink', '..'), 'b.yaml': configMap('b') },
    twin: t.fixture('symlink', 'sub'),
  })
  const contents = await read([dir, join(dir, 'a.yaml')])
  t.strictSame(names(contents), ['a', 'b'])
  t.strictSame(codes(contents), ['error D2_FILE_NOT_FOUND', 'warning D2_FOLDER_LOOP'])
  t.strictSame(codes(await read([join(dir, 'missing')])), ['error D2_FILE_NOT_FOUND'])
})

t.test('what cannot be read is said, the rest is read', async (t) => {
  const dir = t.testdir({ 'a.yaml': configMap('a'), 'b.yaml': 'apiVersion: v1\nkind: [\n', 'c.yaml': configMap('c') })
  writeFileSync(join(dir, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]))
  const contents = await read([dir])
  t.strictSame(names(contents), ['a', 'c'])
  t.strictSame(codes(contents), ['error D2_FILE_ENCODING', 'error D2_YAML_SYNTAX'])
  if (process.getuid?.() !== 0) {
    chmodSync(join(dir, 'a.yaml'), 0)
    t.match(codes(await read([join(dir, 'a.yaml')])), ['error D2_FILE_UNREADABLE'])
  }
})

t.test('standard input, and where rendered objects came from', async (t) => {
  const helm = `---\n# Source: shop/templates/web.yaml\n${configMap('a')}---\n${configMap('b', ', annotations: {config.kubernetes.io/origin: "path: ../base/b.yaml\\n"}')}`
  const contents = await read(['-'], Readable.from([helm.slice(0, 30), helm.slice(30)]))
  t.strictSame(
    contents.manifests.map(({ file, source, index }) => ({ file, source, index })),
    [
      { file: '<stdin>', source: 'shop/templates/web.yaml', index: 0 },
      { file: '<stdin>', source: '../base/b.yaml', index: 1 },
    ],
  )
  t.strictSame(contents.manifests[0]?.locate('/metadata/name'), { line: 5, column: 12 })
  t.strictSame(codes(await read(['-'])), ['error D2_FILE_EMPTY'])
})

t.test('lists are taken apart, with places', async (t) => {
  const dir = t.testdir({
    'list.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${configMap('a').trimEnd().replaceAll('\n', '\n    ')}\n  - {apiVersion: v1, kind: Pod}\n`,
    'typed.json': '{"apiVersion":"policy/v1","kind":"PodDisruptionBudgetList","items":[{"metadata":{"name":"p"}}]}',
    'empty.yaml': 'apiVersion: v1\nkind: List\n',
    'custom.yaml': 'apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: custom}\n',
  })
  const contents = await read([dir])
  t.strictSame(
    contents.manifests.map(({ kind, name, apiVersion }) => `${apiVersion} ${kind} ${name}`),
    ['example.com/v1 AllowList custom', 'v1 ConfigMap a', 'v1 Pod ', 'policy/v1 PodDisruptionBudget p'],
  )
  t.strictSame(contents.manifests[1]?.locate('/metadata/name'), { line: 6, column: 16 })
  const bad = t.testdir({
    'a.yaml':
      'apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: List, items: []}\n  - {a: 1}\n  - {apiVersion: v1, kind: Pod}\n',
  })
  const broken = await read([bad])
  t.strictSame(
    broken.problems.map(({ code, line }) => `${code} ${String(line)}`),
    ['D2_NESTED_LIST 4', 'D2_NO_OBJECT 5'],
  )
  t.equal(broken.manifests.length, 1)
})

t.test('a Helm chart: its templates are counted, not read', async (t) => {
  const dir = t.testdir({
    chart: {
      'Chart.yaml': 'apiVersion: v2\nname: chart\n',
      'values.yaml': 'a: 1\n',
      templates: { 'a.yaml': '{{ if }}', '_helpers.tpl': '', tests: { 'b.yaml': '{{ }}' } },
      crds: { 'crd.yaml': configMap('crd') },
    },
    templates: { 'x.yaml': configMap('x') },
  })
  const contents = await read([dir])
  t.strictSame(contents.charts, [{ path: join(dir, 'chart'), templates: 3 }])
  t.strictSame(names(contents), ['crd', 'x'], 'a folder called templates without a Chart.yaml is a folder')
  t.strictSame(contents.problems, [])
  t.equal((await read([join(dir, 'chart', 'templates')])).charts.length, 1)
  t.strictSame(codes(await read([join(dir, 'chart', 'templates', 'a.yaml')])), ['error D2_YAML_TEMPLATE'])
})

t.test('old versions keep their meaning, and their place', async (t) => {
  const dir = t.testdir({
    'a.yaml': `apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: none}
spec: {selector: {}}
---
apiVersion: extensions/v1beta1
kind: Deployment
metadata: {name: old}
spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{image: x}]}}}
---
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: job}
`,
  })
  const { manifests } = await read([dir])
  t.match(manifests, [
    { info: { kind: 'PodDisruptionBudget' }, object: { apiVersion: 'policy/v1beta1', spec: { selector: {} } } },
    { info: { kind: 'Deployment' }, object: { spec: { selector: { matchLabels: { a: 'b' } } } } },
    { info: { kind: 'CronJob' } },
  ])
})

t.test('a Rollout that takes the template of a Deployment is whole', async (t) => {
  const dir = t.testdir({
    'a.yaml': ['workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}', 'replicas: 2']
      .map((spec, i) => `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r${i}}\nspec: {${spec}}\n`)
      .join('---\n'),
  })
  const { manifests } = await read([dir])
  t.match(manifests, [
    { info: { kind: 'Rollout' }, partial: false },
    { info: { kind: 'Rollout' }, partial: true },
  ])
})

t.test('a Service without the ports that it needs is a patch', async (t) => {
  const dir = t.testdir({
    'a.yaml': ['type: LoadBalancer', 'clusterIP: None', 'type: ExternalName', 'ports: [{port: 80}]']
      .map((spec, i) => `apiVersion: v1\nkind: Service\nmetadata: {name: s${i}}\nspec: {${spec}}\n`)
      .join('---\n'),
  })
  const { manifests } = await read([dir])
  t.strictSame(
    manifests.map(({ partial }) => partial),
    [true, false, false, false],
  )
})

const memberNames = (scopes: readonly Scope[], dir: string) =>
  scopes.map(({ name, members }) => ({
    scope: name === '' ? '' : name.slice(dir.length + 1),
    members: members.map(
      ({ manifest, namespace, unsure }) =>
        `${namespace}/${manifest.name}${manifest.partial ? ' partial' : ''}${unsure ? ' unsure' : ''}`,
    ),
  }))

t.test('each kustomization that no other uses is a scope, with its namespace and its patches', async (t) => {
  const dir = t.testdir({
    base: {
      'kustomization.yaml': 'namespace: base-ns\nresources: [web.yaml, node.yaml]\n',
      'web.yaml': deployment('web'),
      'node.yaml': 'apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n',
      'unused.yaml': configMap('unused'),
    },
    prod: {
      'kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: prod
resources: [../base, extra.yaml, https://example.com/x.yaml]
patches:
  - path: replicas.yaml
  - path: ops.yaml
    target: {kind: ConfigMap, name: ex.*}
configMapGenerator:
  - name: dashboards
    files: [board.json, key=more.yaml]
`,
      'extra.yaml': configMap('extra', ', namespace: elsewhere'),
      'replicas.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}\n',
      'ops.yaml': '- {op: remove, path: /data}\n',
      'board.json': '{"title": "x"}',
      'more.yaml': configMap('data'),
    },
    dev: { Kustomization: 'resources: [../base]\n' },
    loose: {
      'a.yaml': configMap('loose'),
      'patch.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {replicas: 2}\n',
    },
  })
  const contents = await read([dir])
  t.match(contents.problems, [
    { level: 'warning', code: 'D2_KUSTOMIZATION', line: 7, message: /a path of this JSON patch leads to nothing/ },
    { level: 'warning', code: 'D2_KUSTOMIZATION', message: /names resources that are not here/ },
  ])
  t.strictSame(memberNames(scopesOf(contents, 'fallback'), dir), [
    { scope: 'dev/Kustomization', members: ['base-ns/web', '/n1'] },
    {
      scope: 'prod/kustomization.yaml',
      members: ['prod/web', '/n1', 'prod/extra unsure', 'prod/dashboards-t9cdbmbd76'],
    },
    { scope: '', members: ['fallback/unused', 'fallback/loose', 'fallback/p partial'] },
  ])
  t.strictSame(contents.skipped.map(({ file, reason }) => `${file.slice(dir.length + 1)} ${reason}`).sort(), [
    'base/kustomization.yaml kustomization',
    'dev/Kustomization kustomization',
    'prod/board.json generator-data',
    'prod/kustomization.yaml kustomization',
    'prod/more.yaml generator-data',
    'prod/ops.yaml patch',
  ])
})

t.test('folders and named files are scopes; kustomizations in a circle still have one', async (t) => {
  const dir = t.testdir({
    one: { 'a.yaml': configMap('a') },
    two: { 'b.yaml': configMap('b', ', namespace: own') },
    'c.yaml': configMap('c'),
    'd.yaml': configMap('d'),
    ring: {
      x: { 'kustomization.yml': 'resources: [../y, x.yaml]\n', 'x.yaml': configMap('x') },
      y: { 'kustomization.yml': 'resources: [../x]\n' },
    },
  })
  const contents = await read(['one', 'c.yaml', 'two', 'd.yaml'].map((name) => join(dir, name)))
  t.strictSame(memberNames(scopesOf(contents, 'default'), dir), [
    { scope: 'one', members: ['default/a'] },
    { scope: '', members: ['default/c', 'default/d'] },
    { scope: 'two', members: ['own/b'] },
  ])
  const ring = scopesOf(await read([join(dir, 'ring')]), 'default')
  t.strictSame(
    ring.map(({ members }) => members.map(({ manifest }) => manifest.name)),
    [['x']],
  )
})

t.test('a settings file: its value, its places, and one sentence for what is wrong', async (t) => {
  const dir = t.testdir({
    'ok.yaml': '# c\nkind: Settings\nrules:\n  compute-cpu-limit: {severity: off}\n',
    'twice.yaml': 'a: 1\na: 2\n',
    'bad.yaml': 'a: [\n',
    'empty.yaml': '# c\n',
    'two.yaml': 'a: 1\n---\nb: 1\n',
  })
  const file = await readSettingsFile(join(dir, 'ok.yaml'))
  t.strictSame(file.value, { kind: 'Settings', rules: { 'compute-cpu-limit': { severity: 'off' } } })
  t.strictSame(file.locate('/rules/compute-cpu-limit/severity'), { line: 4, column: 23 })
  t.match((await readSettingsFile(join(dir, 'twice.yaml'))).problems, [{ code: 'D2_YAML_DUPLICATE_KEY' }])
  await t.rejects(readSettingsFile(join(dir, 'bad.yaml')), { code: 'D2_YAML_SYNTAX', message: /bad\.yaml:2:1: / })
  await t.rejects(readSettingsFile(join(dir, 'empty.yaml')), { code: 'D2_SETTINGS_EMPTY' })
  await t.rejects(readSettingsFile(join(dir, 'two.yaml')), { code: 'D2_SETTINGS_SEVERAL', message: /two\.yaml:3: / })
  await t.rejects(readSettingsFile(join(dir, 'none.yaml')), { code: 'D2_FILE_NOT_FOUND' })
  await t.rejects(readSettingsFile(dir), { code: 'D2_FILE_UNREADABLE' })
})
