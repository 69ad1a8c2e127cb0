import t from 'tap'
import { engineOf, exampleNow } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { audit, type Audit } from '../../src/audit/audit.ts'
import type { Cluster as AuditedCluster } from '../../src/audit/cluster.ts'
import { openCluster } from '../../src/cli/open-cluster.ts'
import { auditedKinds } from '../../src/engine/audited-kinds.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { createSnapshot } from '../../src/inventory/snapshot.ts'
import { trim } from '../../src/inventory/trim.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { asFile, count, exclusionOf, inOrder, isApi, keyOf, mayDiffer, saidAlso } from '../support/ways.ts'
import { situationsOf, startJudging, type Situation } from '../support/ways.ts'
import { completionOf, refusalOf } from './support/api-server-says.ts'
import { installCustomKinds } from './support/custom-kinds.ts'
import { putInto } from './support/placed.ts'
import { rememberLists } from './support/remembered-lists.ts'
import { isWanted } from './support/wanted.ts'

t.test('every example gets the same findings as a file, as a review and in a cluster', async (t) => {
  // Of its own, with nobody in it: controllers would add objects, and change those of the examples.
  const cluster = await startControlPlane()
  t.teardown(() => cluster.stopAll())
  for (const part of ['kwok', 'kube-scheduler', 'kube-controller-manager'] as const) await cluster.stop(part)
  await installCustomKinds(cluster)
  const opened = await openCluster({ kubeconfig: cluster.kubeconfig })
  t.teardown(() => opened.close())
  const lists = rememberLists(opened)
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
    const touched = new Set([...always, situation.info.kind, ...situation.others.map(({ kind }) => kind)])
    lists.forget(touched)
    const stored: Situation = { ...situation, object: placed.object, others: [...placed.others, ...placed.around] }
    for (const profile of ['baseline', 'strict'] as const) {
      const engine = engineOf(policies, policy, example, profile)
      const audited = await auditAll(engine, lists)
      t.strictSame(audited.unread, [], `${name}: all was read`)
      const found = findingsOf(audited, stored)
      const told = saidAlso('file', found)
      const fileOf = async (each: Situation) => saidAlso('cluster', await asFile(engine, each, folder))
      const inFile = (await fileOf(stored)).filter((finding) => !isApi(finding, policies))
      const reviewed = saidAlso('cluster', (await judge(engine, stored)).findings)
      t.strictSame(inOrder(found), inOrder(reviewed), `${name}, ${profile}: as a review`)
      t.strictSame(inOrder(told), inOrder(inFile), `${name}, ${profile}: as a file`)
      for (const finding of found)
        for (const other of [...inFile, ...reviewed]) {
          if (keyOf(other) !== keyOf(finding) || other.severity === finding.severity) continue
          totals.severities++
          t.ok(mayDiffer(stored, finding, policies), `${name}: ${finding.severity}, not ${other.severity}`)
        }
      // And as it was written, before the API server completed it.
      const written = (await fileOf({ ...situation, others: [...situation.others, ...placed.around] })).filter(
        (finding) => !isApi(finding, policies),
      )
      const completion = completionOf(situation, written, told)
      const seen = { written: inOrder(written), found: inOrder(told) }
      t.not(completion, undefined, `${name}, ${profile}: as written`, seen)
      if (completion) count(left, `found otherwise as written: ${completion}`)
      totals.compared++
      totals.findings += found.length
    }
    await placed.remove()
    lists.forget(touched)
  }
  t.comment(`${totals.compared} comparisons, ${totals.findings} findings alike, ${totals.severities} severities apart`)
  for (const [reason, times] of left) t.comment(`${times}: ${reason}`)
})

// Placing an object may open its namespace, whose account comes with it.
const always: readonly KindName[] = ['Namespace', 'ServiceAccount']

/** What `day2 audit --secrets` makes of the whole cluster. */
async function auditAll(engine: Engine, cluster: AuditedCluster): Promise<Audit> {
  return await audit(engine, cluster, {
    kinds: auditedKinds(engine.policies.values(), { labels: true }),
    namespaces: [],
    secrets: true,
    now: exampleNow,
    wanted: () => true,
    shelves: createSnapshot(),
    keep: trim,
    onProgress: () => {},
  })
}

function findingsOf({ tally }: Audit, { info, object }: Situation) {
  const { name, namespace = '' } = object.metadata ?? {}
  return tally.findings.filter(
    (finding) =>
      finding.object.kind === info.kind && finding.object.name === name && finding.object.namespace === namespace,
  )
}
