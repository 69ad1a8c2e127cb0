import t from 'tap'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import type { CommandResult } from '../control-plane/kubectl.ts'
import { findingOf, record, seen, snippetOf, type Proof } from './support/evidence.ts'
import { openNamespace, webhookLabel, type Namespace } from './support/namespace.ts'
import { deployment } from './support/objects.ts'
import { complete, conditions, event, phase, podOf, running, unschedulable } from './support/pods-and-claims.ts'
import { playProvisioner } from './support/provisioner.ts'
import { useCluster } from './support/shared-cluster.ts'
import {
  anyNode,
  bound,
  byDefault,
  claim,
  defaultKey,
  deploying,
  inZone,
  mounts,
  pod,
  recreated,
  required,
  storageClass,
  unclassed,
  volume,
  waiting,
  zoneKey,
} from './support/volumes.ts'
import { startWebhook, type Webhook } from './support/webhook.ts'

// Of another driver, so that each is played by a provisioner of its own.
const immediate = 'ebs.csi.eks.amazonaws.com'
const wrongZone = /didn't match PersistentVolume's node affinity/

t.test('claims, classes and volumes that a Pod waits for', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-volumes')
  const apply = (object: object) => cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
  const spaces = new Map<string, Namespace>()
  for (const name of ['missing', 'class', 'bypass', 'topology', 'apart', 'zone', 'two', 'key', 'pod', 'none'])
    spaces.set(name, await openNamespace(cluster, `proof-volumes-${name}`))
  const space = (name: string): Namespace => spaces.get(name) ?? fail(name)
  const names = [...spaces.values()].map((each) => each.name)
  playProvisioner(t, cluster, waiting, 'zone-0', names)
  playProvisioner(t, cluster, immediate, (claim) => (claim === 'data' ? 'zone-0' : 'zone-1'), names)
  await apply(storageClass('volumes-waiting', waiting, 'WaitForFirstConsumer'))
  await apply(storageClass('volumes-immediate', immediate, 'Immediate'))
  const told = (rule: string, namespace: Namespace, ...objects: object[]): Promise<string> =>
    guard(cluster, webhook, namespace, rule, () =>
      namespace.kubectl(['apply', '--dry-run=server', '-f', '-'], input(objects)),
    )
  t.jobs = 4

  t.test('storage-claim-missing', async (t) => {
    const at = space('missing')
    await at.accept(claim('data', 'volumes-waiting'), pod('web', ['dta']))
    const message = await unschedulable(at, 'web', /persistentvolumeclaim "dta" not found/)
    const finding = await told('storage-claim-missing', at, pod('other', ['dta']))
    const typed = seen(finding, /(?<=claimName: )\w+/)
    await at.accept(pod('mended', [typed]))
    t.equal(await running(at, 'mended'), 'Running')
    prove('storage-claim-missing', 'mistyped name', finding, {
      applied: 'a Pod that mounts a claim by a mistyped name',
      outage: 'the Pod stays Pending',
      by: 'scheduler',
      message,
      mended: 'with the `claimName` that the finding names the Pod runs',
    })
  })

  t.test('storage-class-missing', async (t) => {
    const at = space('class')
    await at.accept(claim('data', 'volumes-wating'), pod('web', ['data']))
    const message = await event(at, /storageclass\.storage\.k8s\.io "volumes-wating" not found/)
    const finding = await told('storage-class-missing', at, claim('other', 'volumes-wating'))
    const typed = seen(finding, /(?<=storageClassName: )[\w-]+/)
    await at.accept(claim('mended', typed), pod('mended', ['mended']))
    t.equal(await running(at, 'mended'), 'Running')
    prove('storage-class-missing', 'mistyped class', finding, {
      applied: 'a claim that names a class that does not exist',
      outage: 'no volume is made and the Pod stays Pending',
      by: 'PV controller',
      message,
      mended: 'with the `storageClassName` that the finding names the volume is made and the Pod runs',
    })
  })

  t.test('storage-class-missing: no volume left', async (t) => {
    const at = space('none')
    await apply(storageClass('volumes-none', 'kubernetes.io/no-provisioner', 'Immediate'))
    await at.accept(claim('data', 'volumes-none'))
    const message = await event(at, /no volume plugin matched name: kubernetes\.io\/no-provisioner/)
    const finding = await told('storage-class-missing', at, claim('other', 'volumes-none'))
    t.match(finding, 'create such a PV')
    await apply(volume('volumes-none', { storageClassName: 'volumes-none', ...inZone('zone-0') }))
    await phase(at, 'data', 'Bound')
    prove('storage-class-missing', 'no volume', finding, {
      applied: 'a claim of a class without a provisioner, of which no PersistentVolume is left',
      outage: 'the claim stays Pending',
      by: 'PV controller',
      message,
      mended: 'with a PersistentVolume of that class the claim is bound',
    })
  })

  t.test('storage-scheduler-bypass', async (t) => {
    const at = space('bypass')
    const node = 'node-0'
    await at.accept(claim('data', 'volumes-waiting'), deploying('web', ['data'], { nodeName: await anyNode(cluster) }))
    const message = await event(at, /waiting for first consumer to be created before binding/)
    await at.kubectl(['delete', 'deployment', 'web'])
    const refused = await told('storage-scheduler-bypass', at, deploying('web', ['data'], { nodeName: node }))
    const typed = JSON.stringify(snippetOf(refused, 'storage-scheduler-bypass').value)
    const placed = JSON.parse(typed.replace('node-1', await anyNode(cluster))) as object
    await at.accept(deploying('web', ['data'], placed))
    await phase(at, 'data', 'Bound')
    t.ok(await complete(at, 'web'), 'its Pods are ready')
    prove('storage-scheduler-bypass', 'nodeName', refused, {
      applied: 'a Deployment with `nodeName` and a claim of a class that waits for the first consumer',
      outage: 'the claim waits for a consumer for ever, though the Pod is on its node',
      by: 'PV controller',
      message,
      mended: 'with a node affinity to the hostname the claim is bound and the Pod runs',
    })
  })

  t.test('storage-allowed-topologies-unsatisfiable', async (t) => {
    const at = space('topology')
    const allowed = (zone: string) => ({
      ...storageClass('volumes-elsewhere', waiting, 'WaitForFirstConsumer'),
      allowedTopologies: [{ matchLabelExpressions: [{ key: zoneKey, values: [zone] }] }],
    })
    await apply(allowed('us-east-1a'))
    await at.accept(claim('data', 'volumes-elsewhere'), pod('web', ['data']))
    const message = await unschedulable(at, 'web', /didn't find available persistent volumes to bind/)
    const reviewed = { ...allowed('us-east-1a'), metadata: { name: 'volumes-other', labels: label(webhook) } }
    const { stderr } = await waitFor('the webhook to warn', () => apply(reviewed), {
      until: ({ stderr }) => stderr.includes('storage-allowed-topologies'),
    })
    t.match(stderr, 'name a zone that has nodes')
    await apply(allowed('zone-0'))
    await running(at, 'web')
    prove('storage-allowed-topologies-unsatisfiable', 'no node', stderr, {
      applied: 'a StorageClass that allows a zone without nodes, a claim of it and a Pod',
      outage: 'no volume is made and the Pod stays Pending',
      by: 'scheduler',
      message,
      mended: 'with a zone that has nodes, edited in place, the volume is made and the same Pod runs',
    })
  })

  t.test('storage-pvc-immediate-class: several claims', async (t) => {
    const at = space('apart')
    const both = ['data', 'index']
    await at.accept(...both.map((name) => claim(name, 'volumes-immediate')), deploying('web', both))
    const message = await unschedulable(at, await podOf(at, 'web'), wrongZone)
    // Claims that are not bound yet, in a namespace that no provisioner serves.
    const idle = await openNamespace(cluster, 'proof-volumes-idle')
    await idle.accept(...both.map((name) => claim(name, 'volumes-immediate')))
    const finding = await told('storage-pvc-immediate-class', idle, deploying('web', both))
    t.match(finding, 'unbound claims data, index')
    await at.kubectl(['delete', 'deployment,pod,pvc', '--all', '--wait=true', '--grace-period=0', '--force'])
    await at.accept(...both.map((name) => claim(name, 'volumes-waiting')), deploying('web', both))
    await complete(at, 'web')
    prove('storage-pvc-immediate-class', 'several claims', finding, {
      applied: 'a Deployment that mounts two claims of a class that binds at once',
      outage: 'the two volumes are made in two zones and the Pod stays Pending',
      by: 'scheduler',
      message,
      mended: 'with claims of a class that waits for the first consumer both volumes are beside the Pod, which runs',
    })
  })

  t.test('storage-zone-conflict', async (t) => {
    const at = space('zone')
    await apply(volume('volumes-zone', inZone('zone-0')))
    await at.accept(bound('data', 'volumes-zone'), deploying('web', ['data'], required('zone-1', 'zone-2')))
    const message = await unschedulable(at, await podOf(at, 'web'), wrongZone)
    const finding = await told('storage-zone-conflict', at, deploying('other', ['data'], required('zone-1', 'zone-2')))
    await at.accept(deploying('web', ['data'], required(seen(finding, /(?<=require zone )[\w-]+/))))
    t.ok(await complete(at, 'web'), 'its Pods are ready')
    prove('storage-zone-conflict', 'pinned elsewhere', finding, {
      applied: 'a Deployment that must run in other zones than that of its volume',
      outage: 'the Pod stays Pending',
      by: 'scheduler',
      message,
      mended: 'with the zone that the finding names the Pod runs',
    })
  })

  t.test('storage-zone-conflict: two volumes', async (t) => {
    const at = space('two')
    for (const [name, zone] of [
      ['a', 'zone-0'],
      ['b', 'zone-1'],
      ['restored', 'zone-0'],
    ] as const)
      await apply(volume(`volumes-two-${name}`, inZone(zone)))
    await at.accept(bound('data', 'volumes-two-a'), bound('index', 'volumes-two-b'))
    await at.accept(deploying('web', ['data', 'index']))
    const message = await unschedulable(at, await podOf(at, 'web'), wrongZone)
    const finding = await told('storage-zone-conflict', at, deploying('other', ['data', 'index']))
    t.match(finding, 'restore one from a snapshot in the zone of the other')
    await at.accept(bound('restored', 'volumes-two-restored'), deploying('web', ['data', 'restored']))
    await complete(at, 'web')
    prove('storage-zone-conflict', 'two volumes', finding, {
      applied: 'a Deployment that mounts two volumes of two zones',
      outage: 'the Pod stays Pending',
      by: 'scheduler',
      message,
      mended: 'with one volume restored in the zone of the other the Pod runs',
    })
  })

  t.test('storage-pv-missing-node-affinity: a key that no node carries', async (t) => {
    const at = space('key')
    const foreign = inZone('zone-0', 'topology.ebs.csi.aws.com/zone')
    await apply(volume('volumes-key', foreign))
    await at.accept(bound('data', 'volumes-key'), pod('web', ['data']))
    const message = await unschedulable(at, 'web', wrongZone)
    const reviewed = {
      ...volume('volumes-key-other', foreign),
      metadata: { name: 'volumes-key-other', labels: label(webhook) },
    }
    const { stderr } = await waitFor('the webhook to warn', () => apply(reviewed), {
      until: ({ stderr }) => stderr.includes('storage-pv-missing'),
    })
    await apply(volume('volumes-key-mended', inZone('zone-0', seen(stderr, /(?<=such as )[\w./]+/))))
    await at.accept(bound('mended', 'volumes-key-mended'), pod('mended', ['mended']))
    t.equal(await running(at, 'mended'), 'Running')
    prove('storage-pv-missing-node-affinity', 'foreign key', stderr, {
      applied: 'a PersistentVolume whose node affinity uses the key of its driver, which no node carries',
      outage: 'the Pod stays Pending',
      by: 'scheduler',
      message,
      mended: 'with the key that the finding names, which the nodes carry, the Pod runs',
    })
  })

  t.test('storage-rwo-shared-rollout: a volume for one Pod', async (t) => {
    const at = space('pod')
    const twice = (replicas: number) => recreated(deployment({ replicas, pod: mounts(['data']) }))
    await at.accept(claim('data', 'volumes-waiting', 'ReadWriteOncePod'), twice(2))
    const pattern = /ReadWriteOncePod access mode already in-use by another pod/
    const message = await waitFor('the second Pod to be refused', async () => {
      const found = (await conditions(at)).find((text) => pattern.test(text))
      return found && seen(found, pattern)
    })
    const finding = await told('storage-rwo-shared-rollout', at, { ...twice(2), metadata: { name: 'other' } })
    t.match(finding, 'run one')
    await at.accept(twice(1))
    await complete(at, 'web')
    prove('storage-rwo-shared-rollout', 'one Pod at a time', finding, {
      applied: 'a Deployment of two replicas that share one ReadWriteOncePod claim',
      outage: 'the second Pod stays Pending',
      by: 'scheduler',
      message: message ?? '',
      mended: 'with one replica the Deployment is complete',
    })
  })

  t.test('storage-default-class-ambiguous', async (t) => {
    // Of its own: a default class would change what every claim without one gets.
    const cluster = await startControlPlane({ nodes: 3 })
    t.teardown(() => cluster.stopAll())
    const webhook = await startWebhook(t, cluster, 'proof-defaults')
    const at = await openNamespace(cluster, 'proof-defaults')
    playProvisioner(t, cluster, waiting, 'zone-0', [at.name])
    playProvisioner(t, cluster, immediate, 'zone-1', [at.name])
    const apply = (object: object) => cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
    const pinnedPod = (name: string, claimName: string) =>
      pod(name, [claimName], { nodeSelector: { [zoneKey]: 'zone-2' } })
    await apply(byDefault(storageClass('volumes-a-default', waiting, 'WaitForFirstConsumer')))
    const second = byDefault(storageClass('volumes-b-default', immediate, 'Immediate'))
    // Ages are counted in seconds: of two made in the same one the name would decide.
    const made = Date.now()
    await waitFor('the clock to move on', () => Date.now() - made > 1_000)
    const refused = await waitFor(
      'the webhook to refuse it',
      () => {
        const metadata = { ...(second as { metadata: object }).metadata, labels: label(webhook) }
        return apply({ ...second, metadata })
      },
      { until: ({ stderr }) => stderr.includes('[storage-default-class-ambiguous]') },
    )
    t.equal(refused.code, 1)
    await apply(second)
    await waitFor('the newest default to be taken', async () => {
      await at.kubectl(['delete', 'pvc', 'data', '--ignore-not-found'])
      await at.accept(unclassed('data'))
      return (await at.get('persistentvolumeclaims/data')).at('spec', 'storageClassName').text === 'volumes-b-default'
    })
    await at.accept(pinnedPod('web', 'data'))
    const message = await unschedulable(at, 'web', wrongZone)
    t.match(refused.stderr, 'set is-default-class: "false" on all but one')
    await cluster.kubectl(['annotate', '--overwrite', 'storageclass', 'volumes-b-default', `${defaultKey}=false`])
    await waitFor('the other default to be taken', async () => {
      await at.kubectl(['delete', 'pvc', 'mended', '--ignore-not-found'])
      await at.accept(unclassed('mended'))
      return (await at.get('persistentvolumeclaims/mended')).at('spec', 'storageClassName').text === 'volumes-a-default'
    })
    await at.accept(pinnedPod('mended', 'mended'))
    await running(at, 'mended')
    prove('storage-default-class-ambiguous', 'second default', refused.stderr, {
      applied:
        'a second default class, which binds at once, a claim without a class and a Pod that may run in one zone only',
      outage: 'the newer default is taken, the volume is made in another zone and the Pod stays Pending',
      by: 'scheduler',
      message,
      mended: 'with `is-default-class: "false"` on the second the claim gets the first and the Pod runs',
    })
  })
})

function fail(what: string): never {
  throw new Error(what)
}

function prove(rule: string, name: string, told: string, rest: Omit<Proof, 'rule' | 'name' | 'finding'>): void {
  record({ rule, name, finding: findingOf(told, rule), ...rest })
}

function input(objects: readonly object[]) {
  return { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) }
}

/** What the webhook says in a namespace that it reviews only for this. */
async function guard(
  cluster: Cluster,
  webhook: Webhook,
  namespace: Namespace,
  rule: string,
  command: () => Promise<CommandResult>,
): Promise<string> {
  await cluster.kubectl(['label', '--overwrite', 'namespace', namespace.name, `${webhookLabel}=${webhook.name}`])
  const { stderr } = await waitFor(`the webhook to speak of ${rule}`, command, {
    until: ({ stderr }) => stderr.includes(`[${rule}]`),
  })
  return stderr
}

function label(webhook: Webhook): object {
  return { [webhookLabel]: webhook.name }
}
