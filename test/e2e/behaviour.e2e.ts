import t from 'tap'
import type { Cluster } from '../control-plane/cluster.ts'
import { waitFor } from '../control-plane/wait.ts'
import { annotation, auditedEvent, auditedFindings } from './support/audited.ts'
import { awsKeys, context, env, secret, sound, storageClass } from './support/case.ts'
import { settled } from './support/drain.ts'
import { openNamespace, webhookLabel, type Namespace } from './support/namespace.ts'
import { budget, podSpec, soundResources } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook, type Webhook } from './support/webhook.ts'

const noRequests = { resources: { ...soundResources, requests: { cpu: '0', memory: '128Mi' } } }
const rule = 'compute-requests-required'

t.test('the webhook in a cluster', async (t) => {
  const cluster = await useCluster(t)
  const [webhook, strict, stopped] = await Promise.all([
    startWebhook(t, cluster, 'behaviour'),
    startWebhook(t, cluster, 'behaviour-strict', { profile: 'strict' }),
    startWebhook(t, cluster, 'behaviour-stopped'),
  ])
  t.jobs = 4

  t.test('what was wrong before passes with a warning; what is made worse is refused', async (t) => {
    const namespace = await openNamespace(cluster, 'ratchet')
    const web = (options: object): object => sound('web', { ...noRequests, ...options })
    await namespace.accept(web({}))
    await settled(namespace)
    await guard(cluster, namespace, webhook)

    const changed = await namespace.apply(web({ container: { image: 'registry.example/web:2.0' } }))
    t.equal(changed.code, 0, changed.stderr)
    t.match(changed.stderr, `Warning: [${rule}] `)
    t.match(await auditedFindings(cluster, { namespace: 'ratchet', name: 'web' }), [{ rule, preExisting: true }])

    const second = { name: 'second', image: 'registry.example/second:1.0', env: context, ...noRequests }
    const worse = structuredClone(web({ container: { image: 'registry.example/web:2.0' } }))
    containersOf(worse).push(second)
    const refused = await namespace.apply(worse)
    t.equal(refused.code, 1)
    t.match(refused.stderr, `denied the request: ${rule}\n`)
    t.match(refused.stderr, new RegExp(`^\\[${rule}\\] .*second`, 'm'), 'the new container is named')
    t.notMatch(refused.stderr, new RegExp(`^\\[${rule}\\] .*web`, 'm'), 'the old one is no reason to refuse')

    await settled(namespace)
    const rolled = await namespace.kubectl(['scale', 'deployment/web', '--replicas=3'])
    t.equal(rolled.code, 0, rolled.stderr)
    const done = await namespace.kubectl(['rollout', 'status', 'deployment/web', '--timeout=180s'])
    t.equal(done.code, 0, `its Pods are created all the same, though their template would be refused: ${done.stderr}`)
  })

  t.test('what a LimitRange fills in is not missing', async (t) => {
    const namespace = await openNamespace(cluster, 'limitrange', webhook.name)
    const bare = await namespace.apply(sound('web', { resources: {} }))
    t.equal(bare.code, 1, 'refused before')
    const { requests, limits } = soundResources
    const limitRange = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'usual' } }
    await namespace.accept({
      ...limitRange,
      spec: { limits: [{ type: 'Container', defaultRequest: requests, default: limits }] },
    })
    t.equal(
      await webhook.passing(() => namespace.apply(sound('web', { resources: {} }))),
      '',
      'and passes without a word after',
    )
    await settled(namespace)
    const pods = await namespace.get('pods')
    t.same(pods.at('items', 0, 'spec', 'containers', 0, 'resources').value, soundResources, 'its Pods have them')
  })

  t.test('a StorageClass that binds at once can still be edited', async (t) => {
    const metadata = { name: 'behaviour-immediate' }
    const input = JSON.stringify({ ...storageClass('Immediate'), metadata })
    t.equal((await cluster.kubectl(['create', '-f', '-'], { input })).code, 0)
    await cluster.kubectl(['label', 'storageclass', metadata.name, `${webhookLabel}=${webhook.name}`])
    const patch = JSON.stringify({ allowVolumeExpansion: true })
    const edited = await cluster.kubectl(['patch', 'storageclass', metadata.name, '-p', patch])
    t.equal(edited.code, 0, edited.stderr)
    t.match(edited.stderr, 'Warning: [storage-immediate-binding] ')
  })

  t.test('finalizers can be removed, and deletes pass', async (t) => {
    const namespace = await openNamespace(cluster, 'finalizers')
    const kept = {
      ...budget({ maxUnavailable: 0 }, 'kept'),
      metadata: { name: 'kept', finalizers: ['day2.test/wait'] },
    }
    await namespace.accept(kept, budget({ maxUnavailable: 0 }, 'plain'), {
      ...secret(awsKeys()),
      metadata: { name: 'keys' },
    })
    await guard(cluster, namespace, webhook)
    t.equal((await namespace.kubectl(['delete', 'pdb', 'kept', '--wait=false'])).code, 0)
    const patch = JSON.stringify({ metadata: { finalizers: null } })
    const freed = await namespace.kubectl(['patch', 'pdb', 'kept', '--type=merge', '-p', patch])
    t.same([freed.code, freed.stderr], [0, ''])
    const deleted = await namespace.kubectl(['delete', 'pdb/plain', 'secret/keys'])
    t.same([deleted.code, deleted.stderr], [0, ''])
    await waitFor(
      'both budgets to be gone',
      async () => (await namespace.get('policy/v1/poddisruptionbudgets')).at('items').items.length,
      {
        until: (count) => count === 0,
      },
    )
  })

  t.test('an ephemeral container may not bring credentials', async (t) => {
    const namespace = await openNamespace(cluster, 'ephemeral', webhook.name)
    const bare = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bare' },
      spec: podSpec({ container: { env: context } }),
    }
    await namespace.accept(bare, sound('web'))
    await settled(namespace)
    const pods = (await namespace.get('pods')).at('items').items.map((pod) => pod.at('metadata', 'name').text)
    const owned = pods.find((pod) => pod !== 'bare') ?? ''
    const debug = async (pod: string, container: object): Promise<{ status: number; message: string }> => {
      const path = `/api/v1/namespaces/ephemeral/pods/${pod}/ephemeralcontainers`
      const patch = { spec: { ephemeralContainers: [{ image: 'registry.example/debug:1.0', ...container }] } }
      const contentType = 'application/strategic-merge-patch+json'
      const { status, body } = await cluster.request('PATCH', path, patch, { contentType })
      return { status, message: body.at('message').text }
    }
    const refused = await debug('bare', { name: 'keys', env: env(awsKeys()) })
    t.equal(refused.status, 403)
    t.match(refused.message, /^\[identity-env-cloud-credentials\] .*keys/m)
    t.match(await debug('bare', { name: 'plain' }), { status: 200 })
    // Pods of a controller are never refused, whatever is asked of them.
    t.match(await debug(owned, { name: 'keys', env: env(awsKeys()) }), { status: 200 })
  })

  for (const { name } of [webhook, strict])
    t.test(`scaling down into a deadlock warns and passes, by ${name}`, async (t) => {
      const namespace = await openNamespace(cluster, `scale-${name}`, name)
      await namespace.accept(sound('web'))
      await namespace.kubectl(['scale', 'deployment/web', '--replicas=3'])
      await waitFor(
        'the budget to be accepted beside three replicas',
        () => namespace.apply(budget({ minAvailable: 2 })),
        {
          until: ({ code }) => code === 0,
        },
      )
      const warned = await waitFor(
        'the webhook to know the budget',
        () => namespace.kubectl(['scale', 'deployment/web', '--replicas=2', '--dry-run=server']),
        { until: ({ stderr }) => stderr !== '' },
      )
      t.match(warned.stderr, 'Warning: [compute-pdb-deadlock] ')
      const scaled = await namespace.kubectl(['scale', 'deployment/web', '--replicas=2'])
      t.equal(scaled.code, 0, scaled.stderr)
      t.match(scaled.stderr, 'Warning: [compute-pdb-deadlock] ')
    })

  t.test('a stopped webhook does not block the cluster', async (t) => {
    const namespace = await openNamespace(cluster, 'stopped', stopped.name)
    const before = await namespace.apply(budget({ maxUnavailable: 0 }))
    t.equal(before.code, 1, 'it was asked while it ran')
    await stopped.stop()
    const after = await namespace.apply(budget({ maxUnavailable: 0 }))
    t.equal(after.code, 0, after.stderr)
    const event = await auditedEvent(
      cluster,
      { namespace: 'stopped', name: 'web' },
      (each) => each.at('responseStatus', 'code').value === 201,
    )
    const failedOpen = Object.keys(event.at('annotations').value ?? {}).filter((key) => key.startsWith('failed-open.'))
    t.equal(failedOpen.length, 1, 'and the audit log says so')
  })

  t.test('the audit log holds findings and trace, and neither it nor our log holds a value', async (t) => {
    const namespace = await openNamespace(cluster, 'audited', webhook.name)
    const keys = awsKeys()
    const { code, stderr } = await namespace.apply({ ...secret(keys), metadata: { name: 'keys' } })
    t.equal(code, 1)
    const trace = /\(trace ([0-9a-f]{32})\)/.exec(stderr)?.[1] ?? 'no trace'
    const event = await auditedEvent(cluster, { namespace: 'audited', name: 'keys' })
    t.equal(annotation(event, 'trace-id'), trace, 'the trace that the user saw')
    const found = await auditedFindings(cluster, { namespace: 'audited', name: 'keys' })
    t.match(found, [{ rule: 'identity-secret-cloud-credentials', severity: 'deny' }])
    const line = webhook
      .log()
      .split('\n')
      .find((text) => text.includes(trace))
    t.ok(line, 'and our log has it too')
    for (const [place, text] of Object.entries({
      audit: JSON.stringify(event.value),
      log: webhook.log(),
      kubectl: stderr,
    }))
      for (const value of Object.values(keys)) t.notOk(text.includes(value), `${place} holds no value`)
  })

  t.test('status updates, leases, nodes and events never reach us', async (t) => {
    const namespace = await openNamespace(cluster, 'reach', webhook.name)
    await namespace.accept(sound('web'))
    await settled(namespace)
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'leader' },
      spec: { holderIdentity: 'a' },
    }
    await namespace.accept(lease)
    const path = '/apis/apps/v1/namespaces/reach/deployments/web/status'
    const patched = await cluster.request(
      'PATCH',
      path,
      { status: { conditions: [] } },
      { contentType: 'application/merge-patch+json' },
    )
    t.equal(patched.status, 200)
    t.ok((await namespace.get('events')).at('items').items.length > 0, 'events were written here')
    const reviewed = new Set(
      [...(await webhook.metrics()).matchAll(/^day2_admission_reviews_total\{.*resource="([^"]+)"/gm)].map(
        ([, resource]) => resource,
      ),
    )
    t.ok(reviewed.has('deployments.apps'), `reviews are counted: ${[...reviewed].join(' ')}`)
    for (const resource of reviewed) t.notMatch(resource, /status|^(leases|events|nodes|namespaces)\b/)
    t.notMatch(webhook.log(), /"leases"|\/status"/)
  })
})

/** From now on the webhook reviews what is in the namespace. */
async function guard(cluster: Cluster, namespace: Namespace, webhook: Webhook): Promise<void> {
  await cluster.kubectl(['label', 'namespace', namespace.name, `${webhookLabel}=${webhook.name}`])
  const probe = { ...budget({ maxUnavailable: 0 }, 'probe') }
  await waitFor(
    `${namespace.name} to be guarded`,
    () => namespace.kubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(probe) }),
    { until: ({ code }) => code !== 0 },
  )
}

function containersOf(workload: object): object[] {
  // As deployment() of support/objects.ts makes it.
  return (workload as { spec: { template: { spec: { containers: object[] } } } }).spec.template.spec.containers
}
