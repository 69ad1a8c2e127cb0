import { join } from 'node:path'
import t from 'tap'
import type { Cluster } from '../control-plane/cluster.ts'
import { counted, drain, settled } from './support/drain.ts'
import { findingOf, record, recordDenial, seen, snippetOf } from './support/evidence.ts'
import { openNamespace, type Namespace } from './support/namespace.ts'
import { addPool, budget, deployment, inPool } from './support/objects.ts'
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

t.test('disruption budgets', async (t) => {
  t.jobs = cases.length + 1
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
        const { code, stderr } = await drain(cluster, node, 7)
        t.not(code, 0, 'the drain does not end')
        t.match(stderr, /(will retry after 5s[^]*){2}/, 'it is refused, and again five seconds later')
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
        const { code, stderr } = await drain(cluster, node, 60)
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

/** What kubectl leaves out of the API server's answer. */
async function causeOf(cluster: Cluster, { name, get }: Namespace): Promise<string> {
  const pod = (await get('pods')).at('items', 0, 'metadata', 'name').text
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: name } }
  const { body } = await cluster.request('POST', `/api/v1/namespaces/${name}/pods/${pod}/eviction`, eviction)
  return body.at('details', 'causes', 0, 'message').text
}

function inWords(spec: object): string {
  const [field] = Object.entries(spec).map(([key, value]: [string, unknown]) => `\`${key}: ${String(value)}\``)
  return field ?? 'neither `minAvailable` nor `maxUnavailable`'
}
