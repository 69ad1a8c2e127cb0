import { spawn } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import type { Report } from '../../src/report/report.ts'
import { day2, day2Main, day2Reading } from '../support/day2.ts'
import { nodeCommand } from '../support/node-command.ts'

const resources = 'resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 64Mi}}'
const deployment = (name: string, container = `{name: web, image: 'web:1', ${resources}}`) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
        - ${container}
`
const budget = (name: string, spec: string) =>
  `apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: ${name}}\nspec:\n  ${spec}\n  selector: {matchLabels: {app: ${name}}}\n`

const reportOf = (stdout: string) => JSON.parse(stdout) as Report
const seen = ({ findings }: Report) =>
  findings.map(({ rule, severity, file, line }) => `${file}:${String(line)} ${severity} ${rule}`)

t.test('findings, by place, and the exit code', async (t) => {
  const dir = t.testdir({
    'web.yaml': deployment('web', "{name: web, image: 'web:1'}"),
    'pdb.yaml': budget('web', 'maxUnavailable: 0'),
  })
  const text = await day2('check', dir)
  t.equal(text.code, 1)
  t.equal(text.stderr, '')
  t.match(text.stdout, new RegExp(`${dir}/pdb\\.yaml:5:3 {2}deny {2}compute-pdb-blocks-all`))
  t.match(text.stdout, new RegExp(`${dir}/web\\.yaml:12:11 {2}deny {2}compute-requests-required`))
  t.match(text.stdout, /^2 objects in 2 files, 2 checked$/m)
  t.notMatch(text.stdout, '\u001b', 'no colour where there is no terminal')

  const json = await day2('check', dir, '--output', 'json', '--fail-on', 'never')
  t.equal(json.code, 0)
  const schema = JSON.parse(readFileSync('docs/reference/report.schema.json', 'utf8')) as object
  const validate = new Ajv({ strict: false }).compile(schema)
  t.ok(validate(JSON.parse(json.stdout)), JSON.stringify(validate.errors))
  const blocked = reportOf(json.stdout).findings.find(({ rule }) => rule === 'compute-pdb-blocks-all')
  t.match(blocked, {
    rule: 'compute-pdb-blocks-all',
    object: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace: 'default', name: 'web' },
    path: '/spec/maxUnavailable',
    file: join(dir, 'pdb.yaml'),
    line: 5,
    column: 3,
  })
})

t.test('a sound Deployment is clean, also at --fail-on warn; strict is stricter', async (t) => {
  const dir = t.testdir({ 'web.yaml': deployment('web') })
  t.match(await day2('check', join(dir, 'web.yaml'), '--fail-on', 'warn'), { code: 0, stderr: '' })
  t.equal((await day2('check', dir, '--profile', 'strict', '--fail-on', 'audit')).code, 1)
})

t.test('files meet: a budget in one, its Deployment in another, or in the context', async (t) => {
  const dir = t.testdir({
    pdb: { 'pdb.yaml': budget('web', 'minAvailable: 2') },
    app: { 'web.yaml': deployment('web') },
  })
  const together = reportOf(
    (await day2('check', join(dir, 'pdb', 'pdb.yaml'), join(dir, 'app', 'web.yaml'), '--output', 'json')).stdout,
  )
  t.match(
    seen(together)
      .filter((line) => line.includes('deadlock'))
      .sort(),
    [/web\.yaml:6 warn/, /pdb\.yaml:5 deny/],
  )
  t.match(together.findings.find(({ rule }) => rule === 'compute-pdb-deadlock')?.related[0]?.file, /\.yaml$/)
  const alone = await day2('check', join(dir, 'pdb'), '--output', 'json')
  t.strictSame(
    seen(reportOf(alone.stdout)).filter((line) => line.includes('deadlock')),
    [],
  )
  const withContext = await day2('check', join(dir, 'pdb'), '--context', join(dir, 'app'), '--output', 'json')
  const deadlocks = seen(reportOf(withContext.stdout)).filter((line) => line.includes('deadlock'))
  t.match(deadlocks, [/pdb\.yaml:5 deny compute-pdb-deadlock/])
  t.equal(reportOf(withContext.stdout).summary.objects, 1, 'the context is not reported')
})

t.test('variants are not played off against each other', async (t) => {
  const dir = t.testdir({
    a: { 'web.yaml': deployment('web') },
    b: { 'web.yaml': deployment('web').replace('replicas: 2', 'replicas: 5') },
    'pdb.yaml': budget('web', 'minAvailable: 2'),
  })
  const report = reportOf((await day2('check', dir, '--output', 'json')).stdout)
  const deadlocks = seen(report).filter((line) => line.includes('deadlock'))
  t.strictSame(deadlocks, [], 'nobody knows which of them the budget will stand over')
  t.ok(report.summary.unresolved > 0)
})

t.test('an object in two overlays is reported once; patches are judged for what they say', async (t) => {
  const dir = t.testdir({
    base: {
      'kustomization.yaml': 'resources: [web.yaml]\n',
      'web.yaml': deployment('web', "{name: web, image: 'web:1'}"),
    },
    dev: { 'kustomization.yaml': 'namespace: dev\nresources: [../base]\n' },
    prod: {
      'kustomization.yaml': 'namespace: prod\nresources: [../base]\npatches: [{path: patch.yaml}]\n',
      'patch.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web}]}}}\n',
    },
  })
  const { code, stdout } = await day2('check', dir, '--output', 'json')
  t.equal(code, 1)
  const report = reportOf(stdout)
  t.equal(report.findings.filter(({ rule }) => rule === 'compute-requests-required').length, 2)
  t.strictSame(
    report.findings.filter(({ file }) => file.endsWith('patch.yaml')),
    [],
  )
  t.strictSame(report.problems, [])
})

t.test('standard input: rendered charts keep the name of their template', async (t) => {
  const rendered = `---\n# Source: shop/templates/web.yaml\n${deployment('web', "{name: web, image: 'web:1'}")}`
  const { code, stdout } = await day2Reading(rendered, 'check', '-', '--output', 'json')
  t.equal(code, 1)
  const unbudgeted = reportOf(stdout).findings.find(({ rule }) => rule === 'compute-requests-required')
  t.match(unbudgeted, {
    file: 'shop/templates/web.yaml',
    line: 1,
    rendered: { file: '<stdin>', line: 14 },
  })
  t.match((await day2Reading(rendered, 'check', '-')).stdout, /^shop\/templates\/web\.yaml \(rendered in <stdin>\)$/m)
})

