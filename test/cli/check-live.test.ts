import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { auditedKinds } from '../../src/engine/audited-kinds.ts'
import { collectionPath } from '../../src/kube/list.ts'
import { FakeApiServer } from '../kube/fake-api-server.ts'
import { day2 } from '../support/day2.ts'

const everyKind = auditedKinds(policies, { labels: true }).lookedUp.map(
  (info) => [collectionPath(info), info.kind] as const,
)
const deployment = (replicas: number) => ({
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web' }] } },
  },
})
const budget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: shop }
spec: { minAvailable: 2, selector: { matchLabels: { app: web } } }
`

t.test('check --live: files meet what the cluster holds, and go before it', async (t) => {
  const server = new FakeApiServer()
  await server.start(Object.fromEntries(everyKind))
  t.teardown(() => server.stop())
  server.put('/apis/apps/v1/deployments', deployment(2))
  const dir = t.testdir({ 'budget.yaml': budget })
  const kubeconfig = server.kubeconfig(dir)
  const live = async (...files: string[]) => {
    const { code, stdout, stderr } = await day2(
      ...['check', '--live', '--kubeconfig', kubeconfig, '--output', 'json'],
      ...files.map((file) => join(dir, file)),
    )
    // The shape of the JSON report.
    const report = JSON.parse(stdout) as { findings: { rule: string }[]; summary: { objects: number } }
    const deadlocks = report.findings.filter(({ rule }) => rule === 'compute-pdb-deadlock').length
    return { code, stderr, deadlocks, objects: report.summary.objects }
  }

  t.match(await live('budget.yaml'), { code: 1, deadlocks: 1, objects: 1 })
  t.notOk(
    server.requests.some((request) => request.includes('secrets')),
    'no Secret is read',
  )
  t.equal((await day2('check', join(dir, 'budget.yaml'))).code, 0, 'without the cluster nothing is known of it')

  const scaled = { apiVersion: 'apps/v1', kind: 'Deployment', ...deployment(3) }
  writeFileSync(join(dir, 'web.json'), JSON.stringify(scaled))
  t.match(await live('budget.yaml', 'web.json'), { deadlocks: 0, objects: 2 }, 'the file says three replicas')

  server.forbidden.add('list deployments')
  const blind = await live('budget.yaml')
  t.match(blind, { code: 0, deadlocks: 0 })
  t.match(blind.stderr, /deployments.* stay unresolved \(D2_KUBE_FORBIDDEN\)/)
})

t.test('a cluster is only named where it is read', async (t) => {
  const dir = t.testdir({ 'budget.yaml': budget })
  const { code, stderr } = await day2('check', join(dir, 'budget.yaml'), '--kubeconfig', join(dir, 'none'))
  t.equal(code, 2)
  t.match(stderr, /only read with --live \(D2_USAGE\)/)
  const missing = await day2('check', '--live', join(dir, 'budget.yaml'), '--kubeconfig', join(dir, 'none'))
  t.equal(missing.code, 2)
  t.match(missing.stderr, /D2_KUBE_CONFIG/)
})
