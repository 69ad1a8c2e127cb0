import t from 'tap'
import { exampleNow, exampleSettings } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { auditCluster } from '../../src/cli/audit-cluster.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { AuditReport } from '../../src/report/audit-report.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { asFile, count, exclusionOf, inOrder, isApi, keyOf, mayDiffer } from '../support/ways.ts'
import { situationsOf, startJudging, type Situation } from '../support/ways.ts'
import { completionOf, refusalOf } from './support/api-server-says.ts'
import { installCustomKinds } from './support/custom-kinds.ts'
import { putInto } from './support/placed.ts'
import { isWanted } from './support/wanted.ts'

t.test('every example gets the same findings as a file, as a review and in a cluster', async (t) => {
  // Of its own, with nobody in it: controllers would add objects, and change those of the examples.
  const cluster = await startControlPlane()
  t.teardown(() => cluster.stopAll())
  for (const part of ['kwok', 'kube-scheduler', 'kube-controller-manager'] as const) await cluster.stop(part)
  await installCustomKinds(cluster)
  const judge = await startJudging(t)
  const folder = t.testdir()
  const left = new Map<string, number>()
  const totals = { compared: 0, findings: 0, severities: 0 }

  for (const situation of situationsOf(policies.filter(isWanted))) {
    const { policy, example } = situation
    const name = `${policy.id}: ${example.name}`
    const excluded = exclusionOf(situation, 'cluster')
    if (excluded) {
      count(left, excluded)
      continue
    }
    const placed = await putInto(cluster, situation)
    if (placed.refusal !== undefined) {
      const why = refusalOf(situation, placed.refusal)
      t.ok(why, `${name}: refused: ${placed.refusal}`)
      count(left, `the API server refuses ${why}`)
      continue
    }
    const stored: Situation = { ...situation, object: placed.object, others: placed.others }
    for (const profile of ['baseline', 'strict'] as const) {
      const engine = createEngine(policies, exampleSettings(policies, policy, example, profile))
      const source = { kubeconfig: cluster.kubeconfig }
      const options = { source, namespaces: [], rules: new Set<string>(), secrets: true, now: exampleNow }
      const report = await auditCluster(engine, { ...options, onProgress: () => {} })
      t.strictSame(report.unread, [], `${name}: all was read`)
      const found = findingsOf(report, stored)
      const inFile = (await asFile(engine, stored, folder)).filter((finding) => !isApi(finding, policies))
      const { findings: reviewed } = await judge(engine, stored)
      t.strictSame(inOrder(found), inOrder(reviewed), `${name}, ${profile}: as a review`)
      t.strictSame(inOrder(found), inOrder(inFile), `${name}, ${profile}: as a file`)
      for (const finding of found)
        for (const other of [...inFile, ...reviewed]) {
          if (keyOf(other) !== keyOf(finding) || other.severity === finding.severity) continue
          totals.severities++
          t.ok(mayDiffer(stored, finding, policies), `${name}: ${finding.severity}, not ${other.severity}`)
        }
      // And as it was written, before the API server completed it.
      const written = (await asFile(engine, situation, folder)).filter((finding) => !isApi(finding, policies))
      const completion = completionOf(situation, written, found)
      t.not(completion, undefined, `${name}, ${profile}: as written: ${JSON.stringify([written, found].map(inOrder))}`)
      if (completion) count(left, `found otherwise as written: ${completion}`)
      totals.compared++
      totals.findings += found.length
    }
    await placed.remove()
  }
  t.comment(`${totals.compared} comparisons, ${totals.findings} findings alike, ${totals.severities} severities apart`)
  for (const [reason, times] of left) t.comment(`${times}: ${reason}`)
})

function findingsOf(report: AuditReport, { info, object }: Situation) {
  const { name, namespace = '' } = object.metadata ?? {}
  return report.findings.filter(
    (finding) =>
      finding.object.kind === info.kind && finding.object.name === name && finding.object.namespace === namespace,
  )
}