t.test('settings: rules, and one line with the place for what is wrong', async (t) => {
  const head = 'apiVersion: day2-admission.dev/v1alpha1\nkind: Settings\n'
  const dir = t.testdir({
    'pdb.yaml': budget('web', 'maxUnavailable: 0'),
    'off.yaml': `${head}rules:\n  compute-pdb-blocks-all: {severity: off}\n`,
    'audit.yaml': `${head}mode: audit\n`,
    'bad.yaml': `${head}rules:\n  compute-pdb-block-all: {severity: off}\n`,
    'several.yaml': `${head}profil: strict\nmode: Enforce\nrules:\n  cpu-limit: {}\n  team-rule: {}\n`,
    'worse.yaml': `${head}rules: [\n`,
  })
  const check = (settings: string) => day2('check', join(dir, 'pdb.yaml'), '--settings', join(dir, settings))
  t.match(await check('off.yaml'), { code: 0, stdout: /0 deny, 0 warn/ })
  t.match(await check('audit.yaml'), { code: 0, stdout: /0 deny, 0 warn, [1-9]\d* audit/ })
  t.match(await check('bad.yaml'), {
    code: 2,
    stdout: '',
    stderr: /bad\.yaml:4:3: no rule is called "compute-pdb-block-all"; did you mean "compute-pdb-blocks-all"/,
  })
  t.strictSame((await check('several.yaml')).stderr.replaceAll(`${dir}/`, '').split('\n'), [
    'day2: several.yaml:3:1: the settings have no key "profil"; did you mean "profile"? (D2_SETTINGS_UNKNOWN_KEY)',
    'several.yaml:4:1: mode must be one of enforce, warn, audit; did you mean "enforce"? (D2_SETTINGS_VALUE)',
    'several.yaml:6:3: no rule is called "cpu-limit"; did you mean "compute-cpu-limit"? (D2_SETTINGS_UNKNOWN_RULE)',
    'several.yaml:7:3: no rule is called "team-rule"; day2 explain lists them (D2_SETTINGS_UNKNOWN_RULE)',
    '',
  ])
  t.match(await check('worse.yaml'), { code: 2, stdout: '', stderr: /worse\.yaml:4:1: .*\(D2_YAML_SYNTAX\)/ })
  t.match(await check('none.yaml'), { code: 2, stdout: '', stderr: /none\.yaml: no such file/ })
})

