import { Ajv } from 'ajv'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { showProgress } from '../../src/cli/audit-progress.ts'
import { auditedKinds } from '../../src/engine/audited-kinds.ts'
import { collectionPath } from '../../src/kube/list.ts'
import { auditSchema } from '../../src/report/audit-schema.ts'
import { FakeApiServer } from '../kube/fake-api-server.ts'
import { day2 } from '../support/day2.ts'

const valid = new Ajv({ allErrors: true, strict: true }).compile(auditSchema())
const { judged, lookedUp } = auditedKinds(policies, { labels: true })
const everyKind = new Map([...judged, ...lookedUp].map((info) => [collectionPath(info), info.kind]))
const labels = { app: 'web' }

async function startCluster(t: { testdir(): string; teardown(fn: () => unknown): unknown }) {
  const server = new FakeApiServer()
  await server.start(Object.fromEntries(everyKind))
  t.teardown(() => server.stop())
  server.put('/api/v1/namespaces', { metadata: { name: 'shop', labels: { team: 'new' } } })
  server.put('/apis/policy/v1/poddisruptionbudgets', {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { maxUnavailable: 0, selector: { matchLabels: labels } },
  })
  server.put('/apis/policy/v1/poddisruptionbudgets', {
    metadata: { name: 'second', namespace: 'shop' },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  })
  server.put('/apis/apps/v1/deployments', {
    metadata: {
      name: 'web',
      namespace: 'shop',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example/web:1.0' }] } },
    },
  })
  return { server, dir: t.testdir() }
}

t.test('text for people', async (t) => {
  const { server, dir } = await startCluster(t)
  const audit = (...args: string[]) => day2('audit', '--kubeconfig', server.kubeconfig(dir), ...args)
  const { code, stdout, stderr } = await audit()
  t.equal(code, 0, 'findings alone are no failure')
  t.equal(stderr, '', 'no progress without a terminal')
  t.match(
    stdout,
    /^shop\n {2}Deployment web\n {4}spec\.template\.spec\.containers\[0\]\.resources.* {2}deny {2}compute-/,
  )
  t.match(stdout, /\n {2}PodDisruptionBudget web\n {4}spec\.maxUnavailable {2}deny {2}compute-pdb-blocks-all/)
  t.match(stdout, /\n4 objects of \d+ kinds read, 3 judged\nnot read Secret: .*--secrets.*\n/)
  t.match(stdout, /\d+ deny, \d+ warn, \d+ audit.*\(profile baseline\)\n$/)
  t.notOk(
    server.requests.some((request) => request.includes('secrets')),
    'nobody asked for Secrets',
  )
  t.equal((await audit('--fail-on', 'deny')).code, 1)
  t.equal((await audit('--fail-on', 'warn', '--rule', 'compute-pdb-blocks-all')).code, 1)

  server.requests.length = 0
  const one = await audit('--rule', 'compute-pdb-blocks-all')
  t.notMatch(one.stdout, 'compute-requests-required')
  t.strictSame(server.requests, ['list /apis/policy/v1/poddisruptionbudgets?limit=250'], 'one kind is enough')
})

