import t from 'tap'
import { configMap, env, secret } from './support/case.ts'
import { waitFor } from '../control-plane/wait.ts'
import { webhookLabel } from './support/namespace.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

t.test('of kube-system the webhook meets the ConfigMaps of CNIs, and nothing else', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'system-namespaces')
  const path = '/api/v1/namespaces/kube-system'
  const merge = { contentType: 'application/merge-patch+json' }
  const label = (value: string | null) =>
    cluster.request('PATCH', path, { metadata: { labels: { [webhookLabel]: value } } }, merge)
  await label(webhook.name)
  t.teardown(() => label(null))
  const apply = (name: string, object: object) =>
    cluster.kubectl(['-n', 'kube-system', 'apply', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify({ ...object, metadata: { name } }),
    })
  const wide = configMap({ calico_backend: 'vxlan', veth_mtu: '1500' })
  const warned = await waitFor('the API server to know the label', () => apply('calico-config', wide), {
    until: ({ stderr }) => stderr.includes('network-mtu-overlay'),
  })
  t.match(warned.stderr, /Warning: \[network-mtu-overlay\] Calico: veth_mtu is 1500/)
  const other = await apply('web-config', wide)
  t.equal(other.code, 0)
  t.equal(other.stderr, '', 'a ConfigMap of another name')
  const reviewed = () =>
    webhook
      .log()
      .split('\n')
      .filter((line) => line.includes('"kube-system"'))
  const before = reviewed().length
  await apply('web-secret', secret({ password: 'x' }))
  await apply('web', {
    apiVersion: 'v1',
    kind: 'Pod',
    spec: { containers: [{ name: 'web', image: 'web', env: env({}) }] },
  })
  t.equal(reviewed().length, before, 'and no object of another kind')
})