t.test('bad input: one sentence, exit 2, and the rest is checked', async (t) => {
  const dir = t.testdir({
    'good.yaml': budget('web', 'maxUnavailable: 0'),
    'broken.yaml': 'apiVersion: v1\nkind: "ConfigMap\n',
    'template.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
    'values.yaml': 'replicas: 2\n',
    'zero.yaml': '',
    'custom.yaml': 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n',
    'wrong.yaml':
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: []\nspec: {replicas: [1], template: 7, selector: "x"}\n',
    empty: {},
    loop: { 'a.yaml': 'apiVersion: example.com/v1\nkind: Widget\n' },
    chart: { 'Chart.yaml': 'apiVersion: v2\nname: c\n', templates: { 'a.yaml': '{{ x }}' } },
  })
  symlinkSync('..', join(dir, 'loop', 'up'))
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['broken.yaml', 2, /broken\.yaml:3:1: error: a quoted string is not closed \(D2_YAML_SYNTAX\)/],
    ['template.yaml', 2, /template\.yaml:4:10: error: this is a template, .*helm template.*\(D2_YAML_TEMPLATE\)/],
    ['values.yaml', 2, /values\.yaml:1:1: error: no apiVersion and kind.*\(D2_NO_OBJECT\)/],
    ['zero.yaml', 2, /zero\.yaml: error: .*\(D2_FILE_EMPTY\)/],
    ['missing.yaml', 2, /missing\.yaml: error: no such file.*\(D2_FILE_NOT_FOUND\)/],
    ['empty', 2, /empty: error: no Kubernetes object found.*\(D2_NO_OBJECTS\)/],
    ['chart', 2, /chart: warning: a Helm chart: its templates \(1\) .*\(D2_HELM_CHART\)/],
    ['custom.yaml', 0, /1 object in 1 file, 0 checked, 1 not covered by a rule/],
    ['wrong.yaml', 0, /1 object in 1 file, 1 checked/],
  ]
  const results = await Promise.all(cases.map(([name]) => day2('check', join(dir, name))))
  for (const [index, [name, code, says]] of cases.entries()) {
    const result = results[index] ?? { code: -1, stdout: '', stderr: '' }
    t.equal(result.code, code, name)
    t.match(result.stdout, says, name)
    t.equal(result.stderr === '', code === 0 || !says.source.includes('D2_'), `${name}: problems are on stderr too`)
  }
  const all = await day2('check', dir, '--output', 'json')
  t.equal(all.code, 2, 'unreadable input goes before findings')
  t.match(
    seen(reportOf(all.stdout)).filter((line) => line.includes('blocks-all')),
    [/good\.yaml:5 deny/],
  )
  t.match(
    all.stderr,
    /broken\.yaml:3:1: error: /,
    'where the report is for machines, people read the problems on stderr',
  )
  t.match(all.stderr, /loop\/up: warning: this link leads back/)
})

t.test('a reader that has seen enough is no fault', async (t) => {
  const text = Array.from({ length: 500 }, (_, i) => budget(`b${String(i)}`, 'maxUnavailable: 0')).join('---\n')
  const child = spawn(...nodeCommand(day2Main, 'check', '-', '--output', 'json'), {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  child.stdout.once('data', () => child.stdout.destroy())
  child.stdin.end(text)
  const code = await new Promise((resolve) => child.once('close', resolve))
  t.strictSame({ code, stderr }, { code: 1, stderr: '' })
})

t.test('wrong usage', async (t) => {
  const dir = t.testdir({ 'pdb.yaml': budget('web', 'maxUnavailable: 0') })
  const path = join(dir, 'pdb.yaml')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /needs files or folders/],
    [[path, '--fail-on', 'denny'], /did you mean "deny"/],
    [[path, '--profile', 'strickt'], /did you mean "strict"/],
    [[path, '--output', 'yaml'], /--output must be one of text, json/],
    [[path, '--output', 'json='], /needs a file name/],
    [[path, '--output', 'json', '--output', 'text'], /only one --output/],
    [[path, '--output', `json=${join(dir, 'no', 'report.json')}`], /cannot be written/],
    [[path, '--context', '-'], /not standard input/],
    [[path, '--verbos'], /verbos/],
  ]
  const results = await Promise.all(cases.map(([args]) => day2('check', ...args)))
  for (const [index, [args, says]] of cases.entries()) {
    const result = results[index] ?? { code: -1, stderr: '' }
    t.equal(result.code, 2, args.join(' '))
    t.match(result.stderr, says)
    t.match(result.stderr, /^day2: [^\n]*\n$/, 'one line')
  }
  const both = await day2('check', path, '--output', 'text', '--output', `json=${join(dir, 'report.json')}`)
  t.match(both, { code: 1, stdout: /compute-pdb-blocks-all/ })
  t.equal(reportOf(readFileSync(join(dir, 'report.json'), 'utf8')).summary.findings.deny, 1)
  t.match(await day2('check', '--help'), { code: 0, stdout: /^Usage: day2 check/ })
})

