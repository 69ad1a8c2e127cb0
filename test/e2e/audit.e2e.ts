import { Ajv } from 'ajv'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { auditRole } from '../../manifests/audit-role.ts'
import { policies } from '../../policies/index.ts'
import { auditSchema } from '../../src/report/audit-schema.ts'
import { json } from '../control-plane/client.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import { repository } from '../control-plane/repository.ts'
import { waitFor } from '../control-plane/wait.ts'
import { day2 } from '../support/day2.ts'
import { awsKeys, classesOfCases, configMap, secret, sound } from './support/case.ts'
import { settled } from './support/drain.ts'
import { openNamespace } from './support/namespace.ts'
import { budget, podSpec } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'

const valid = new Ajv({ allErrors: true, strict: true }).compile(auditSchema())

t.test('day2 audit of a cluster with faults', async (t) => {
  const cluster = await useCluster(t)
  const namespace = await openNamespace(cluster, 'audited-cluster')
  const keys = awsKeys()
  const values = Object.values(keys).flatMap((value) => [value, Buffer.from(value).toString('base64')])
  for (const object of classesOfCases) await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
  await namespace.accept(
    sound('web', { resources: {} }),
    sound('good'),
    { ...budget({ maxUnavailable: 0 }), metadata: { name: 'stuck' } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare' }, spec: podSpec({ resources: {} }) },
    { ...secret(keys), metadata: { name: 'keys' } },
    { ...configMap(keys), metadata: { name: 'keys' } },
  )
  await settled(namespace)
  await settled(namespace, 'good')
  // The Pods of this one get what their template does not say, and lack nothing; those of the others came before.
  const pods = (await namespace.get('pods')).at('items').items.length
  t.equal(pods, 5, 'Pods of two Deployments and one of nobody')
  const asAdmin = ['audit', '--kubeconfig', cluster.kubeconfig]

  await t.test('JSON', async (t) => {
    const { code, stdout, stderr } = await day2(...asAdmin, '--output', 'json')
    t.same([code, stderr], [0, ''])
    const report: unknown = JSON.parse(stdout)
    t.ok(valid(report), JSON.stringify(valid.errors))
    t.same(found(report), [
      'deny compute-memory-limit-required Deployment/web',
      'deny compute-memory-limit-required Pod/bare',
      'deny compute-pdb-blocks-all PodDisruptionBudget/stuck',
      'deny compute-requests-required Deployment/web',
      'deny compute-requests-required Pod/bare',
      'deny identity-configmap-cloud-credentials ConfigMap/keys',
      'warn compute-cpu-limit Deployment/web',
      'warn compute-cpu-limit Pod/bare',
    ])
    t.ok(
      json(report)
        .at('findings')
        .items.some((each) => each.at('object', 'name').text === 'cases-immediate'),
      'cluster-wide objects too',
    )
    t.match(report, { secrets: false })
    t.match(unread(report), [{ kind: 'Secret', level: 'note', code: 'D2_SECRETS_NOT_ASKED' }])
    const scanned = json(report).at('scanned').items
    t.ok(Number(scanned.find((each) => each.at('kind').text === 'Pod')?.at('judged').value) >= pods)
    quiet(t, values, stdout)
  })

  await t.test('text, of one namespace and some rules', async (t) => {
    const rules = ['--rule', 'compute-pdb-blocks-all', '--rule', 'compute-requests-required']
    const { code, stdout, stderr } = await day2(...asAdmin, '-n', namespace.name, ...rules, '--fail-on', 'deny')
    t.same([code, stderr], [1, ''])
    t.match(
      stdout,
      /^audited-cluster\n {2}Deployment web\n {4}spec\.template\.spec\.containers\[0\]\.resources\.requests/,
    )
    t.match(stdout, /\n {2}Pod bare\n/)
    t.match(stdout, /\n {2}PodDisruptionBudget stuck\n {4}spec\.maxUnavailable {2}deny {2}compute-pdb-blocks-all\n/)
    t.match(
      stdout,
      /\n\d+ objects of \d+ kinds read in audited-cluster, \d+ judged\nnot served by this API server, so there are none: Rollout\n5 deny, 0 warn, 0 audit \(profile/,
    )
    t.notMatch(stdout, /web-|compute-cpu-limit|identity-/, 'no Pod repeats its template')
  })

  await t.test('Secrets, page by page, and no value of them', async (t) => {
    const { code, stdout, stderr } = await day2(...asAdmin, '-n', namespace.name, '--secrets', '--output', 'json')
    t.equal(code, 0, stderr)
    t.match(found(JSON.parse(stdout)), /deny identity-secret-cloud-credentials Secret\/keys/)
    const text = await day2(...asAdmin, '-n', namespace.name, '--secrets', '--verbose')
    t.match(text.stdout, 'Secrets were read, page by page; no value of them was kept')
    quiet(t, values, stdout, stderr, text.stdout, text.stderr)
  })

  await t.test('with the roles of manifests/audit, and with one verb less', async (t) => {
    const auditor = await openAuditor(t, cluster)
    const whole = await day2('audit', '--kubeconfig', auditor.kubeconfig, '--output', 'json')
    t.same([whole.code, whole.stderr], [0, ''], 'the role is enough')
    t.equal(found(JSON.parse(whole.stdout)).length, 8)

    const refused = await day2('audit', '--kubeconfig', auditor.kubeconfig, '--secrets', '-n', namespace.name)
    t.equal(refused.code, 2, 'but not for Secrets')
    t.match(refused.stdout, /not read Secret in audited-cluster: not allowed to list secrets .*"list" on "secrets"/)
    await auditor.apply('manifests/audit/secrets')
    const allowed = () => day2('audit', '--kubeconfig', auditor.kubeconfig, '--secrets', '-n', namespace.name)
    const { stdout } = await waitFor('the second role to hold', allowed, { until: ({ code }) => code === 0 })
    t.match(stdout, 'identity-secret-cloud-credentials')
    quiet(t, values, stdout)

    await auditor.withdraw('poddisruptionbudgets')
    const lacking = () => day2('audit', '--kubeconfig', auditor.kubeconfig, '--output', 'json')
    const gap = await waitFor('the verb to be gone', lacking, { until: ({ code }) => code === 2 })
    const report: unknown = JSON.parse(gap.stdout)
    t.match(report, { summary: { unread: 1 } })
    t.match(unread(report), [
      {
        kind: 'PodDisruptionBudget',
        resource: 'poddisruptionbudgets.policy',
        level: 'error',
        code: 'D2_KUBE_FORBIDDEN',
        reason: /grant "system:serviceaccount:auditor:day2-audit" the verb "list" on "poddisruptionbudgets"$/,
      },
      { kind: 'Secret', level: 'note' },
    ])
    t.match(gap.stderr, /^day2: not read PodDisruptionBudget: .*\n$/)
    t.ok(
      json(report)
        .at('unresolved')
        .items.some((each) => each.at('kind').text === 'PodDisruptionBudget'),
      'and what needs it stays open',
    )
    t.equal(found(report).length, 7, 'all else is reported')
  })
})

/** What was not read, but for the kinds of clouds and controllers that this cluster does not serve. */
function unread(report: unknown): unknown[] {
  const all = json(report).at('unread').items
  return all.filter((each) => each.at('code').text !== 'D2_NOT_SERVED').map(({ value }) => value)
}

/** The findings in our namespace above audit, by severity, rule and object. */
function found(report: unknown): string[] {
  const lines = json(report)
    .at('findings')
    .items.filter((each) => each.at('object', 'namespace').text === 'audited-cluster')
    .filter((each) => each.at('severity').text !== 'audit')
    .map((each) => {
      const object = `${each.at('object', 'kind').text}/${each.at('object', 'name').text}`
      return `${each.at('severity').text} ${each.at('rule').text} ${object}`
    })
  return [...new Set(lines)].sort()
}

function quiet(t: Test, values: readonly string[], ...texts: readonly string[]): void {
  for (const value of values) for (const text of texts) t.notOk(text.includes(value), 'no value of a credential')
}

interface Auditor {
  readonly kubeconfig: string
  /** Applies a kustomization under the auditor's names. */
  apply(folder: string): Promise<void>
  /** Takes the right to list a resource away. */
  withdraw(resource: string): Promise<void>
}

/** The service account of manifests/audit, in a namespace of its own. */
async function openAuditor(t: Test, cluster: Cluster): Promise<Auditor> {
  const namespace = await openNamespace(cluster, 'auditor')
  const apply = async (folder: string) => {
    const { stdout } = await cluster.kubectl(['kustomize', join(repository, folder)])
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], {
      input: stdout.replaceAll('namespace: day2-admission', `namespace: ${namespace.name}`),
    })
    if (code !== 0) throw new Error(stderr)
  }
  await apply('manifests/audit')
  const path = `/api/v1/namespaces/${namespace.name}/serviceaccounts/day2-audit/token`
  const { body } = await cluster.request('POST', path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' })
  const kubeconfig = join(t.testdir(), 'kubeconfig')
  const { server, ca } = cluster
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
      users: [{ name: 'auditor', user: { token: body.at('status', 'token').text } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'auditor' } }],
      'current-context': 'c',
    }),
  )
  return {
    kubeconfig,
    apply,
    async withdraw(resource) {
      const role = auditRole(policies)
      const rules = role.rules.map((rule) => ({ ...rule, resources: rule.resources.filter((one) => one !== resource) }))
      const input = JSON.stringify({ ...role, rules: rules.filter(({ resources }) => resources.length > 0) })
      await cluster.kubectl(['apply', '-f', '-'], { input })
    },
  }
}