t.test('JSON for programs, with an account of what was not read', async (t) => {
  const { server, dir } = await startCluster(t)
  server.forbidden.add('list limitranges').add('list horizontalpodautoscalers')
  const report = join(dir, 'report.json')
  const settings = join(dir, 'settings.json')
  const exemptions = [{ reason: 'a test', until: '2099-01-01' }]
  await writeFile(
    settings,
    JSON.stringify({
      apiVersion: 'day2-admission.dev/v1alpha1',
      kind: 'Settings',
      modes: [{ namespaceLabels: { team: 'new' }, mode: 'audit' }],
      rules: { 'compute-memory-limit-required': { exemptions } },
    }),
  )
  const kubeconfig = server.kubeconfig(dir)
  const { code, stdout, stderr } = await day2(
    ...['audit', '--kubeconfig', kubeconfig, '--settings', settings, '--output', `json=${report}`, '--output', 'text'],
  )
  t.equal(code, 2, 'a report with gaps does not pass for a whole one')
  t.match(stderr, /^day2: not read LimitRange: /m, 'told even where the report goes to a pipe')
  const { default: json } = (await import(report, { with: { type: 'json' } })) as { default: unknown }
  t.ok(valid(json), JSON.stringify(valid.errors))
  t.match(json, {
    cluster: server.url,
    secrets: false,
    findings: [{ severity: 'audit', capped: { by: 'mode audit' } }],
    exempted: [{ rule: 'compute-memory-limit-required', because: 'a test', object: { name: 'web' } }],
    unread: [{ kind: 'HorizontalPodAutoscaler' }, { kind: 'LimitRange' }, { kind: 'Secret', level: 'note' }],
  })
  const { unresolved } = json as { unresolved: { rule: string }[] }
  t.match(
    unresolved.find(({ rule }) => rule === 'compute-pdb-deadlock'),
    { kind: 'HorizontalPodAutoscaler', objects: 2 },
  )
  t.match(stdout, 'deny lowered by mode audit', 'what the mode silenced is what the report is read for')
  t.match(
    stdout,
    /not read LimitRange: not allowed to list limitranges .*grant .*"list" on "limitranges" \(D2_KUBE_FORBIDDEN\)/,
  )
  t.match(stdout, /compute-pdb-deadlock needs HorizontalPodAutoscaler \(\d object/)
  t.match(stdout, /2 not read \(profile baseline\)\n$/)
})

t.test('namespaces', async (t) => {
  const { server, dir } = await startCluster(t)
  const inShop = [...judged, ...lookedUp].filter(({ namespaced }) => namespaced)
  const ofCluster = [...judged, ...lookedUp].filter(({ namespaced }) => !namespaced).map((info) => collectionPath(info))
  for (const info of inShop) server.serve(collectionPath(info, 'shop'), info.kind)
  server.serve('/api/v1/namespaces/shop', 'Namespace')
  server.put('/apis/policy/v1/namespaces/shop/poddisruptionbudgets', {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { maxUnavailable: 0, selector: { matchLabels: labels } },
  })
  const { code, stdout } = await day2('audit', '--kubeconfig', server.kubeconfig(dir), '-n', 'shop')
  t.equal(code, 0, stdout)
  t.match(stdout, / in shop, 1 judged/)
  for (const request of server.requests.filter((text) => text.includes('limit='))) {
    t.ok(request.includes('/namespaces/shop/') || ofCluster.some((path) => request.includes(`${path}?`)), request)
  }
  const typo = await day2('audit', '--kubeconfig', server.kubeconfig(dir), '-n', 'shpo')
  t.match(typo, { code: 2, stdout: '', stderr: /no namespace "shpo".*\(D2_NAMESPACE_NOT_FOUND\)\n$/ })
})

t.test('nothing to report is one sentence and exit 2', async (t) => {
  const { server, dir } = await startCluster(t)
  const kubeconfig = server.kubeconfig(dir)
  const fails = async (stderr: RegExp, ...args: string[]) => {
    const result = await day2('audit', '--kubeconfig', kubeconfig, ...args)
    t.match(result, { code: 2, stdout: '', stderr })
    t.equal(result.stderr.split('\n').length, 2, result.stderr)
  }
  await fails(
    /no rule is called "compute-pdb-block-all"; did you mean "compute-pdb-blocks-all"\?/,
    '--rule',
    'compute-pdb-block-all',
  )
  await fails(/must be one of deny, warn, audit, never/, '--fail-on', 'error')
  await fails(/takes options only, not "web"/, 'web')
  await fails(/has no context "other"/, '--context', 'other')
  await fails(/needs a name/, '--namespace=')
  for (const path of everyKind.keys()) server.forbidden.add(`list ${path.split('/').at(-1)}`)
  await fails(/nothing could be read: not allowed to list .* more could not be read either\) \(D2_NOTHING_READ\)/)
  server.token = 'second'
  await fails(/does not accept our credentials/)
  await server.stop()
  await fails(/cannot reach the API server .*connection refused/)
})

t.test('a throttled server is asked again', async (t) => {
  const { server, dir } = await startCluster(t)
  server.faults.push({ status: 429, headers: { 'retry-after': '0' } })
  const { code, stdout } = await day2(
    'audit',
    '--kubeconfig',
    server.kubeconfig(dir),
    '--rule',
    'storage-immediate-binding',
  )
  t.match({ code, stdout }, { code: 0, stdout: /^0 objects of 3 kinds read/ })
})

t.test('progress is one line of a terminal', async (t) => {
  let written = ''
  const line = showProgress({ isTTY: true, columns: 30, write: (text: string) => (written += text) })
  line.show({ resource: 'deployments', listed: 500, remaining: 20 })
  line.show({ resource: 'persistentvolumeclaims', listed: 1500, remaining: undefined })
  line.end()
  line.end()
  t.equal(written, '\r\u001b[2Kreading deployments: 500 of 5\r\u001b[2Kreading persistentvolumeclaim\r\u001b[2K')
  const file = showProgress({ write: () => t.fail('not a terminal') })
  file.show({ resource: 'pods', listed: 1, remaining: 0 })
  file.end()
})
