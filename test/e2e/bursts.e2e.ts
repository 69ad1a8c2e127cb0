import fc from 'fast-check'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { collectionPath } from '../../src/kube/list.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { json } from '../control-plane/client.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import { day2 } from '../support/day2.ts'
import { classesOfCases } from './support/case.ts'
import { openNamespace } from './support/namespace.ts'
import { faults, soundRelease, type Sent } from './support/releases.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook, type Webhook } from './support/webhook.ts'

const seed = Date.now() % 1_000_000

t.test('everything at once', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'bursts')
  for (const object of classesOfCases) await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
  t.comment(`orders by seed ${seed}`)
  const sound: string[] = []

  for (const round of [1, 2, 3])
    await t.test(`ten sound releases of twenty objects each, order ${round}: nothing is refused`, async (t) => {
      const namespaces = Array.from({ length: 10 }, (_, index) => `burst-${round}-${index}`)
      sound.push(...namespaces)
      await openAll(cluster, namespaces, webhook.name)
      const sent = shuffled(
        namespaces.flatMap((namespace) => soundRelease(namespace, webhook.name)),
        round,
      )
      t.equal(sent.length, 200)
      const before = await reviews(webhook)
      const answers = await sendAll(cluster, sent)
      t.ok((await reviews(webhook)) >= before + 200, 'the webhook was asked about each')
      t.strictSame(refusals(answers), [])
      // What is not there yet may be missed; nothing else is wrong at any moment.
      const said = answers.flatMap(({ warnings }) =>
        warnings.map((text) => /^\[([a-z0-9-]+)\]/.exec(text)?.[1] ?? text),
      )
      t.strictSame(
        [...new Set(said)].filter((rule) => !missesOthers(rule)),
        [],
      )
    })

  const faulty = Array.from({ length: 8 }, (_, index) => `burst-faults-${index}`)
  let admitted: readonly Admitted[] = []
  await t.test('faults in a burst are said while they arrive', async (t) => {
    await openAll(cluster, faulty, webhook.name)
    const sent = faulty.flatMap((namespace) =>
      [...faults].flatMap(([fault, { objects }]) => objects.map((object) => ({ namespace, object, fault }))),
    )
    const answers = await sendAll(cluster, shuffled(sent, 4))
    const all = faulty.flatMap((namespace) => [...faults].map(([fault, { rule }]) => ({ namespace, fault, rule })))
    admitted = all.filter(({ namespace, fault, rule }) => {
      const own = answers.filter(({ sent }) => sent.namespace === namespace && sent.fault === fault)
      const others = refusals(own).filter((text) => !text.includes(`[${rule}]`))
      t.strictSame(others, [], `${rule} in ${namespace}: refused for no other reason`)
      if (own.some(({ status }) => status === 403)) return false
      // An object that was let in a moment ago may still be refused by somebody else: so far it is no reason to deny.
      const warned = own.some(({ warnings }) => warnings.some((text) => text.startsWith(`[${rule}]`)))
      t.ok(warned, `${rule} in ${namespace}: warned of`)
      return true
    })
    t.comment(`${all.length - admitted.length} refused, ${admitted.length} warned of`)
  })

  await t.test('in the end an audit finds the faults that were let in, and nothing else', async (t) => {
    const audited = await audit(cluster)
    const found = audited.filter(({ rule }) => !rule.startsWith('symptom-'))
    t.strictSame(
      found.filter(({ namespace, name }) => sound.includes(namespace || name)),
      [],
      'nothing is wrong with the sound ones',
    )
    for (const { namespace, fault, rule } of admitted)
      t.ok(
        found.some((each) => each.namespace === namespace && each.rule === rule && each.name.startsWith(fault)),
        `${rule} in ${namespace}`,
      )
    const known = new Set([...faults.values()].map(({ rule }) => rule))
    t.strictSame(
      found.filter(
        ({ namespace, rule, severity }) => faulty.includes(namespace) && severity === 'deny' && !known.has(rule),
      ),
      [],
    )
  })

  // Else their Pods would stay to the end, beside those of the other files.
  for (const name of [...sound, ...faulty]) await cluster.request('DELETE', `/api/v1/namespaces/${name}`)
  for (const name of sound) await cluster.request('DELETE', `/apis/storage.k8s.io/v1/storageclasses/${name}`)
})

interface Admitted {
  readonly namespace: string
  readonly fault: string
  readonly rule: string
}

interface Answer<T extends Sent> {
  readonly sent: T
  readonly status: number
  readonly message: string
  readonly warnings: readonly string[]
}

/** Sends all as fast as the API server takes them: sixteen at a time, in the order given. */
async function sendAll<T extends Sent>(cluster: Cluster, all: readonly T[]): Promise<Answer<T>[]> {
  return await Promise.all(
    all.map(async (sent) => {
      const { kind } = sent.object as { kind: KindName }
      const info = kinds.get(kind)
      if (!info) throw new Error(kind)
      const { status, body, warnings } = await cluster.request(
        'POST',
        collectionPath(info, sent.namespace),
        sent.object,
      )
      return { sent, status, message: body.at('message').text, warnings }
    }),
  )
}

function refusals(answers: readonly Answer<Sent>[]): string[] {
  return answers.flatMap(({ sent, status, message }) =>
    status === 201 ? [] : [`${JSON.stringify(sent.object).slice(0, 80)}: ${message}`],
  )
}

/** True for a rule that may say that something is not there. */
function missesOthers(rule: string): boolean {
  const policy = policies.find(({ id }) => id === rule)
  return Object.values(policy?.reasons ?? {}).some(({ absence }) => absence)
}

async function openAll(cluster: Cluster, namespaces: readonly string[], webhook: string): Promise<void> {
  await Promise.all(namespaces.map((namespace) => openNamespace(cluster, namespace, webhook)))
}

function shuffled<T>(all: readonly T[], order: number): readonly T[] {
  const whole = { minLength: all.length, maxLength: all.length }
  return fc.sample(fc.shuffledSubarray([...all], whole), { seed: seed + order, numRuns: 1 })[0] ?? []
}

async function reviews(webhook: Webhook): Promise<number> {
  const counts = (await webhook.metrics()).matchAll(/^day2_admission_reviews_total\{.*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

interface Audited {
  readonly rule: string
  readonly severity: string
  readonly namespace: string
  readonly name: string
}

/** What `day2 audit` finds in the whole cluster, at deny or warn. */
async function audit(cluster: Cluster): Promise<Audited[]> {
  const { stdout, stderr } = await day2('audit', '--kubeconfig', cluster.kubeconfig, '--output', 'json')
  if (stdout === '') throw new Error(stderr)
  return json(JSON.parse(stdout))
    .at('findings')
    .items.map((finding) => ({
      rule: finding.at('rule').text,
      severity: finding.at('severity').text,
      namespace: finding.at('object', 'namespace').text,
      name: finding.at('object', 'name').text,
    }))
    .filter(({ severity }) => severity !== 'audit')
}
