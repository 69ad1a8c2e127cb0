import type { Test } from 'tap'
import type { Cluster } from '../../control-plane/cluster.ts'
import { waitFor } from '../../control-plane/wait.ts'
import { drain, settled, stuckDrain } from './drain.ts'
import { findingOf, record, seen, snippetOf, type Proof } from './evidence.ts'
import { list, openNamespace, type Namespace } from './namespace.ts'
import { addPool } from './objects.ts'
import type { Webhook } from './webhook.ts'

/** A drain that gets stuck, and what is typed so that it does not. */
export interface DrainProof extends Pick<Proof, 'rule' | 'name' | 'applied' | 'outage' | 'by' | 'mended'> {
  /** Names the nodes and namespaces. */
  readonly id: string
  /** What is there before the budget; its Pods go to the pool. */
  readonly before: (pool: string) => readonly object[]
  /** What happens before the drain, once the budget is there. */
  readonly then?: (namespace: Namespace) => Promise<unknown>
  readonly faulty: object
  /** What the user reads, of what a drain or the budget says. */
  readonly message: RegExp
  readonly finding: RegExp
  /** What it says to do. */
  readonly fix: string
  /** The budget with what the finding says to type: its text, or the YAML that it proposes. */
  readonly typed: (said: string, snippet: () => object) => object | undefined
}

/** Drains a node without the webhook, under its guard, and with what it says to type. */
export async function proveDrain(t: Test, cluster: Cluster, webhook: Webhook, proof: DrainProof): Promise<void> {
  const { rule, id, before, then, faulty, message, finding, fix, typed } = proof
  const zones = ['zone-0', 'zone-1']

  const outage = async (): Promise<string> => {
    await addPool(cluster, id, zones)
    const open = await openNamespace(cluster, id)
    await open.accept(...before(id))
    await settled(open)
    await open.accept(faulty)
    await then?.(open)
    const { code, stderr } = await stuckDrain(cluster, await nodeOf(open))
    t.not(code, 0, 'the drain does not end')
    return seen(`${stderr}\n${await conditionOf(open)}\n${await causeOf(cluster, open)}`, message)
  }

  const guarded = async (): Promise<string> => {
    const pool = `${id}-mended`
    await addPool(cluster, pool, zones)
    const open = await openNamespace(cluster, pool, webhook.name)
    await open.accept(...before(pool))
    await settled(open)
    // The webhook learns of all this by its watch.
    const said = await waitFor(
      `the webhook to know ${pool}`,
      () => open.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: list([faulty]) }),
      { until: ({ stderr }) => stderr.includes(`[${rule}] `) },
    )
    const text = findingOf(said.stderr, rule)
    t.match(text, finding)
    t.match(said.stderr, fix, 'says what to type')
    const mended = typed(said.stderr, () => Object(snippetOf(said.stderr, rule).at('spec').value) as object)
    if (mended) await webhook.passing(() => open.apply(mended))
    await then?.(open)
    const { code, stderr } = await waitFor('the drain', async () => drain(cluster, await nodeOf(open)))
    t.equal(code, 0, `drains with the fix: ${stderr}`)
    return text
  }

  const [seenMessage, text] = await Promise.all([outage(), guarded()])
  const { name, applied, outage: what, by, mended } = proof
  record({ rule, name, applied, outage: what, by, message: seenMessage, finding: text, mended })
}

/** A node of the pool on which a Pod of the Deployment runs. */
async function nodeOf({ get, name }: Namespace): Promise<string> {
  const nodes = (await get('pods')).at('items').items.flatMap((pod) => {
    const owner = pod.at('metadata', 'ownerReferences', 0, 'kind').text
    return owner === 'ReplicaSet' ? [pod.at('spec', 'nodeName').text] : []
  })
  const [node] = nodes
  if (!node) throw new Error(`no Pod of a Deployment in ${name}`)
  return node
}

async function conditionOf({ get }: Namespace): Promise<string> {
  const budgets = (await get('policy/v1/poddisruptionbudgets')).at('items').items
  return budgets.map((budget) => budget.at('status', 'conditions', 0, 'message').text).join('\n')
}

/** What kubectl leaves out of the API server's answer. */
export async function causeOf(cluster: Cluster, { name, get }: Namespace): Promise<string> {
  const pod = (await get('pods')).at('items', 0, 'metadata', 'name').text
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: name } }
  const { body } = await cluster.request('POST', `/api/v1/namespaces/${name}/pods/${pod}/eviction?dryRun=All`, eviction)
  return body.at('details', 'causes', 0, 'message').text
}
