import t from 'tap'
import { kinds } from '../../src/sdk/kinds.ts'
import { waitFor } from '../control-plane/wait.ts'
import { annotation, auditedEvent } from './support/audited.ts'
import { sound } from './support/case.ts'
import { definitionOf } from './support/custom-kinds.ts'
import { openHoldingProxy } from './support/holding-proxy.ts'
import { openNamespace, webhookLabel } from './support/namespace.ts'
import { budget } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook, type Webhook } from './support/webhook.ts'

t.test('what the webhook knows of a cluster that changes under it', async (t) => {
  const cluster = await useCluster(t)
  t.jobs = 2

  t.test('a watch that goes silent: deny becomes warn, and denies again once it is heard', async (t) => {
    const proxy = await openHoldingProxy(t, cluster)
    const webhook = await startWebhook(t, { ...cluster, kubeconfig: proxy.kubeconfig }, 'stale')
    const namespace = await openNamespace(cluster, 'stale', webhook.name)
    await namespace.accept(sound('web'))
    const rule = '[compute-pdb-deadlock] '
    const dryRun = (spec: object, name: string) =>
      namespace.kubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(budget(spec, name)) })
    const deadlock = () => dryRun({ minAvailable: 2 }, 'web')
    t.match(await webhook.refusal(deadlock), rule, 'refused while all is fresh')
    const fresh = await oldest(webhook)
    t.ok(fresh <= 60, `nothing is older than a minute: ${fresh} s`)

    proxy.hold()
    await waitFor('what is known to grow stale', () => oldest(webhook), { until: (age) => age > 60 })
    const warned = await waitFor('a stale refusal to become a warning', deadlock, { until: ({ code }) => code === 0 })
    t.match(warned.stderr, `Warning: ${rule}`, 'the same is said as a warning')
    const event = await auditedEvent(cluster, { namespace: 'stale', name: 'web' }, (each) =>
      annotation(each, 'findings').includes('"stale"'),
    )
    t.match(JSON.parse(annotation(event, 'findings')), [
      { rule: 'compute-pdb-deadlock', severity: 'warn', stale: true },
    ])
    const stale = await oldest(webhook)
    t.ok(stale > 60, `the metrics show how old it is: ${stale} s`)
    t.equal((await dryRun({ maxUnavailable: 0 }, 'alone')).code, 1, 'what one object shows is refused all the same')
    const told = webhook.log().includes('inventory cannot follow')

    proxy.release()
    await waitFor('every kind to be fresh', () => oldest(webhook), { until: (age) => age <= 60 })
    t.match(await webhook.refusal(deadlock), rule, 'refused again')
    // A long silence ends by a timeout of ours, a short one by the connections that the proxy closed.
    if (!told) await waitFor('the failure in the log', () => webhook.log().includes('inventory cannot follow'))
  })

  t.test('a kind that is installed later is read without a restart', async (t) => {
    const info = kinds.get('HTTPRoute')
    if (!info) throw new Error('HTTPRoute is none of our kinds')
    const resource = `${info.resource}.${info.group}`
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const webhook = await startWebhook(t, cluster, 'later')
    const known = () => gauge(webhook, 'day2_inventory_objects', resource)
    t.equal(await known(), 0, 'nothing of it is known')
    const lines = webhook.log().split('\n')
    t.ok(
      lines.some((line) => line.includes(`"${resource}"`) && line.includes('"inventory synced"')),
      'nor could be',
    )
    t.notMatch(webhook.log(), /D2_KUBE_NOT_FOUND/, 'which is no fault')
    const namespace = await openNamespace(cluster, 'later')
    await namespace.accept(service(80))

    const created = await cluster.request('POST', definitions, definitionOf(info))
    t.equal(created.status, 201, created.body.at('message').text)
    t.teardown(() => cluster.request('DELETE', `${definitions}/${resource}`))
    // Nobody reviews it here, so only the watch can tell of it.
    await waitFor('the route to be accepted', () => namespace.apply(route('web', 81)), {
      until: ({ code }) => code === 0,
    })
    await cluster.kubectl(['label', 'namespace', namespace.name, `${webhookLabel}=${webhook.name}`])
    await waitFor('the webhook to read it', known, { until: (count) => count === 1 })

    const rule = '[network-ingress-backend-missing] '
    const refused = await webhook.refusal(() => namespace.apply(route('shop', 82)))
    t.match(refused, `${rule}HTTPRoute shop → web: the Service has no port 82`)
    const warned = await namespace.apply(service(8080))
    t.equal(warned.code, 0, warned.stderr)
    t.match(warned.stderr, `Warning: ${rule}Service web has no port 81, to which HTTPRoute web sends`)

    await cluster.request('DELETE', `${definitions}/${resource}`)
    await waitFor('what is gone to be forgotten', known, { until: (count) => count === 0 })
    const silent = await namespace.apply(service(9090))
    t.same([silent.code, silent.stderr], [0, ''])
  })
})

function service(port: number): object {
  const spec = { selector: { app: 'web' }, ports: [{ port }] }
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec }
}

function route(name: string, port: number): object {
  const spec = { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'web', port }] }] }
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name }, spec }
}

/** The age of what is known of the kind that was heard of last. */
async function oldest(webhook: Webhook): Promise<number> {
  const ages = (await webhook.metrics()).matchAll(/^day2_inventory_age_seconds\{.*\} (\S+)$/gm)
  return Math.max(...[...ages].map(([, age]) => Number(age)))
}

async function gauge(webhook: Webhook, name: string, resource: string): Promise<number | undefined> {
  const line = (await webhook.metrics()).split('\n').find((each) => each.startsWith(`${name}{resource="${resource}"}`))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}