t.test('the namespace of objects that name none', async (t) => {
  const text = budget('web', 'maxUnavailable: 0')
  const namespaceOf = async (...args: string[]) =>
    reportOf((await day2Reading(text, 'check', '-', '--output', 'json', ...args)).stdout).findings[0]?.object.namespace
  t.equal(await namespaceOf(), 'default')
  t.equal(await namespaceOf('--namespace', 'shop'), 'shop')
})

t.test('--complete: what is there is not called missing', async (t) => {
  const autoscaler = (name: string, spec: string) =>
    `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: ${name}}\nspec: {${spec}, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n`
  const files = (...autoscalers: string[]) => ({
    'all.yaml': [deployment('web'), budget('web', 'minAvailable: 2'), ...autoscalers].join('---\n'),
  })
  const dir = t.testdir({
    agreeing: files(
      autoscaler('one', 'minReplicas: 2, maxReplicas: 5'),
      autoscaler('two', 'minReplicas: 1, maxReplicas: 8'),
    ),
    fighting: files(
      autoscaler('one', 'minReplicas: 1, maxReplicas: 2'),
      autoscaler('two', 'minReplicas: 3, maxReplicas: 4'),
    ),
    'node.yaml': 'apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: "4", memory: 16Gi}}\n',
  })
  const node = join(dir, 'node.yaml')
  const run = (folder: string, ...more: string[]) =>
    day2('check', join(dir, folder), '--context', node, '--complete', ...more)
  const agreeing = await run('agreeing')
  t.match(agreeing.stdout, /deny {2}compute-pdb-deadlock/, 'neither of two autoscalers scales')
  t.notMatch(agreeing.stdout, /unresolved/)

  const fighting = await run('fighting')
  t.match(fighting.stdout, /unresolved: what these files say does not decide it$/m)
  t.match(fighting.stdout, /^ {2}compute-pdb-deadlock finds no answer in what is said of HorizontalPodAutoscaler \(/m)
  t.notMatch(fighting.stdout, /needs/)
  const { unresolved } = reportOf((await run('fighting', '--output', 'json')).stdout)
  t.ok(unresolved.length > 0)
  t.ok(unresolved.every(({ known }) => known))
  const lacking = await day2('check', join(dir, 'fighting'), '--complete')
  t.match(lacking.stdout, /unresolved: what a rule needs is not among these files/)
  t.match(lacking.stdout, /compute-request-exceeds-node needs Node/, 'hardly any files hold Nodes')
})

t.test('KEDA makes an autoscaler of a ScaledObject, and what stands in a variable is unresolved', async (t) => {
  const scaled = (spec: string, metadata = '') =>
    `apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: web${metadata}}\nspec: {scaleTargetRef: {name: web}${spec}}\n`
  const one = deployment('web').replace('replicas: 2', 'replicas: 1')
  const files = (scaledObject: string) => ({
    'all.yaml': [one, scaledObject, budget('web', 'minAvailable: 1')].join('---\n'),
  })
  const dir = t.testdir({
    two: files(scaled(', minReplicaCount: 2, maxReplicaCount: 10')),
    one: files(scaled(', maxReplicaCount: 1')),
    variable: files(scaled(', minReplicaCount: "${MIN}"')),
    paused: files(scaled(', minReplicaCount: 2', ', annotations: {autoscaling.keda.sh/paused-replicas: "1"}')),
    open: { 'web.yaml': deployment('open', "{name: web, image: 'web:1', resources: '${RESOURCES}'}") },
  })
  const folders = ['two', 'one', 'variable', 'paused', 'open'].map((name) => join(dir, name))
  const json = join(dir, 'report.json')
  const { stdout } = await day2('check', ...folders, '--output', 'text', '--output', `json=${json}`)
  const report = reportOf(readFileSync(json, 'utf8'))
  const deadlocks = report.findings.filter(({ rule }) => rule === 'compute-pdb-deadlock')
  t.strictSame(
    deadlocks.map(({ severity, reason, file }) => `${file.slice(dir.length)} ${severity} ${reason}`),
    ['/one/all.yaml warn at-current', '/one/all.yaml deny at-current'],
    'where it is never below two a drain passes',
  )
  const related = { kind: 'HorizontalPodAutoscaler', name: 'keda-hpa-web', line: 14 }
  t.match(deadlocks[1]?.related[1], related, 'it is found where it is made')
  t.match(
    stdout,
    /^ {2}compute-pdb-deadlock finds no answer in what is said of HorizontalPodAutoscaler \(4 objects\)$/m,
    'a variable, and a pause',
  )
  t.match(stdout, /^ {2}compute-requests-required needs a value that it can read, not a variable \(1 object\)$/m)
})
