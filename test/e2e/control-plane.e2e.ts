import t from 'tap'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'

const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - { level: Metadata, verbs: [create], resources: [{ group: policy, resources: [poddisruptionbudgets] }] }
  - { level: None }
`

const budget = { kind: 'PodDisruptionBudget', apiVersion: 'policy/v1', metadata: { name: 'web' } }
const labels = { app: 'web' }
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] } },
  },
}

t.test('the control plane behaves like a cluster', async (t) => {
  const cluster = await startControlPlane({
    nodes: 2,
    zones: ['north', 'south'],
    auditPolicy,
    flags: { 'kube-apiserver': ['--enable-admission-plugins=AlwaysPullImages'] },
  })
  t.teardown(() => cluster.stopAll())
  const apply = async (object: object): Promise<void> => {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
    t.equal(code, 0, stderr)
  }

  await t.test('nodes lie in the zones asked for, and more can be added', async (t) => {
    await cluster.addNode({
      name: 'big',
      zone: 'west',
      cpu: '64',
      labels: { pool: 'big' },
      taints: [{ key: 'big', effect: 'NoSchedule' }],
    })
    const { body } = await cluster.request('GET', '/api/v1/nodes')
    const zones = body
      .at('items')
      .items.map((node) => node.at('metadata', 'labels', 'topology.kubernetes.io/zone').text)
    t.same(zones.sort(), ['north', 'south', 'west'])
  })

  await t.test('a Deployment rolls out, under the flags of the test', async (t) => {
    await apply(deployment)
    const { code, stderr } = await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=180s'])
    t.equal(code, 0, stderr)
    const { body } = await cluster.request('GET', '/api/v1/namespaces/default/pods')
    const policies = body.at('items').items.map((pod) => pod.at('spec', 'containers', 0, 'imagePullPolicy').text)
    t.same(policies, ['Always', 'Always'])
  })

  await t.test('the API server stops and starts alone, on the same port and with the same state', async (t) => {
    await cluster.stop('kube-apiserver')
    await t.rejects(cluster.request('GET', '/readyz'), { code: 'ECONNREFUSED' })
    await cluster.start('kube-apiserver')
    const { status } = await cluster.request('GET', '/apis/apps/v1/namespaces/default/deployments/web')
    t.equal(status, 200)
  })

  await t.test('the audit log holds what the policy lets through', async (t) => {
    await apply({ ...budget, spec: { maxUnavailable: 0, selector: { matchLabels: labels } } })
    const events = await waitFor('an audit event', () => cluster.auditLog(), { until: (seen) => seen.length > 0 })
    t.same(
      events.map((event) => [
        event.at('verb').text,
        event.at('objectRef', 'resource').text,
        event.at('user', 'username').text,
      ]),
      [['create', 'poddisruptionbudgets', 'admin']],
    )
  })

  await t.test('a budget of zero refuses the drain, which goes through without it', async (t) => {
    await waitFor('the status of the budget', async () => {
      const { body } = await cluster.request('GET', '/apis/policy/v1/namespaces/default/poddisruptionbudgets/web')
      return body.at('status', 'currentHealthy').value === 2
    })
    const { body } = await cluster.request('GET', '/api/v1/namespaces/default/pods')
    const node = body.at('items', 0, 'spec', 'nodeName').text
    const refused = await cluster.kubectl(['drain', node, '--ignore-daemonsets', '--timeout=180s'], {
      enough: (stderr) => stderr.includes('will retry after'),
    })
    t.not(refused.code, 0)
    t.match(refused.stderr, "Cannot evict pod as it would violate the pod's disruption budget")
    await cluster.kubectl(['delete', 'pdb', 'web'])
    const drained = await cluster.kubectl(['drain', node, '--ignore-daemonsets', '--timeout=180s'])
    t.equal(drained.code, 0, drained.stderr)
  })

  await t.test('a part that cannot start says why', async (t) => {
    const started = startControlPlane({ dir: t.testdir(), flags: { etcd: ['--no-such-flag'] } })
    await t.rejects(started, { message: /etcd ended: [^]*no-such-flag/ })
  })
})
