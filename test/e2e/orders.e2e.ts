import t, { type Test } from 'tap'
import { policies } from '../../policies/index.ts'
import { watchedKinds } from '../../src/engine/watched-kinds.ts'
import { collectionPath } from '../../src/kube/list.ts'
import type { KindInfo } from '../../src/sdk/kinds.ts'
import type { Policy } from '../../src/sdk/policy.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { whyOneSided } from '../policies/one-sided.ts'
import { held } from '../support/pairs.ts'
import { installCustomKinds, removeCustomKinds } from './support/custom-kinds.ts'
import { webhookLabel } from './support/namespace.ts'
import { crossing, orderedPairs, type OrderedPair, type Placeable } from './support/ordered-pairs.ts'
import { putInto, removeAtOnce, type Placed } from './support/placed.ts'
import { isWanted } from './support/wanted.ts'
import { startWebhook, type Webhook } from './support/webhook.ts'

t.test('what comes last is told of what it makes of those before it, whenever its kind came', async (t) => {
  // Of its own, with nobody in it: it gets kinds that others expect not to be there, and controllers would add objects.
  const cluster = await startControlPlane()
  t.teardown(() => cluster.stopAll())
  for (const part of ['kwok', 'kube-scheduler', 'kube-controller-manager'] as const) await cluster.stop(part)
  const webhook = await startWebhook(t, cluster, 'orders')
  let later: readonly KindInfo[] = []

  await t.test('kinds that are installed later are read without a restart', async (t) => {
    const from = webhook.log().length
    const installed = await installCustomKinds(cluster)
    const watched = new Set(watchedKinds(policies).map(({ kind }) => kind))
    later = installed.filter(({ kind }) => watched.has(kind))
    for (const info of later) await place(cluster, info)
    await knowsOfEach(webhook, later, 1)
    for (const info of later) await removeAtOnce(cluster, `${collectionPath(info, namespaceOf(info))}/later`)
    t.strictSame(complaints(webhook, from), [], `${later.map(({ kind }) => kind).join(', ')}, without a word`)
    t.ok(later.length > 0)
  })

  const rules = crossing.filter(isWanted).map((policy) => ({ policy, pairs: orderedPairs(policy, webhook.name) }))
  await openNamespaces(
    cluster,
    webhook,
    rules.flatMap(({ pairs }) => pairs),
  )
  const setSettings = settingsOf(webhook)
  const empty = await objects(webhook)
  for (const { policy, pairs } of rules)
    await t.test(policy.id, async (t) => {
      if (pairs.length === 0) t.ok(whyOneSided(policy.id), 'why nobody else can tell is listed')
      for (const pair of pairs) {
        await setSettings(policy, pair)
        const orders = [
          [pair.other, pair.own],
          [pair.own, pair.other],
        ] as const
        for (const [first, last] of orders)
          await tryOrder(t, { cluster, webhook, empty, policy, first, last, rest: pair.rest })
      }
    })

  await t.test('kinds that are removed are forgotten, and read when they come back', async (t) => {
    const from = webhook.log().length
    for (const info of later) await place(cluster, info)
    await knowsOfEach(webhook, later, 1)
    const said = await routedService(cluster, webhook)
    await waitFor('the route to be known', said, { until: (texts) => texts.length === 1 })
    t.match(await said(), [/Service web has no port 81, to which HTTPRoute web sends/])
    await removeCustomKinds(cluster, later)
    await knowsOfEach(webhook, later, 0)
    t.strictSame(await said(), [], 'nothing is said of a route that is gone')
    await installCustomKinds(cluster)
    for (const info of later) await place(cluster, info)
    await knowsOfEach(webhook, later, 1)
    t.strictSame(complaints(webhook, from), [], 'without a word')
  })
})

interface Order {
  readonly cluster: Cluster
  readonly webhook: Webhook
  /** How many objects the webhook knows before and after. */
  readonly empty: number
  readonly policy: Policy
  readonly first: Placeable
  readonly last: Placeable
  readonly rest: readonly Placeable[]
}

async function tryOrder(t: Test, { cluster, webhook, empty, policy, first, last, rest }: Order): Promise<void> {
  const name = `${first.kind}, then ${last.kind}`
  const knows = (count: number) =>
    waitFor(`${count} objects to be known`, () => objects(webhook), { until: (seen) => seen === count })
  // It is never stored, so it can be asked for until the webhook knows of the other.
  const create = async () => {
    const path = collectionPath(last.info, last.namespace)
    const { status, warnings, body } = await cluster.request('POST', `${path}?dryRun=All`, last.object)
    if (status !== 201) throw new Error(body.at('message').text)
    return warnings.filter((text) => text.startsWith(`[${policy.id}] `))
  }
  const placed: Placed[] = []
  try {
    const [some, ...others] = rest
    if (some) placed.push(await putInto(cluster, { ...some, others }))
    await knows(empty + rest.filter(isCounted).length)
    const before = await create()
    placed.push(await putInto(cluster, { ...first, others: [] }))
    const told = await waitFor(`${policy.id} to tell ${name}`, create, {
      until: (texts) => texts.some((text) => !before.includes(text)),
    })
    t.pass(`${name}: ${told.find((text) => !before.includes(text)) ?? ''}`)
  } catch (error) {
    t.fail(`${name}: ${String(error)}`)
  }
  for (const each of placed.toReversed()) await each.remove()
  await knows(empty)
}

