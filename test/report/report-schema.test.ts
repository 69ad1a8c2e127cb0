import { Ajv } from 'ajv'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { reportSchema } from '../../src/report/report-schema.ts'
import { day2 } from '../support/day2.ts'

const labels = { app: 'web' }
const valid = new Ajv({ allErrors: true, strict: true }).compile(reportSchema())

t.test('what check prints is what the schema says', async (t) => {
  const dir = t.testdir({
    'budget.yaml': manifest('policy/v1', 'PodDisruptionBudget', {
      maxUnavailable: 0,
      selector: { matchLabels: labels },
    }),
    'deadlock.yaml': manifest('policy/v1', 'PodDisruptionBudget', {
      minAvailable: 1,
      selector: { matchLabels: labels },
    }),
    'web.yaml': manifest('apps/v1', 'Deployment', {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example/web:1.0' }] } },
    }),
    'claim.yaml': manifest('v1', 'PersistentVolumeClaim', { storageClassName: 'absent' }),
    'broken.yaml': 'kind: [',
    'notes.yaml': 'just: notes',
  })
  const exempting = join(dir, 'settings.json')
  const exemptions = [{ reason: 'a test', until: '2099-01-01' }]
  const rules = { 'compute-memory-limit-required': { exemptions } }
  await writeFile(
    exempting,
    JSON.stringify({ apiVersion: 'day2-admission.dev/v1alpha1', kind: 'Settings', mode: 'warn', rules }),
  )
  const { code, stdout } = await day2('check', '--output', 'json', '--settings', exempting, ...files(dir))
  t.equal(code, 2, 'one file is broken')
  const report: unknown = JSON.parse(stdout)
  t.ok(valid(report), JSON.stringify(valid.errors))
  t.match(report, {
    exempted: [{ because: 'a test' }],
    problems: [{ level: 'error' }],
    skipped: [{ count: 1 }],
  })
  const { findings } = report as { findings: { capped?: { from: string } }[] }
  t.ok(findings.some(({ capped }) => capped?.from === 'deny'))
})

t.test('the schema refuses another shape', async (t) => {
  t.notOk(valid({}))
  t.notOk(valid({ schemaVersion: 'day2-admission.dev/report/v0' }))
})

function files(dir: string): string[] {
  return ['budget', 'deadlock', 'web', 'claim', 'broken'].map((name) => join(dir, `${name}.yaml`)).concat(dir)
}

// JSON is YAML.
function manifest(apiVersion: string, kind: string, spec: object): string {
  return JSON.stringify({ apiVersion, kind, metadata: { name: 'web' }, spec })
}
