import t from 'tap'
import { kinds } from '../../src/sdk/kinds.ts'
import { connect } from '../../src/kube/connect.ts'
import { servedVersions } from '../../src/kube/discovery.ts'
import { collectionPath, listPages, type ListSettings } from '../../src/kube/list.ts'
import { FakeApiServer } from './fake-api-server.ts'

const path = '/apis/apps/v1/deployments'
const server = new FakeApiServer()
await server.start({ [path]: 'Deployment', '/apis/autoscaling/v1/horizontalpodautoscalers': 'HorizontalPodAutoscaler' })
for (let i = 0; i < 10; i++) server.put(path, { metadata: { name: `d${i}`, namespace: 'a' } })
const connection = await connect({ kubeconfig: server.kubeconfig(t.testdir()) })
t.teardown(async () => {
  connection.close()
  await server.stop()
})

/** What each page said; `afterFirst` runs between the first and the second request. */
async function pages(settings: ListSettings, afterFirst = () => {}): Promise<string[]> {
  server.requests.length = 0
  const seen: string[] = []
  for await (const page of listPages(connection, path, settings)) {
    const names = page.items.map(({ metadata }) => metadata?.name).join(' ')
    seen.push(`${page.restarted ? 'restarted ' : ''}${names}${page.remaining ? ` +${page.remaining}` : ''}`)
    if (seen.length === 1) afterFirst()
  }
  return seen
}

t.test('pages, one after the other', async (t) => {
  t.strictSame(await pages({ limit: 4 }), ['d0 d1 d2 d3 +6', 'd4 d5 d6 d7 +2', 'd8 d9'])
  t.match(server.requests[0], `list ${path}?limit=4`)
  t.strictSame(await pages({ query: { labelSelector: 'app=web' } }), ['d0 d1 d2 d3 d4 d5 d6 d7 d8 d9'])
  t.strictSame(server.requests, [`list ${path}?labelSelector=app=web&limit=500`])
})

t.test('items carry the apiVersion and kind that the list implies', async (t) => {
  for await (const { items } of listPages(connection, path)) {
    t.match(items[0], { apiVersion: 'apps/v1', kind: 'Deployment' })
  }
})

t.test('a snapshot that expired between pages', async (t) => {
  const compact = (): void => server.compact()
  t.strictSame(await pages({ limit: 6 }, compact), [
    'd0 d1 d2 d3 d4 d5 +4',
    'restarted d0 d1 d2 d3 d4 d5 +4',
    'd6 d7 d8 d9',
  ])
  t.strictSame(await pages({ limit: 6, onExpired: 'continue' }, compact), ['d0 d1 d2 d3 d4 d5 +4', 'd6 d7 d8 d9'])

  // Whatever expires again and again is read in one go.
  const expired = { when: 'list' as const, status: 410 }
  const spoil = (): void => void server.faults.push(expired)
  const seen: string[] = []
  for await (const { items, restarted } of listPages(connection, path, { limit: 3 })) {
    seen.push(`${restarted ? 'restarted ' : ''}${items.length}`)
    if (seen.length <= 2) spoil()
  }
  t.strictSame(seen, ['3', 'restarted 3', 'restarted 10'])
  server.faults.push(expired)
  await t.rejects(pages({}), { code: 'D2_KUBE_GONE' }, 'a first page is never expired')
})

t.test('what is no list', async (t) => {
  for (const body of ['null', { kind: 'Status' }, '[]']) {
    server.faults.push({ status: 200, body })
    await t.rejects(pages({}), { code: 'D2_KUBE_ANSWER', message: `the API server sent no list for ${path}` })
  }
  server.faults.push({ status: 200, body: { kind: 'DeploymentList', items: null } })
  t.strictSame(await pages({}), [''])
})

t.test('paths of collections', async (t) => {
  const [node, deployment] = [kinds.get('Node'), kinds.get('Deployment')]
  t.ok(node && deployment)
  if (!node || !deployment) return
  t.equal(collectionPath(node), '/api/v1/nodes')
  t.equal(collectionPath(deployment), path)
  t.equal(collectionPath(deployment, 'shop'), '/apis/apps/v1/namespaces/shop/deployments')
})

t.test('which versions are served', async (t) => {
  const { signal } = new AbortController()
  const ask = (group: string, version: string, resource: string): Promise<readonly string[]> =>
    servedVersions(connection, { group, version, resource }, signal)
  t.strictSame(await ask('apps', 'v1', 'deployments'), ['v1'])
  t.strictSame(await ask('apps', 'v1', 'statefulsets'), [])
  t.strictSame(await ask('autoscaling', 'v2', 'horizontalpodautoscalers'), ['v1'])
  t.strictSame(await ask('keda.sh', 'v1alpha1', 'scaledobjects'), [])
  t.strictSame(await ask('', 'v1', 'nodes'), [])
  server.faults.push({ status: 500 })
  await t.rejects(ask('apps', 'v1', 'deployments'), { code: 'D2_KUBE_ANSWER' })
})
