import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { fieldPath } from '../../src/engine/field-path.ts'
import { json, type Json } from '../control-plane/client.ts'
import { waitFor } from '../control-plane/wait.ts'
import { day2 } from '../support/day2.ts'
import { auditedFindings } from './support/audited.ts'
import { cases } from './cases/index.ts'
import { classesOfCases, type Case } from './support/case.ts'
import { openNamespace, webhookLabel } from './support/namespace.ts'
import { settingsText } from './support/served-webhook.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const space = 'mode-audit'

// Some of each loop, of every severity, whose objects do not come between each other in one namespace.
const shown: ReadonlySet<string> = new Set([
  'compute-cpu-limit',
  'compute-memory-limit-required',
  'compute-pdb-blocks-all',
  'compute-pdb-deadlock',
  'compute-quantity-suspicious',
  'compute-requests-required',
  'identity-configmap-cloud-credentials',
  'identity-env-cloud-credentials',
  'identity-secret-cloud-credentials',
  'network-probe-port-unresolvable',
  'network-publish-not-ready',
  'observability-context-env',
  'storage-immediate-binding',
  'storage-pvc-immediate-class',
])

t.test('a platform listens in audit mode, reads the report, and then enforces', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, space)
  await webhook.replaceSettings({ mode: 'audit' })
  const namespace = await openNamespace(cluster, space, webhook.name)
  for (const object of classesOfCases) await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })

  const planted = cases.filter(({ rule }) => shown.has(rule)).map(plant)
  for (const { each, object, app } of planted) {
    if (each.beside) {
      await namespace.accept(...each.beside(app))
      // The webhook learns of it by its watch.
      await waitFor(`${each.rule} to be found`, async () => {
        await namespace.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) })
        return webhook.log().includes(`"${each.rule}"`)
      })
    }
    const { code, stderr } = await namespace.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
    t.equal(code, 0, `${each.rule}: allowed: ${stderr}`)
    t.notMatch(stderr, /\[[a-z]+-/, `${each.rule}: without a word of ours to the user`)
  }

  const heard: string[] = []
  for (const { each, name, kind, namespace: place } of planted) {
    const found = json(await auditedFindings(cluster, { namespace: place, name })).items
    t.ok(
      found.some((finding) => finding.at('rule').text === each.rule),
      `${each.rule}: in the audit log of the API server`,
    )
    for (const finding of found) {
      t.equal(finding.at('severity').text, 'audit')
      if (finding.at('rule').text === each.rule && each.baseline !== 'audit')
        t.match(finding.value, { from: each.baseline, by: 'mode audit' }, `${each.rule}: with what it would have been`)
      heard.push(line(kind, name, finding.at('field').text, finding))
    }

    const logged = logLines(webhook.log()).filter((entry) => entry.at('subject', 'name').text === name)
    const findings = logged.flatMap((entry) => entry.at('findings').items)
    // What nobody would have been told is logged at level debug only.
    if (each.baseline !== 'audit')
      t.ok(
        findings.some((finding) => finding.at('rule').text === each.rule && finding.at('reason').text !== ''),
        `${each.rule}: a log line names the object, the rule and the reason`,
      )
    t.match(await webhook.metrics(), `day2_findings_total{rule="${each.rule}",severity="audit"}`)
  }

  await t.test('day2 audit of the cluster finds the same', async (t) => {
    const settings = join(t.testdir(), 'settings.json')
    await writeFile(settings, settingsText({ mode: 'audit' }))
    const args = ['audit', '--kubeconfig', cluster.kubeconfig, '--settings', settings, '--secrets']
    const { stdout, code, stderr } = await day2(...args, '--output', 'json')
    t.equal(code, 0, stderr)
    const names = new Set(planted.map(({ kind, namespace: place, name }) => `${kind} ${place} ${name}`))
    const all = json(JSON.parse(stdout)).at('findings').items
    const isOurs = (finding: Json) => {
      const { kind, namespace: place, name } = refOf(finding)
      return names.has(`${kind} ${place} ${name}`)
    }
    const ours = all.filter(isOurs)
    // When the workloads were applied, the budget of the one and the Service of the other were not there yet; Pods and
    // claims repeat nothing.
    const others = all.filter((finding) => refOf(finding).namespace === space && !isOurs(finding))
    t.same(
      others.map((finding) => `${finding.at('rule').text} ${refOf(finding).kind}`),
      [
        'compute-pdb-deadlock Deployment',
        'compute-pdb-missing Deployment',
        'network-readiness-probe-missing Deployment',
      ],
      'and what only became a fault afterwards',
    )
    const seen = ours.map((finding) => {
      const { kind, name } = refOf(finding)
      return line(kind, name, fieldPath(finding.at('path').text), finding)
    })
    t.same([...seen].sort(), [...heard].sort(), `${seen.length} findings`)
    const text = await day2(...args)
    t.match(text.stdout, 'deny lowered by mode audit', 'and says what would have been refused')
    t.comment(`${heard.length} findings of ${planted.length} objects in the audit log and in day2 audit`)
  })

  await t.test('then it enforces, and the same objects are refused', async (t) => {
    await webhook.replaceSettings({ mode: 'enforce' })
    for (const { each, object } of planted) {
      const input = JSON.stringify(object)
      const unchanged = await namespace.kubectl(['apply', '-f', '-'], { input })
      t.equal(unchanged.code, 0, `${each.rule}: what runs is left alone: ${unchanged.stderr}`)
      await namespace.kubectl(['delete', '--wait', '-f', '-'], { input })
      const again = await namespace.kubectl(['apply', '-f', '-'], { input })
      if (each.baseline === 'deny') {
        t.equal(again.code, 1, `${each.rule}: refused`)
        t.match(again.stderr, `[${each.rule}] `)
        t.match(again.stderr, / \(Forbidden\): /)
      } else {
        t.equal(again.code, 0, again.stderr)
        if (each.baseline === 'warn') t.match(again.stderr, `Warning: [${each.rule}] `)
      }
    }
  })
})

/** The faulty object of a case with a name of its own; credentials would be others with each call. */
function plant(each: Case, index: number) {
  const app = `${each.rule}-${index}`
  const name = each.clusterScoped ? `${space}-${app}` : app
  const labels = each.clusterScoped ? { labels: { [webhookLabel]: space } } : {}
  const object = { ...each.bad(app), metadata: { name, ...labels } }
  // Every case makes an object of Kubernetes.
  const { kind } = object as unknown as { kind: string }
  return { each, app, object, kind, name, namespace: each.clusterScoped ? '' : space }
}

function refOf(finding: Json): { kind: string; namespace: string; name: string } {
  const [kind, place, name] = ['kind', 'namespace', 'name'].map((key) => finding.at('object', key).text)
  return { kind: kind ?? '', namespace: place ?? '', name: name ?? '' }
}

function line(kind: string, name: string, field: string, finding: Json): string {
  const capped = finding.at('capped', 'from').text || finding.at('from').text
  return `${finding.at('rule').text} ${finding.at('reason').text} ${kind}/${name} ${field} ${capped}`
}

function logLines(text: string): Json[] {
  return text
    .split('\n')
    .filter((each) => each.startsWith('{'))
    .map((each) => json(JSON.parse(each)))
}
