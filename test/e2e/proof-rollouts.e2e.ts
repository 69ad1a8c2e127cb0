import t from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { settled } from './support/drain.ts'
import { findingOf, record, seen } from './support/evidence.ts'
import { openNamespace, type Namespace } from './support/namespace.ts'
import { addPool, apart, deployment, inPool, oneByOne, type WorkloadOptions } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const rule = 'compute-rollout-deadlock'
const hostname = 'kubernetes.io/hostname'
const newImage = { image: 'registry.example/web:2.0' }

t.test('rollouts that cannot take their first step', async (t) => {
  t.jobs = 4
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-rollouts')

  const cases: readonly {
    readonly name: string
    readonly applied: string
    readonly outage: string
    readonly words: RegExp
    readonly options: WorkloadOptions
    readonly beside?: (namespace: string) => readonly object[]
    readonly fix?: object
    readonly mended?: string
  }[] = [
    {
      name: 'anti-affinity',
      applied: 'two replicas that must not share a node, on two nodes; then another image',
      outage: 'the new pod stays Pending and no old one goes',
      words: /didn't match pod anti-affinity rules/,
      options: { pod: apart('web', hostname) },
    },
    {
      name: 'host port',
      applied: 'two replicas that take a port of the node, on two nodes; then another image',
      outage: 'the new pod stays Pending and no old one goes',
      words: /didn't have free ports for the requested pod ports/,
      options: { container: { ports: [{ containerPort: 8080, hostPort: 18080 }] } },
    },
    {
      name: 'quota',
      applied: 'two replicas under a quota of two pods; then another image',
      outage: 'the new pod is refused and no old one goes',
      words: /exceeded quota: team/,
      options: {},
      beside: () => [
        { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' }, spec: { hard: { pods: '2' } } },
      ],
    },
    {
      name: 'claim for one pod',
      applied: 'one replica that mounts a ReadWriteOncePod claim; then another image',
      outage: 'the new pod stays Pending and the old one does not go',
      words: /ReadWriteOncePod access mode already in-use by another pod/,
      options: { replicas: 1, pod: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } },
      beside: volume,
      fix: { type: 'Recreate' },
      mended: 'with `type: Recreate` the rollout ends',
    },
  ]
  for (const { name, applied, outage, words, options, beside, fix = oneByOne, ...more } of cases) {
    t.test(`${rule}: ${name}`, async () => {
      const pool = `proof-roll-${name.replaceAll(' ', '-')}`
      await addPool(cluster, pool, ['zone-0', 'zone-1'])
      const web = (changed: WorkloadOptions = {}) =>
        deployment({
          ...options,
          ...changed,
          pod: { ...inPool(pool), ...options.pod },
          container: { ...options.container, ...changed.container },
        })
      const open = await openNamespace(cluster, pool)
      await open.accept(...(beside?.(open.name) ?? []), web())
      await settled(open)
      await open.accept(web({ container: newImage }))
      const message = await stands(open, words)
      // The nodes, and their ports, are for the mended ones now.
      await open.kubectl(['delete', 'deployment', 'web', '--cascade=foreground'])

      const guarded = await openNamespace(cluster, `${pool}-mended`, webhook.name)
      if (beside) await guarded.accept(...beside(guarded.name))
      const said = await waitFor(
        'the finding',
        async () =>
          (await guarded.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: JSON.stringify(web()) })).stderr,
        {
          until: (stderr) => stderr.includes(`[${rule}]`),
        },
      )
      await guarded.accept(web({ strategy: fix }))
      await settled(guarded)
      await guarded.accept(web({ strategy: fix, container: newImage }))
      await moved(guarded)
      const mended = more.mended ?? 'with `maxUnavailable: 1, maxSurge: 0` the rollout ends'
      record({
        rule,
        name,
        applied,
        outage,
        by: name === 'quota' ? 'ReplicaSet controller, event FailedCreate' : 'scheduler',
        message,
        finding: findingOf(said, rule),
        mended,
      })
    })
  }
})

/** A volume for one pod at a time, kept for the claim beside it. */
function volume(namespace: string): object[] {
  const spec = { accessModes: ['ReadWriteOncePod'], storageClassName: '' }
  const name = `${namespace}-data`
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        ...spec,
        capacity: { storage: '1Gi' },
        csi: { driver: 'csi.example', volumeHandle: name },
        claimRef: { namespace, name: 'data' },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { ...spec, volumeName: name, resources: { requests: { storage: '1Gi' } } },
    },
  ]
}

/** Waits until a new Pod is held up in these words, by the scheduler or by the quota. */
async function stands(namespace: Namespace, words: RegExp): Promise<string> {
  const texts = await waitFor(
    `the rollout of ${namespace.name} to stand still`,
    async () => {
      const pods = (await namespace.get('pods')).at('items').items
      const conditions = pods.flatMap((pod) => pod.at('status', 'conditions').items)
      return [...conditions.map((each) => each.at('message').text), ...(await namespace.events('FailedCreate'))]
    },
    { until: (all) => all.some((text) => words.test(text)) },
  )
  return seen(texts.join('\n'), words)
}

/** Waits until all Pods are of the new revision and Ready. */
async function moved(namespace: Namespace): Promise<void> {
  await waitFor(`the rollout of ${namespace.name} to end`, async () => {
    const seen = await namespace.get('apps/v1/deployments/web')
    const [wanted, status] = [seen.at('spec', 'replicas').value, seen.at('status')]
    const isNew = seen.at('metadata', 'generation').value === status.at('observedGeneration').value
    return isNew && wanted === status.at('updatedReplicas').value && wanted === status.at('readyReplicas').value
  })
}
