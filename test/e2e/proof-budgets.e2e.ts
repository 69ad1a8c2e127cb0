import { join } from 'node:path'
import t from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { context } from './support/case.ts'
import { causeOf, proveDrain, type DrainProof } from './support/drain-proof.ts'
import { counted, drain, refusedAgain, settled, stuckDrain } from './support/drain.ts'
import { findingOf, record, recordDenial, seen, snippetOf } from './support/evidence.ts'
import { openNamespace, type Namespace } from './support/namespace.ts'
import { addPool, autoscaler, budget, daemonSet, deployment, inPool, job } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const evictionRefused = /Cannot evict pod as it would violate the pod's disruption budget\./
const twoZones = ['zone-0', 'zone-1']

interface Case {
  readonly rule: string
  readonly name: string
  readonly spec: object
  readonly finding: RegExp
  /** What the finding says to type. Without replicas it is the YAML of the finding that is applied. */
  readonly fix: string
  readonly replicas?: number
}

const blocksAll = { rule: 'compute-pdb-blocks-all', finding: /allows 0 disruptions/, fix: 'maxUnavailable: 1' }
const deadlock = {
  rule: 'compute-pdb-deadlock',
  finding: /covers 2 replicas of Deployment\/web: 0 disruptions allowed/,
}

const cases: readonly Case[] = [
  { ...blocksAll, name: 'maxUnavailable 0', spec: { maxUnavailable: 0 } },
  { ...blocksAll, name: 'minAvailable 100%', spec: { minAvailable: '100%' } },
  { ...blocksAll, name: 'neither field', spec: {} },
  {
    ...deadlock,
    name: 'minAvailable 2',
    spec: { minAvailable: 2 },
    fix: 'maxUnavailable: 1',
  },
  {
    ...deadlock,
    name: 'minAvailable 2, and one replica more',
    spec: { minAvailable: 2 },
    fix: 'run 3 replicas',
    replicas: 3,
  },
]

const web = (pool: string): object => deployment({ pod: inPool(pool) })
const agent = (pool: string): object => daemonSet({ name: 'agent', pod: inPool(pool) })
const scaleless = /\w+ does not implement the scale subresource/
const one = budget({ maxUnavailable: 1 })