/** Nothing is refused, and whatever is found is said aloud. */
function settingsOf(webhook: Webhook): (policy: Policy, pair: OrderedPair) => Promise<void> {
  let current = ''
  return async ({ id }, { example: { params } }) => {
    const rule = (each: string) => ({ severity: 'warn', ...(each === id && params ? { params } : {}) })
    const wanted = {
      profile: 'strict',
      rules: Object.fromEntries(policies.map((policy) => [policy.id, rule(policy.id)])),
    }
    if (JSON.stringify(wanted) === current) return
    current = JSON.stringify(wanted)
    await webhook.replaceSettings(wanted)
  }
}

/** All namespaces beforehand: none can be taken away again while no controller empties it. */
async function openNamespaces(cluster: Cluster, webhook: Webhook, pairs: readonly OrderedPair[]): Promise<void> {
  const all = pairs.flatMap(({ own, other, rest }) => [own, other, ...rest])
  const names = new Set(
    all.map(({ kind, namespace, name }) => (kind === 'Namespace' ? name : namespace)).filter(Boolean),
  )
  for (const name of names) await openNamespace(cluster, webhook, name)
}

async function openNamespace(cluster: Cluster, webhook: Webhook, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`
  await cluster.request('POST', '/api/v1/namespaces', { metadata: { name } })
  await cluster.request('POST', `${path}/serviceaccounts`, { metadata: { name: 'default' } })
  const chosen = { metadata: { labels: { [webhookLabel]: webhook.name } } }
  await cluster.request('PATCH', path, chosen, mergePatch)
}

const mergePatch = { contentType: 'application/merge-patch+json' }

/** What is said of routes, each time that a Service gives up the port to which an HTTPRoute sends. */
async function routedService(cluster: Cluster, webhook: Webhook): Promise<() => Promise<readonly string[]>> {
  await openNamespace(cluster, webhook, 'routed')
  const services = '/api/v1/namespaces/routed/services'
  await cluster.request('POST', services, { metadata: { name: 'web' }, spec: { ports: [{ port: 81 }] } })
  const rules = [{ backendRefs: [{ name: 'web', port: 81 }] }]
  const apiVersion = 'gateway.networking.k8s.io/v1'
  const route = { apiVersion, kind: 'HTTPRoute', metadata: { name: 'web' }, spec: { rules } }
  await cluster.request('POST', `/apis/${apiVersion}/namespaces/routed/httproutes`, route)
  return async () => {
    const ports = { spec: { ports: [{ port: 8080 }] } }
    const { warnings } = await cluster.request('PATCH', `${services}/web?dryRun=All`, ports, mergePatch)
    return warnings.filter((text) => text.startsWith('[network-ingress-backend-missing]'))
  }
}

/** How many objects the webhook knows. */
async function objects(webhook: Webhook): Promise<number> {
  return [...(await countsByResource(webhook)).values()].reduce((sum, count) => sum + count, 0)
}

/** Whether it is one more to know: namespaces and their accounts are there already. */
function isCounted({ kind, name }: Placeable): boolean {
  return held.has(kind) && kind !== 'Namespace' && !(kind === 'ServiceAccount' && name === 'default')
}

function namespaceOf({ namespaced }: KindInfo): string {
  return namespaced ? 'default' : ''
}

/** An object of a kind that came later. Nobody reviews its namespace yet, so that only a watch can tell of it. */
async function place(cluster: Cluster, info: KindInfo): Promise<void> {
  const { group, version, kind } = info
  const object = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'later' } }
  const { status, body } = await cluster.request('POST', collectionPath(info, namespaceOf(info)), object)
  if (status !== 201) throw new Error(`${kind}: ${body.at('message').text}`)
}

async function knowsOfEach(webhook: Webhook, infos: readonly KindInfo[], wanted: number): Promise<void> {
  const look = async () => {
    const counts = await countsByResource(webhook)
    return infos.filter(({ resource, group }) => counts.get(`${resource}.${group}`) !== wanted).map(({ kind }) => kind)
  }
  await waitFor(`the webhook to know ${wanted} of each`, look, { until: (others) => others.length === 0 })
}

async function countsByResource(webhook: Webhook): Promise<ReadonlyMap<string, number>> {
  const lines = (await webhook.metrics()).matchAll(/^day2_inventory_objects\{resource="(.*)"\} (\d+)$/gm)
  return new Map([...lines].map(([, resource = '', count]) => [resource, Number(count)]))
}

/**
 * What the webhook logged as a warning or an error since; that the API server puts off the watches of a kind which comes
 * back at once (429) is one worth telling.
 */
function complaints(webhook: Webhook, from: number): string[] {
  return webhook
    .log()
    .slice(from)
    .split('\n')
    .filter((line) => /"level":"(warn|error|fatal)"/.test(line) && !line.includes('D2_KUBE_THROTTLED'))
}
