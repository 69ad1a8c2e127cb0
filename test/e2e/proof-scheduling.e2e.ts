import t from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { drain, settled } from './support/drain.ts'
import { findingOf, record, seen, snippetOf } from './support/evidence.ts'
import { openNamespace, type Namespace } from './support/namespace.ts'
import { addPool, apart, deployment, inPool, spread } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const hostname = 'kubernetes.io/hostname'
const skew = /didn't match pod topology spread constraints/

t.test('pods that no node takes', async (t) => {
  t.jobs = 3
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-scheduling')

  t.test('compute-hard-anti-affinity', async (t) => {
    const rule = 'compute-hard-anti-affinity'
    const pool = 'proof-apart'
    await addPool(cluster, pool, ['zone-0', 'zone-1'])
    const three = { replicas: 3, pod: { ...inPool(pool), ...apart('web', hostname) } }
    const open = await openNamespace(cluster, pool)
    await open.accept(deployment(three))
    const message = await pending(open, /didn't match pod anti-affinity rules/)
    const guarded = await openNamespace(cluster, `${pool}-mended`, webhook.name)
    const refused = await webhook.refusal(() => guarded.apply(deployment(three)))
    const affinity: unknown = snippetOf(refused, rule).at('affinity').value
    await guarded.accept(deployment({ replicas: 3, pod: { ...inPool(pool), affinity } }))
    await settled(guarded)
    record({
      rule,
      name: 'more replicas than nodes',
      applied: 'three replicas that must not share a node, on two nodes',
      outage: 'two run, and the third stays Pending beside idle nodes',
      by: 'scheduler',
      message,
      finding: findingOf(refused, rule),
      mended: 'with a preference all three run',
    })
    t.match(refused, '3 replicas, 2 domains')
  })

  for (const [name, spoil] of [
    ['tainted', (node: string) => cluster.kubectl(['taint', 'node', node, 'day2.test/gpu=1:NoSchedule'])],
    ['cordoned', (node: string) => cluster.kubectl(['cordon', node])],
  ] as const) {
    t.test(`compute-hard-topology-spread: a ${name} node`, async (t) => {
      const rule = 'compute-hard-topology-spread'
      const pool = `proof-${name}`
      const [, , last = ''] = await addPool(cluster, pool, ['zone-0', 'zone-1', 'zone-2'])
      await spoil(last)
      const spreads = (more: object) => ({
        replicas: 3,
        pod: { ...inPool(pool), ...spread('web', { topologyKey: hostname, ...more }) },
      })
      const open = await openNamespace(cluster, pool)
      await open.accept(deployment(spreads({})))
      const message = await pending(open, skew)
      const guarded = await openNamespace(cluster, `${pool}-mended`, webhook.name)
      const warned = await guarded.apply(deployment(spreads({})))
      const finding = findingOf(only(warned.stderr, /tainted, cordoned or not ready/), rule)
      t.match(finding, '3 replicas, room for 2; set nodeTaintsPolicy: Honor')
      await guarded.accept(deployment(spreads({ nodeTaintsPolicy: 'Honor' })))
      await settled(guarded)
      record({
        rule,
        name: `${name} node`,
        applied: `three replicas spread by DoNotSchedule over three nodes, one of them ${name}`,
        outage: 'two run, and the third stays Pending: the third node counts as empty',
        by: 'scheduler',
        message,
        finding,
        mended: 'with `nodeTaintsPolicy: Honor` all three run',
      })
    })
  }

  t.test('compute-hard-topology-spread: nodes that the pod rules out', async (t) => {
    const rule = 'compute-hard-topology-spread'
    const pool = 'proof-affinity'
    await addPool(cluster, pool, ['zone-0'])
    const spreads = (more: object) => ({
      pod: { ...inPool(pool), ...spread('web', { topologyKey: hostname, nodeTaintsPolicy: 'Honor', ...more }) },
    })
    const open = await openNamespace(cluster, pool)
    await open.accept(deployment(spreads({ nodeAffinityPolicy: 'Ignore' })))
    const message = await pending(open, skew)
    const guarded = await openNamespace(cluster, `${pool}-mended`, webhook.name)
    const warned = await guarded.apply(deployment(spreads({ nodeAffinityPolicy: 'Ignore' })))
    const finding = findingOf(only(warned.stderr, /ruled out by itself/), rule)
    t.match(finding, '2 replicas, room for 1; leave nodeAffinityPolicy out')
    await guarded.accept(deployment(spreads({})))
    await settled(guarded)
    record({
      rule,
      name: 'nodes that the pod rules out',
      applied: 'two replicas for one pool of nodes, spread by DoNotSchedule with `nodeAffinityPolicy: Ignore`',
      outage: 'one runs, and the other stays Pending: nodes of other pools count as empty',
      by: 'scheduler',
      message,
      // Which of the other nodes it names is no matter.
      finding: finding.replace(/counts \S+( and \d+ more)?, ruled/, 'counts …, ruled'),
      mended: 'without the field both run',
    })
  })

  t.test('compute-hard-topology-spread: a label that no node has', async (t) => {
    const rule = 'compute-hard-topology-spread'
    const racks = (topologyKey: string) => deployment({ pod: spread('web', { topologyKey }) })
    const open = await openNamespace(cluster, 'proof-rack')
    await open.accept(racks('day2.test/rack'))
    const message = await pending(open, /didn't match pod topology spread constraints \(missing required label\)/)
    const guarded = await openNamespace(cluster, 'proof-rack-mended', webhook.name)
    const refused = await webhook.refusal(() => guarded.apply(racks('day2.test/rack')))
    const line = findingOf(only(refused, /which none of/), rule)
    t.match(refused, 'name a label of the nodes, such as kubernetes.io/hostname')
    await guarded.accept(racks(hostname))
    await settled(guarded)
    record({
      rule,
      name: 'a label that no node has',
      applied: 'a Deployment spread by DoNotSchedule over a label that no node carries',
      outage: 'no pod is ever placed',
      by: 'scheduler',
      message,
      finding: line.replace(/none of \d+ nodes/, 'none of … nodes'),
      mended: 'with `kubernetes.io/hostname` all run',
    })
  })

  t.test('compute-node-pinning', async (t) => {
    const rule = 'compute-node-pinning'
    const pool = 'proof-pinned'
    const [node = ''] = await addPool(cluster, pool, ['zone-0'])
    const open = await openNamespace(cluster, pool)
    const tolerations = [{ operator: 'Exists', effect: 'NoExecute' }]
    await open.accept(
      deployment({ replicas: 1, pod: { nodeName: node, tolerations } }),
      deployment({ name: 'host', replicas: 1, pod: { ...inPool(pool), nodeSelector: { [hostname]: node } } }),
    )
    await settled(open)
    await settled(open, 'host')
    const before = await podOf(open, 'web')
    await drain(cluster, node)
    const after = await waitFor('another Pod on the cordoned node', () => podOf(open, 'web'), {
      until: (pod) => pod !== '' && pod !== before,
    })
    t.ok(after, 'the replacement is back on the node')
    const message = await pending(open, /were unschedulable/)
    const nodes = await cluster.kubectl(['get', 'node', node])
    const guarded = await openNamespace(cluster, `${pool}-mended`, webhook.name)
    const refused = await webhook.refusal(() => guarded.apply(deployment({ replicas: 1, pod: { nodeName: node } })))
    const affinity: unknown = snippetOf(refused, rule).at('affinity').value
    await guarded.accept(deployment({ replicas: 1, pod: { affinity } }))
    t.not(await settled(guarded), node, 'runs on another node')
    const common = { rule, mended: 'with a preference the pod runs on another node', finding: findingOf(refused, rule) }
    record({
      ...common,
      name: 'nodeName',
      applied: 'a Deployment whose template names its node; the node is drained',
      outage: 'the replacement of the evicted pod is back on the cordoned node, which is never empty',
      by: '`kubectl get node`, while the new pod runs there',
      message: seen(nodes.stdout, /Ready,SchedulingDisabled/),
    })
    record({
      ...common,
      name: 'hostname',
      applied: 'a Deployment whose nodeSelector is one host; the node is drained',
      outage: 'the replacement stays Pending until the node is back',
      by: 'scheduler',
      message,
    })
  })

  t.test('compute-request-exceeds-node', async (t) => {
    const rule = 'compute-request-exceeds-node'
    const pool = 'proof-size'
    await addPool(cluster, pool, ['zone-0', 'zone-1'], '4')
    const asking = (cpu: string) =>
      deployment({
        replicas: 1,
        pod: inPool(pool),
        resources: { requests: { cpu, memory: '1Gi' }, limits: { cpu, memory: '1Gi' } },
      })
    const open = await openNamespace(cluster, pool)
    await open.accept(asking('6'))
    const message = await pending(open, /Insufficient cpu/)
    const guarded = await openNamespace(cluster, `${pool}-mended`, webhook.name)
    const warned = await guarded.apply(asking('6'))
    const finding = findingOf(warned.stderr, rule)
    t.match(finding, 'request at most 4')
    await guarded.accept(asking('4'))
    await settled(guarded)
    record({
      rule,
      name: 'more than a node has',
      applied: 'a pod that requests 6 cpu, where two idle nodes allocate 4 each',
      outage: 'the pod stays Pending although 8 cpu are free',
      by: 'scheduler',
      message,
      finding,
      mended: 'with a request of 4 it runs',
    })
  })
})

/** Waits until the scheduler says so of a Pod, and returns its words. */
async function pending(namespace: Namespace, words: RegExp): Promise<string> {
  const messages = await waitFor(`a Pod of ${namespace.name} to be Pending: ${words}`, () => unschedulable(namespace), {
    until: (all) => all.some((message) => words.test(message)),
  })
  return seen(messages.join('\n'), words)
}

async function unschedulable(namespace: Namespace): Promise<string[]> {
  const pods = (await namespace.get('pods')).at('items').items
  const conditions = pods.flatMap((pod) => pod.at('status', 'conditions').items)
  return conditions.filter((each) => each.at('reason').text === 'Unschedulable').map((each) => each.at('message').text)
}

/** The name of a Pod of an app that runs and is not on its way out. */
async function podOf(namespace: Namespace, app: string): Promise<string> {
  const pods = (await namespace.get('pods'))
    .at('items')
    .items.filter(
      (pod) => pod.at('metadata', 'labels', 'app').text === app && !pod.at('metadata', 'deletionTimestamp').text,
    )
  return pods.find((pod) => pod.at('status', 'phase').text === 'Running')?.at('metadata', 'name').text ?? ''
}

/** The lines of a text that a pattern matches: one rule may find several things. */
function only(text: string, pattern: RegExp): string {
  return text
    .split('\n')
    .filter((line) => pattern.test(line))
    .join('\n')
}
