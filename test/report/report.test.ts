import { readFileSync, writeFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { formats } from '../../src/report/formats.ts'
import type { Report, ReportedFinding } from '../../src/report/report.ts'
import { textReport } from '../../src/report/text.ts'
import type { TextOptions } from '../../src/report/paint.ts'

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' }

const finding = (more: Partial<ReportedFinding>): ReportedFinding => ({
  rule: 'compute-requests-required',
  loop: 'compute',
  signatures: ['pending-pods'],
  severity: 'deny',
  reason: 'missing',
  object: web,
  path: '/spec/template/spec/containers/0/resources/requests/cpu',
  file: 'shop/web.yaml',
  line: 12,
  column: 9,
  message: 'container web has no cpu request',
  why: 'The scheduler counts a missing request as 0.',
  fix: 'set requests.cpu of web, such as 100m',
  snippet: 'resources:\n  requests: { cpu: 100m }\n',
  related: [],
  preExisting: false,
  stale: false,
  ...more,
})

const report: Report = {
  tool: { name: 'day2-admission', version: '1.2.3' },
  profile: 'strict',
  summary: {
    files: 3,
    objects: 6,
    checked: 4,
    notCovered: 2,
    skipped: 3,
    unresolved: 2,
    exempted: 1,
    findings: { deny: 2, warn: 1, audit: 1 },
    problems: { error: 1, warning: 1 },
  },
  findings: [
    finding({}),
    finding({ message: 'container web has no memory request', fix: 'set requests.memory of web', line: 13 }),
    finding({
      rule: 'compute-pdb-deadlock',
      severity: 'warn',
      reason: 'no-disruption',
      line: 6,
      column: 3,
      path: '/spec/replicas',
      message: 'PDB web (minAvailable 2) covers 2 replicas: 0 disruptions allowed',
      why: 'Every eviction gets HTTP 429.',
      fix: 'run 3 replicas',
      capped: { from: 'deny', by: 'mode warn' },
      preExisting: true,
      stale: true,
      related: [
        {
          kind: 'PodDisruptionBudget',
          namespace: 'shop',
          name: 'web',
          path: '/spec',
          file: 'shop/pdb.yaml',
          line: 4,
          column: 1,
        },
        { kind: 'Deployment', namespace: 'shop', name: 'web', file: 'shop/web.yaml', line: 1, column: 1 },
        { kind: 'Node', namespace: '', name: 'n1' },
      ],
    }),
    finding({
      severity: 'audit',
      object: { ...web, kind: 'Node', namespace: '', name: '' },
      file: 'chart/templates/\u001b[31mnode.yaml',
      line: 1,
      column: 1,
      rendered: { file: '<stdin>', line: 40, column: 5 },
    }),
  ],
  unresolved: [
    { rule: 'compute-pdb-deadlock', kind: 'HorizontalPodAutoscaler', object: web, file: 'shop/web.yaml' },
    {
      rule: 'compute-pdb-deadlock',
      kind: 'HorizontalPodAutoscaler',
      object: { ...web, name: 'api' },
      file: 'shop/api.yaml',
    },
  ],
  exempted: [
    {
      rule: 'compute-cpu-limit',
      reason: 'missing',
      path: '/spec',
      by: 'annotation',
      because: 'batch',
      until: '2027-01-01',
      object: web,
      file: 'shop/web.yaml',
      line: 2,
      column: 1,
    },
  ],
  problems: [
    {
      level: 'error',
      code: 'D2_YAML_SYNTAX',
      file: 'shop/bad.yaml',
      line: 3,
      column: 4,
      message: 'a quoted string is not closed',
    },
    { level: 'warning', code: 'D2_HELM_CHART', file: 'chart', message: 'a Helm chart: its 2 templates were not read' },
  ],
  skipped: [
    { file: 'values.yaml', reason: 'no-kind', count: 1 },
    { file: 'chart', reason: 'helm-template', count: 2 },
  ],
}

const plain = (verbose: boolean): TextOptions => ({ paint: (_style, text) => text, verbose })

t.test('the text is the golden one', async (t) => {
  for (const verbose of [false, true]) {
    const file = `test/golden/report${verbose ? '-verbose' : ''}.txt`
    const text = textReport(report, plain(verbose))
    if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text)
    t.equal(text, readFileSync(file, 'utf8'), `${file}; UPDATE_GOLDEN=1 writes it`)
  }
})

t.test('colour adds nothing but colour, and control characters of files never reach the terminal', async (t) => {
  const painted = textReport(report, { paint: (style, text) => `<${style}>${text}</>`, verbose: true })
  t.match(painted, '<red>deny</>')
  t.equal(painted.replace(/<\/>|<(?:bold|dim|red|yellow|blue|green)>/g, ''), textReport(report, plain(true)))
  t.notMatch(painted, '\u001b')
})

t.test('an empty report still says what was done', async (t) => {
  const nothing = { deny: 0, warn: 0, audit: 0 }
  const summary = {
    files: 1,
    objects: 1,
    checked: 1,
    notCovered: 0,
    skipped: 0,
    unresolved: 0,
    exempted: 0,
    findings: nothing,
    problems: { error: 0, warning: 0 },
  }
  const text = textReport(
    { ...report, profile: 'baseline', summary, findings: [], unresolved: [], exempted: [], problems: [], skipped: [] },
    plain(false),
  )
  t.equal(text, '1 object in 1 file, 1 checked\n0 deny, 0 warn, 0 audit (profile baseline)\n')
})

t.test('the JSON follows its schema', async (t) => {
  const validate = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(
    JSON.parse(readFileSync('docs/reference/report.schema.json', 'utf8')) as object,
  )
  const text = formats.get('json')?.(report, plain(false)) ?? ''
  const value = JSON.parse(text) as Record<string, unknown>
  t.ok(validate(value), JSON.stringify(validate.errors))
  t.ok(text.endsWith('}\n'))
  t.strictSame(Object.keys(value), [
    'schemaVersion',
    'tool',
    'profile',
    'summary',
    'findings',
    'unresolved',
    'exempted',
    'problems',
    'skipped',
  ])
  t.notOk(validate({ ...value, schemaVersion: 'v0' }))
  t.notOk(validate({ ...value, findings: [{ ...finding({}), line: 0 }] }))
})
