import t from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { annotation, auditedEvent } from './support/audited.ts'
import { sound } from './support/case.ts'
import { openHoldingProxy } from './support/holding-proxy.ts'
import { openNamespace } from './support/namespace.ts'
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
})

/** The age of what is known of the kind that was heard of last. */
async function oldest(webhook: Webhook): Promise<number> {
  const ages = (await webhook.metrics()).matchAll(/^day2_inventory_age_seconds\{.*\} (\S+)$/gm)
  return Math.max(...[...ages].map(([, age]) => Number(age)))
}
