import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { clusterRole } from '../../manifests/cluster-role.ts'
import { policies } from '../../policies/index.ts'
import { openLiveInventory } from '../../src/cli/live-inventory.ts'
import { watchedKinds } from '../../src/engine/watched-kinds.ts'
import type { InventoryEvent } from '../../src/inventory/live.ts'
import { connect } from '../../src/kube/connect.ts'
import { listPages } from '../../src/kube/list.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { kinds, type KindInfo } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { patience, waitFor } from '../control-plane/wait.ts'

// Its own control plane, because parts of it are stopped. Old versions are compacted away within seconds.
const cluster = await startControlPlane({
  nodes: 1,
  flags: { 'kube-apiserver': ['--etcd-compaction-interval=2s'] },
})
t.teardown(() => cluster.stopAll())

const kube = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
const rbac = '/apis/rbac.authorization.k8s.io/v1'
const budget = (name: string, more = {}) => ({
  metadata: { name, ...more },
  spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } },
})

/** A service account that may do what a role says, as the kubeconfig of its token. */
async function account(t: { testdir(): string }, name: string, rules: readonly object[]): Promise<string> {
  const role = { kind: 'ClusterRole', apiGroup: 'rbac.authorization.k8s.io', name }
  const subjects = [{ kind: 'ServiceAccount', name, namespace: 'default' }]
  await created(cluster, '/api/v1/namespaces/default/serviceaccounts', { metadata: { name } })
  await created(cluster, `${rbac}/clusterroles`, { metadata: { name }, rules })
  await created(cluster, `${rbac}/clusterrolebindings`, { metadata: { name }, roleRef: role, subjects })
  const path = `/api/v1/namespaces/default/serviceaccounts/${name}/token`
  const { body } = await cluster.request('POST', path, { spec: {} })
  const file = join(t.testdir(), 'kubeconfig')
  const config = {
    clusters: [{ name: 'e2e', cluster: { server: cluster.server, 'certificate-authority-data': base64(cluster.ca) } }],
    users: [{ name, user: { token: body.at('status', 'token').text } }],
    contexts: [{ name, context: { cluster: 'e2e', user: name } }],
    'current-context': name,
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

function infos(...names: KindName[]): KindInfo[] {
  return [...kinds.values()].filter(({ kind }) => names.includes(kind))
}

t.test('with the access of the manifests, every kind is known, and follows the cluster', async (t) => {
  const kubeconfig = await account(t, 'whole', clusterRole(policies).rules)
  const events: InventoryEvent[] = []
  const live = await openLiveInventory({
    source: { kubeconfig },
    kinds: watchedKinds(policies),
    maxStalenessSeconds: 60,
    onEvent: (event) => events.push(event),
  })
  t.teardown(() => live.stop())
  await live.settled(AbortSignal.timeout(patience))
  t.equal(live.synced(), true)
  t.strictSame(
    events.filter(({ type }) => type !== 'synced'),
    [],
  )
  const { inventory } = live
  const node = inventory.get('Node', '', 'node-0')
  t.match(node, { apiVersion: 'v1', kind: 'Node', status: { allocatable: { cpu: String } } })
  t.notMatch(node, { metadata: { managedFields: [] } })

  await created(cluster, kube, budget('web'))
  const web = await waitFor('the budget to appear', () => inventory.get('PodDisruptionBudget', 'default', 'web'))
  t.match(web, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', spec: { maxUnavailable: 1 } })
  await cluster.kubectl(['patch', 'pdb', 'web', '--type=merge', '-p', '{"spec":{"maxUnavailable":2}}'])
  await waitFor('the change', () => {
    const seen = inventory.get('PodDisruptionBudget', 'default', 'web')
    return typeof seen === 'object' && seen.spec?.maxUnavailable === 2
  })
  await cluster.kubectl(['delete', 'pdb', 'web'])
  await waitFor('the budget to disappear', () => !inventory.get('PodDisruptionBudget', 'default', 'web'))
})

t.test('one verb less: the log names it, the rest keeps working, and it is used once it is granted', async (t) => {
  const rule = (apiGroups: string[], resources: string[], verbs: string[]) => ({ apiGroups, resources, verbs })
  const all = ['get', 'list', 'watch']
  const rules = [
    rule([''], ['nodes'], all),
    rule([''], ['limitranges'], ['get', 'list']),
    rule(['autoscaling'], ['horizontalpodautoscalers'], ['get', 'watch']),
  ]
  const kubeconfig = await account(t, 'less', rules)
  const messages = new Map<string, string>()
  const live = await openLiveInventory({
    source: { kubeconfig },
    kinds: infos('Node', 'LimitRange', 'HorizontalPodAutoscaler'),
    maxStalenessSeconds: 60,
    onEvent: (event) => messages.set(event.resource, event.type === 'failed' ? event.message : event.type),
  })
  t.teardown(() => live.stop())
  await live.settled(AbortSignal.timeout(patience))
  const user = '"system:serviceaccount:default:less"'
  t.strictSame([...messages].sort(), [
    [
      'horizontalpodautoscalers.autoscaling',
      `not allowed to list horizontalpodautoscalers of API group "autoscaling" in the whole cluster (403); grant ${user} the verb "list" on "horizontalpodautoscalers"`,
    ],
    [
      'limitranges',
      `not allowed to watch limitranges of API group "" in the whole cluster (403); grant ${user} the verb "watch" on "limitranges"`,
    ],
    ['nodes', 'synced'],
  ])
  const { inventory } = live
  t.equal(inventory.list('LimitRange'), unknown)
  t.equal(inventory.list('HorizontalPodAutoscaler'), unknown)
  t.match(inventory.list('Node'), [{ metadata: { name: 'node-0' } }])

  const granted = { rules: rules.map((one) => ({ ...one, verbs: all })) }
  await cluster.request('PATCH', `${rbac}/clusterroles/less`, granted, { contentType: 'application/merge-patch+json' })
  await waitFor('the kinds to be read', () => live.synced())
  t.strictSame(inventory.list('LimitRange'), [])
  t.strictSame(inventory.list('HorizontalPodAutoscaler'), [])
})

t.test('the API server goes away and comes back, and old versions with it', async (t) => {
  const events: InventoryEvent[] = []
  const live = await openLiveInventory({
    source: { kubeconfig: cluster.kubeconfig },
    kinds: infos('PodDisruptionBudget', 'LimitRange'),
    maxStalenessSeconds: 60,
    onEvent: (event) => events.push(event),
  })
  t.teardown(() => live.stop())
  await created(cluster, kube, budget('kept'))
  await created(cluster, kube, budget('lost'))
  const names = (): string[] => {
    const list = live.inventory.list('PodDisruptionBudget')
    return typeof list === 'symbol' ? ['unknown'] : list.map(({ metadata }) => metadata?.name ?? '').sort()
  }
  await waitFor('both budgets', names, { until: (seen) => seen.join() === 'kept,lost' })

  await cluster.stop('kube-apiserver')
  await waitFor('the failure', () => events.some(({ type }) => type === 'failed'))
  t.strictSame(names(), ['kept', 'lost'], 'what was known is known while nobody answers')
  await cluster.start('kube-apiserver')
  await cluster.kubectl(['delete', 'pdb', 'lost'])
  await created(cluster, kube, budget('new'))
  await waitFor('the truth of now', names, { until: (seen) => seen.join() === 'kept,new' })
  await waitFor('every kind to recover', () => live.status().every(({ error }) => error === undefined))
})

t.test('a version that was compacted away', async (t) => {
  const connection = await connect({ kubeconfig: cluster.kubeconfig })
  t.teardown(() => connection.close())
  for (let i = 0; i < 7; i++) await created(cluster, kube, budget(`page-${i}`, { labels: { paged: 'yes' } }))
  let pages = 0
  let names: string[] = []
  for await (const page of listPages(connection, kube, { limit: 3, query: { labelSelector: 'paged=yes' } })) {
    if (page.restarted) names = []
    names.push(...page.items.map(({ metadata }) => metadata?.name ?? ''))
    if (pages++ === 0) await outdate(cluster, connection, page.resourceVersion)
  }
  t.strictSame(
    names.sort(),
    Array.from({ length: 7 }, (_, i) => `page-${i}`),
  )
})

t.test('a quiet watch is never taken for a dead one', async (t) => {
  const live = await openLiveInventory({
    source: { kubeconfig: cluster.kubeconfig },
    kinds: infos('LimitRange'),
    maxStalenessSeconds: 18,
    onEvent: () => {},
  })
  t.teardown(() => live.stop())
  await live.settled(AbortSignal.timeout(patience))
  let oldest = 0
  let renewals = 0
  let last = 0
  await waitFor('three signs of life', () => {
    const age = live.status()[0]?.ageSeconds ?? 0
    if (age < last) renewals++
    last = age
    oldest = Math.max(oldest, age)
    return renewals >= 3
  })
  t.ok(oldest < 18, `never older than allowed: ${oldest.toFixed(1)} s`)
})

async function created(cluster: Cluster, path: string, object: object): Promise<void> {
  const { status, body } = await cluster.request('POST', path, object)
  if (status !== 201) throw new Error(`${path}: ${body.at('message').text}`)
}

/** Writes until the API server no longer serves a version. */
async function outdate(
  cluster: Cluster,
  connection: { request(path: string, settings: object): Promise<unknown> },
  version: string,
): Promise<void> {
  const query = { resourceVersion: version, resourceVersionMatch: 'Exact', limit: 1 }
  await waitFor(
    `version ${version} to be compacted`,
    async () => {
      const data = { metadata: { annotations: { now: String(Date.now()) } } }
      await cluster.request('PATCH', '/api/v1/namespaces/default', data, {
        contentType: 'application/merge-patch+json',
      })
      const answer = await connection.request(kube, { query }).catch((error: unknown) => error)
      return answer instanceof Error ? answer.message : 'still there'
    },
    { until: (seen) => seen.includes('410') },
  )
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