const owners: readonly DrainProof[] = [
  {
    rule: 'compute-pdb-overlap',
    name: 'two budgets',
    id: 'pdb-overlap',
    applied: 'a Deployment of two replicas with two PodDisruptionBudgets, `maxUnavailable: 1` each',
    outage: '`kubectl drain` gives up at once, and both budgets look healthy',
    by: 'API server, eviction, HTTP 500',
    before: (pool) => [web(pool), { ...one, metadata: { name: 'older' } }],
    faulty: one,
    message: /This pod has more than one PodDisruptionBudget, which the eviction subresource does not support\./,
    finding: /match PDBs .*: no eviction is served/,
    fix: 'delete one of them',
    typed: () => undefined,
    mended: 'with one of them the node drains',
  },
  {
    rule: 'compute-pdb-unscalable-owner',
    name: 'a DaemonSet',
    id: 'pdb-daemonset',
    applied: 'a Deployment and a DaemonSet with the same label under one PodDisruptionBudget, `maxUnavailable: 1`',
    outage: '`kubectl drain` is refused again and again and never ends',
    by: 'disruption controller, condition DisruptionAllowed',
    before: (pool) => [web(pool), daemonSet({ name: 'agent', app: 'web', pod: inPool(pool) })],
    faulty: one,
    then: synced,
    message: scaleless,
    finding: /covers DaemonSet\/agent, which has no scale: 0 disruptions allowed/,
    fix: 'set minAvailable to a number below the replicas',
    typed: () => budget({ minAvailable: 1 }),
    mended: 'with `minAvailable: 1` the node drains',
  },
  {
    rule: 'compute-pdb-unscalable-owner',
    name: 'a Job that has ended',
    id: 'pdb-job',
    applied: 'a Deployment and a Job with the same label under one PodDisruptionBudget, `maxUnavailable: 1`',
    outage: 'the Job has ended long since, and `kubectl drain` is refused again and again and never ends',
    by: 'disruption controller, condition DisruptionAllowed',
    before: (pool) => [web(pool), job({ name: 'migrate', app: 'web' })],
    faulty: one,
    then: async (open) => {
      await waitFor(
        'the Job to end',
        async () => (await open.get('batch/v1/jobs/migrate')).at('status', 'succeeded').value,
      )
      await synced(open)
    },
    message: scaleless,
    finding: /covers Job\/migrate, which has no scale: 0 disruptions allowed/,
    fix: 'set minAvailable to a number below the replicas',
    typed: () => budget({ minAvailable: 1 }),
    mended: 'with `minAvailable: 1` the node drains, whatever the Job has left',
  },
  {
    rule: 'compute-pdb-selector',
    name: 'every pod of the namespace',
    id: 'pdb-empty',
    applied: 'a PodDisruptionBudget with `selector: {}`, in a namespace with a Deployment and a DaemonSet',
    outage: '`kubectl drain` is refused again and again and never ends',
    by: 'disruption controller, condition DisruptionAllowed',
    before: (pool) => [web(pool), agent(pool)],
    faulty: budget({ maxUnavailable: 1, selector: {} }),
    then: synced,
    message: scaleless,
    finding: /selects every pod of the namespace/,
    fix: 'set selector.matchLabels to the labels of the pod template',
    typed: () => one,
    mended: 'with the labels of the Deployment the node drains',
  },
  {
    rule: 'compute-pdb-deadlock',
    name: 'an autoscaler at its minimum',
    id: 'pdb-hpa',
    applied: 'a Deployment under an autoscaler with `minReplicas: 2`, with a PodDisruptionBudget, `minAvailable: 2`',
    outage: 'once it is scaled down to two replicas, `kubectl drain` is refused again and again and never ends',
    by: 'API server, eviction',
    before: (pool) => [deployment({ pod: inPool(pool), replicas: 3 }), autoscaler({ minReplicas: 2, maxReplicas: 5 })],
    faulty: budget({ minAvailable: 2 }),
    // As the autoscaler does when there is no load.
    then: async (open) => {
      await open.kubectl(['scale', 'deployment', 'web', '--replicas=2'])
      await settled(open)
      await counted(open, 2)
    },
    message: /The disruption budget web needs 2 healthy pods and has 2 currently/,
    finding: /covers 2 replicas of Deployment\/web left by the autoscaler: 0 disruptions allowed/,
    fix: 'set maxUnavailable: 1',
    typed: () => one,
    mended: 'with `maxUnavailable: 1` the node drains',
  },
]

