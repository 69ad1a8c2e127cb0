import t from 'tap'
import { exampleNow, exampleSettings } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { auditCluster } from '../../src/cli/audit-cluster.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { AuditReport } from '../../src/report/audit-report.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { asFile, count, exclusionOf, inOrder, isApi, keyOf, mayDiffer } from '../support/ways.ts'
import { situationsOf, startJudging, type Situation } from '../support/ways.ts'
import { putInto } from './support/placed.ts'

// Whoever adds an example that the API server refuses or completes says so here; an entry that is not needed any more
// fails the test too.
const variable = /\$\{[A-Z]+\}|quantities must match|illegal base64|Unsupported value/
const refused: ReadonlyMap<string, RegExp> = new Map([
  ['compute-pdb-blocks-all: what a variable stands for is not known', variable],
  ['compute-quantity-suspicious: what a variable holds is not known', variable],
  ['compute-quantity-suspicious: what the API server refuses: a request above its limit', /must be less than or equal/],
  ['compute-quantity-suspicious: what the API server refuses: units that it does not have', /quantities must match/],
  ['compute-requests-required: a variable may be anything', variable],
  ['compute-requests-required: ephemeral containers cannot have requests', /cannot be set on create/],
  ['identity-env-cloud-credentials: a container put into a running pod', /cannot be set on create/],
  ['identity-secret-cloud-credentials: a variable that is yet to be filled in', variable],
  ['identity-secret-cloud-credentials: ciphertext of SOPS', /illegal base64/],
  ['storage-immediate-binding: what a variable stands for is not known', variable],
])

const account = 'a Pod gets the token of its account, and with it a file that holds the namespace'
const canonical = 'the text of a quantity becomes the canonical one, and the message quotes it'
const merged = 'stringData becomes data'
const defaulted = 'volumeBindingMode becomes Immediate'
const completed: ReadonlyMap<string, string> = new Map([
  ['compute-cpu-limit: cpu limits forbidden, but this pod pins its cores', account],
  ['compute-memory-limit-required: a limit of 0 is none', account],
  ['compute-quantity-suspicious: M and Mi', account],
  ['compute-quantity-suspicious: T for G', account],
  ['compute-quantity-suspicious: a fraction of a gibibyte that is no whole number of bytes', canonical],
  ['compute-quantity-suspicious: cores for millicores, more than any node has', canonical],
  ['compute-quantity-suspicious: many cores, where larger nodes may come', canonical],
  ['compute-quantity-suspicious: no suffix at all, and k', account],
  ['compute-requests-required: a cpu request of 0', account],
  ['compute-requests-required: a resize takes a request away from a Pod', account],
  ['compute-requests-required: the pod has limits as a whole, which become its requests', account],
  ['identity-secret-cloud-credentials: SOPS encrypts what it is told to encrypt, and this is not among it', merged],
  ['identity-secret-cloud-credentials: a client secret of Entra', merged],
  ['identity-secret-cloud-credentials: a key of AWS, its halves under two names', merged],
  ['identity-secret-cloud-credentials: a key that expires by itself', merged],
  ['identity-secret-cloud-credentials: a telling name over a value that nothing recognises', merged],
  ['identity-secret-cloud-credentials: a token of the platform, say the settings', merged],
  ['identity-secret-cloud-credentials: stringData wins over data under the same name', merged],
  ['identity-secret-cloud-credentials: the key of a Google service account', merged],
  ['storage-immediate-binding: Longhorn that keeps the data on the node of its first pod', defaulted],
  ['storage-immediate-binding: left out means Immediate', defaulted],
  ['storage-pvc-immediate-class: of two default classes the newest counts', 'creation times are its own'],
])

t.test('every example gets the same findings as a file, as a review and in a cluster', async (t) => {
  // Of its own, with nobody in it: controllers would add objects, and change those of the examples.
  const cluster = await startControlPlane()
  t.teardown(() => cluster.stopAll())
  for (const part of ['kwok', 'kube-scheduler', 'kube-controller-manager'] as const) await cluster.stop(part)
  const judge = await startJudging(t)
  const folder = t.testdir()
  const left = new Map<string, number>()
  const met = { refused: new Set<string>(), completed: new Set<string>() }
  const totals = { compared: 0, findings: 0, severities: 0 }

  for (const situation of situationsOf(policies)) {
    const { policy, example } = situation
    const name = `${policy.id}: ${example.name}`
    const excluded = exclusionOf(situation, 'cluster')
    if (excluded) {
      count(left, excluded)
      continue
    }
    const placed = await putInto(cluster, situation)
    if (placed.refusal !== undefined) {
      met.refused.add(name)
      t.match(placed.refusal.replace(/\s+/g, ' '), refused.get(name) ?? /(?!)/, `${name}: refused`)
      count(left, `refused by the API server: ${placed.refusal.split(': ').slice(1).join(': ')}`)
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
      if (JSON.stringify(inOrder(written)) !== JSON.stringify(inOrder(found))) {
        met.completed.add(name)
        if (!completed.has(name)) t.strictSame(inOrder(found), inOrder(written), `${name}, ${profile}: as written`)
      }
      totals.compared++
      totals.findings += found.length
    }
    await placed.remove()
  }
  t.strictSame([...met.refused].sort(), [...refused.keys()].sort(), 'refused by the API server')
  t.strictSame([...met.completed].sort(), [...completed.keys()].sort(), 'completed by the API server')
  t.comment(`${totals.compared} comparisons, ${totals.findings} findings alike, ${totals.severities} severities apart`)
  for (const name of met.completed) count(left, `otherwise as written: ${completed.get(name) ?? name}`)
  for (const [reason, times] of left) t.comment(`${times}: ${reason}`)
})

function findingsOf(report: AuditReport, { info, object }: Situation) {
  const { name, namespace = '' } = object.metadata ?? {}
  return report.findings.filter(
    (finding) =>
      finding.object.kind === info.kind && finding.object.name === name && finding.object.namespace === namespace,
  )
}
