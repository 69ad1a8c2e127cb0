import t from 'tap'
import type { Json } from '../control-plane/client.ts'
import { waitFor } from '../control-plane/wait.ts'
import { findingOf, record, seen, snippetOf } from './support/evidence.ts'
import { openNamespace, webhookLabel, type Namespace } from './support/namespace.ts'
import { podSpec } from './support/objects.ts'
import { playProvisioner } from './support/provisioner.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const driver = 'ebs.csi.aws.com'
const wrongZone = /didn't match PersistentVolume's node affinity/

t.test('volumes that are bound before the Pod is placed', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-storage')
  const open = await openNamespace(cluster, 'proof-storage')
  const guarded = await openNamespace(cluster, 'proof-storage-mended', webhook.name)
  playProvisioner(t, cluster, driver, 'zone-0', [open.name, guarded.name])
  const applyClass = (object: object) => cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })

  // Without the webhook: every Pod below is pinned to zone-2, and the volumes are made in zone-0.
  t.equal((await applyClass(storageClass('proof-immediate', 'Immediate'))).code, 0)
  t.jobs = 2
  const classTest = t.test('storage-immediate-binding', async (t) => {
    await open.accept(claim('proof-immediate'), pinned('web', { persistentVolumeClaim: { claimName: 'data' } }))
    const message = await stuck(open, 'web')
    const immediate = { ...storageClass('proof-refused', 'Immediate'), ...labelled('proof-refused', webhook.name) }
    const refused = await webhook.refusal(() => applyClass(immediate))
    t.match(refused, 'volumeBindingMode: WaitForFirstConsumer', 'says what to type')
    const typed = Object(snippetOf(refused, 'storage-immediate-binding').value) as object
    // The rest of the class stays as it was.
    const mended = await applyClass({ ...immediate, ...typed, ...labelled('proof-waiting', webhook.name) })
    t.equal(mended.code, 0, mended.stderr)
    await guarded.accept(claim('proof-waiting'), pinned('web', { persistentVolumeClaim: { claimName: 'data' } }))
    await running(guarded, 'web')
    t.equal(await zoneOfVolume(guarded, 'data'), 'zone-2', 'the volume lies where the Pod is')
    record({
      rule: 'storage-immediate-binding',
      name: 'pinned Pod',
      applied: 'a StorageClass that binds at once, a claim, and a Pod that may run in one zone only',
      outage: 'the volume is made in another zone and the Pod stays Pending',
      by: 'scheduler',
      message,
      finding: findingOf(refused, 'storage-immediate-binding'),
      mended: 'with `volumeBindingMode: WaitForFirstConsumer` the volume is made in the zone of the Pod, which runs',
    })
  })

  t.test('storage-pvc-immediate-class', async (t) => {
    await open.accept(statefulSet('proof-immediate'))
    const message = await stuck(open, 'db-0')
    const refused = await webhook.refusal(() => guarded.apply(statefulSet('proof-immediate')))
    t.match(refused, 'uses Immediate class proof-immediate')
    await classTest
    await guarded.accept(statefulSet('proof-waiting'))
    await running(guarded, 'db-0')
    t.equal(await zoneOfVolume(guarded, 'data-db-0'), 'zone-2', 'the volume lies where the Pod is')
    record({
      rule: 'storage-pvc-immediate-class',
      name: 'StatefulSet',
      applied: 'a StatefulSet, pinned to one zone, whose claims name a class that binds at once',
      outage: 'the volume of the first replica is made in another zone and the Pod stays Pending',
      by: 'scheduler',
      message,
      finding: findingOf(refused, 'storage-pvc-immediate-class'),
      mended: 'with a class that waits for the first consumer the replica runs beside its volume',
    })
  })
})

/** The scheduler's words about a Pod that cannot follow its volume. */
async function stuck(namespace: Namespace, pod: string): Promise<string> {
  const condition = await waitFor(
    `Pod ${pod} to be found unschedulable`,
    async () =>
      (await conditions(namespace, pod)).find((each) => each.at('type').text === 'PodScheduled')?.at('message').text ??
      '',
    { until: (message) => wrongZone.test(message) },
  )
  return seen(condition, wrongZone)
}

async function conditions(namespace: Namespace, pod: string): Promise<readonly Json[]> {
  return (await namespace.get(`pods/${pod}`)).at('status', 'conditions').items
}

async function running(namespace: Namespace, pod: string): Promise<void> {
  await waitFor(`Pod ${pod} to run`, async () => (await namespace.get(`pods/${pod}`)).at('status', 'phase').text, {
    until: (phase) => phase === 'Running',
  })
}

async function zoneOfVolume(namespace: Namespace, claimName: string): Promise<string> {
  const volume = (await namespace.get(`persistentvolumeclaims/${claimName}`)).at('spec', 'volumeName').text
  const { stdout } = await namespace.kubectl([
    'get',
    'pv',
    volume,
    '-o',
    'jsonpath={.spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}',
  ])
  return stdout
}

function storageClass(name: string, volumeBindingMode: string): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: driver,
    volumeBindingMode,
  }
}

function labelled(name: string, webhook: string): object {
  return { metadata: { name, labels: { [webhookLabel]: webhook } } }
}

function claimSpec(storageClassName: string): object {
  return { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
}

function claim(storageClassName: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: claimSpec(storageClassName),
  }
}

const toZone2 = { nodeSelector: { 'topology.kubernetes.io/zone': 'zone-2' } }

function pinned(name: string, volume: object): object {
  const pod = { ...toZone2, volumes: [{ name: 'data', ...volume }] }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: podSpec({ pod }) }
}

function statefulSet(storageClassName: string): object {
  const labels = { app: 'db' }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      replicas: 1,
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec({ pod: toZone2 }) },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec(storageClassName) }],
    },
  }
}
