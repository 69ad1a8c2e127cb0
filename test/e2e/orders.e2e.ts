import t, { type Test } from 'tap'
import { policies } from '../../policies/index.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import type { Entry } from '../../src/inventory/files.ts'
import { collectionPath } from '../../src/kube/list.ts'
import { kinds, type KindInfo } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import { createdOf, held, pairsOf } from '../support/pairs.ts'
import { annotation, auditedEvent } from './support/audited.ts'
import { cases } from './cases/index.ts'
import { classesOfCases, type Case } from './support/case.ts'
import { openNamespace, webhookLabel } from './support/namespace.ts'
import { useCluster } from './support/shared-cluster.ts'
import { isWanted } from './support/wanted.ts'
import { startWebhook, type Webhook } from './support/webhook.ts'

t.test('the object that comes last is told of what it makes of those before it', async (t) => {
  const cluster = await useCluster(t)
  // Nothing is refused: an object may be wrong for other reasons as long as the last one is not there.
  const webhook = await startWebhook(t, cluster, 'orders', { modes: [{ mode: 'warn', namespaces: ['orders-*'] }] })
  for (const object of classesOfCases) await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
  t.jobs = 4
  for (const each of cases.filter(({ rule }) => isWanted({ id: rule }))) tryOrders(t, cluster, webhook, each)
})

let opened = 0

/** The faulty object of a case first, and last one of those beside it that are part of the fault. */
function tryOrders(t: Test, cluster: Cluster, webhook: Webhook, each: Case): void {
  const { rule, kind, name = 'order', beside, clusterScoped } = each
  const policy = policies.find(({ id }) => id === rule)
  if (!policy || !beside || clusterScoped) return
  const entry = (object: AnyObject): Entry => {
    const { kind, namespaced } = infoOf(object)
    return { kind, namespace: namespaced ? 'anywhere' : '', name: object.metadata?.name ?? '', object }
  }
  const bad = each.bad(name) as AnyObject
  const named = { ...bad, metadata: { ...bad.metadata, name } }
  const others = [...beside(name), ...classesOfCases].map((object) => entry(object))
  const pairs = pairsOf({ policy, settings: defaultSettings, subject: createdOf(entry(named)), others })
  for (const { own, other, isFound } of pairs) {
    // What is one-sided is listed, each with its reason, in test/policies/one-sided.ts.
    if (!isFound() || !held.has(own.kind) || classesOfCases.includes(other.object)) continue
    const inOrder = [
      ...beside(name).filter((object) => entry(object).name !== other.name || entry(object).kind !== other.kind),
      named,
      other.object,
    ]
    const namespace = `${webhook.name}-${opened++}`
    t.test(`${[rule, kind].filter(Boolean).join(' of a ')}: ${other.kind} ${other.name} last`, async (t) => {
      await openNamespace(cluster, namespace, webhook.name)
      const answers = []
      for (const object of inOrder) answers.push(await create(cluster, namespace, webhook.name, object))
      const last = answers.pop()
      t.strictSame(
        answers.filter(({ status }) => status !== 201),
        [],
        'the others are let in',
      )
      const event = await auditedEvent(
        cluster,
        { namespace: other.namespace && namespace, name: other.name },
        (one) =>
          one.at('objectRef', 'resource').text === infoOf(other.object).resource && one.at('verb').text === 'create',
      )
      t.match(annotation(event, 'findings'), `"rule":"${rule}"`, last?.message ?? '')
    })
  }
}

async function create(
  cluster: Cluster,
  namespace: string,
  webhook: string,
  object: object,
): Promise<{ readonly status: number; readonly message: string }> {
  const info = infoOf(object)
  const { metadata = {} } = object as AnyObject
  const labelled = info.namespaced ? metadata : { ...metadata, labels: { [webhookLabel]: webhook } }
  const path = collectionPath(info, info.namespaced ? namespace : '')
  const { status, body } = await cluster.request('POST', path, { ...object, metadata: labelled })
  return { status, message: body.at('message').text }
}

function infoOf(object: object): KindInfo {
  const { kind } = object as { kind: KindName }
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  return info
}