t.test('disruption budgets', async (t) => {
  t.jobs = cases.length + owners.length + 2
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-budgets')

  t.test('what a refused user reads', async (t) => {
    const { name } = await openNamespace(cluster, 'denial', webhook.name)
    const folder = t.testdir({ 'budget.yaml': JSON.stringify(budget({ maxUnavailable: 0 })) })
    const { code, stderr } = await cluster.kubectl(['--namespace', name, 'apply', '-f', join(folder, 'budget.yaml')])
    t.equal(code, 1)
    const text = stderr.replaceAll(`${folder}/`, '')
    t.match(text, /^Error from server \(Forbidden\): error when creating "budget.yaml": admission webhook /)
    recordDenial('kubectl apply -f budget.yaml', text)
  })

  for (const proof of owners) t.test(`${proof.rule}: ${proof.name}`, (t) => proveDrain(t, cluster, webhook, proof))

  t.test('compute-pdb-unhealthy-policy: a pod that crashes', async (t) => {
    const strict = await startWebhook(t, cluster, 'proof-budgets-strict', { profile: 'strict' })
    const sound = (pool: string): object => deployment({ pod: inPool(pool), replicas: 1, container: { env: context } })
    await proveDrain(t, cluster, strict, {
      rule: 'compute-pdb-unhealthy-policy',
      name: 'a pod that crashes',
      id: 'pdb-crash',
      applied: 'a Deployment of one replica with a PodDisruptionBudget, `maxUnavailable: 1`',
      outage: 'the pod is not Ready, and `kubectl drain` is refused again and again for as long as it is not',
      by: 'API server, eviction',
      before: (pool) => [sound(pool)],
      faulty: one,
      then: async (open) => {
        const pod = (await open.get('pods')).at('items', 0, 'metadata', 'name').text
        const status = { conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }] }
        const path = `/api/v1/namespaces/${open.name}/pods/${pod}/status`
        const merge = { contentType: 'application/strategic-merge-patch+json' }
        t.equal((await cluster.request('PATCH', path, { status }, merge)).status, 200)
        await counted(open, 0)
      },
      message: /The disruption budget web needs 0 healthy pods and has 0 currently/,
      finding: /needs 0 healthy pods, and so protects broken ones/,
      fix: 'set unhealthyPodEvictionPolicy: AlwaysAllow',
      typed: (_, snippet) => budget({ maxUnavailable: 1, ...snippet() }),
      mended: 'with `unhealthyPodEvictionPolicy: AlwaysAllow` the node drains',
    })
  })

  for (const { rule, name, spec, finding, fix, replicas } of cases) {
    t.test(`${rule}: ${name}`, async (t) => {
      const id = `${rule.slice(8)}-${name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/-$/, '')}`

      const outage = async (): Promise<string> => {
        await addPool(cluster, id, twoZones)
        const open = await openNamespace(cluster, id)
        await open.accept(deployment({ pod: inPool(id) }), budget(spec))
        const node = await settled(open)
        await counted(open, 2)
        const { code, stderr } = await stuckDrain(cluster, node)
        t.not(code, 0, 'the drain does not end')
        t.match(stderr, refusedAgain, 'it is refused, and again five seconds later')
        return `${seen(stderr, evictionRefused)} ${await causeOf(cluster, open)}`
      }

      const guarded = async (): Promise<string> => {
        const pool = `${id}-mended`
        await addPool(cluster, pool, twoZones)
        const open = await openNamespace(cluster, pool, webhook.name)
        await open.accept(deployment({ pod: inPool(pool) }))
        await settled(open)
        const refused = await webhook.refusal(() => open.apply(budget(spec)))
        t.match(refused, finding)
        t.match(refused, fix, 'says what to type')
        const typed = replicas ? spec : snippetOf(refused, rule).at('spec').value
        const workload = deployment({ pod: inPool(pool), replicas: replicas ?? 2 })
        // The webhook learns of more replicas by its watch.
        await webhook.passing(() => open.apply(workload, budget(Object(typed) as object)))
        const node = await settled(open)
        await counted(open, replicas ?? 2)
        const { code, stderr } = await drain(cluster, node)
        t.equal(code, 0, `drains with the fix: ${stderr}`)
        return findingOf(refused, rule)
      }

      const [message, text] = await Promise.all([outage(), guarded()])
      record({
        rule,
        name,
        applied: `a Deployment of two replicas with a PodDisruptionBudget, ${inWords(spec)}`,
        outage: '`kubectl drain` is refused again and again and never ends',
        by: 'API server, eviction',
        message,
        finding: text,
        mended: `with \`${fix}\` the node drains`,
      })
    })
  }
})

/** Waits until the disruption controller has said what it makes of the budget. */
function synced(open: Namespace): Promise<unknown> {
  return waitFor('the budget to be counted', async () => {
    const status = (await open.get('policy/v1/poddisruptionbudgets/web')).at('status', 'conditions', 0)
    return status.at('reason').value
  })
}

function inWords(spec: object): string {
  const [field] = Object.entries(spec).map(([key, value]: [string, unknown]) => `\`${key}: ${String(value)}\``)
  return field ?? 'neither `minAvailable` nor `maxUnavailable`'
}
