import t from 'tap'
import { runExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'

/** What a rule tells people to type, for an object beside others. */
function fixes(id: string, object: string, inventory = ''): string[] {
  const policy = policies.find((each) => each.id === id)
  if (!policy) throw new Error(id)
  const { findings } = runExample(policies, policy, { name: 'tried', object, inventory })
  return findings.filter(({ rule }) => rule === id).map(({ fix }) => fix)
}

t.test('an autoscaler of autoscaling/v1 has no target to change', async (t) => {
  const web = `{ kind: Deployment, metadata: { name: web }, spec: { template: { spec: { containers: [{ name: web }] } } } }`
  const scaled = (apiVersion: string) =>
    `{ apiVersion: ${apiVersion}, kind: HorizontalPodAutoscaler, spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`
  const fix = (apiVersion: string) => fixes('compute-hpa-metric-without-requests', scaled(apiVersion), web)
  t.match(fix('autoscaling/v1'), [/move to autoscaling\/v2/])
  t.match(fix('autoscaling/v2'), [/target\.type: AverageValue/])
})

t.test('nothing is requested at most 0 times', async (t) => {
  const node = '{ kind: Node, metadata: { name: a }, status: { allocatable: { cpu: "4", memory: 16Gi } } }'
  for (const resource of ['hugepages-2Mi', 'nvidia.com/gpu', 'ephemeral-storage']) {
    const pod = `{ kind: Pod, spec: { containers: [{ name: web, resources: { limits: { ${resource}: 1 } } }] } }`
    const found = fixes('compute-request-exceeds-node', pod, node)
    t.equal(found.length, 1, resource)
    t.notMatch(found[0], /at most 0/)
  }
})

t.test('a number that has to stay is offered only where another can go', async (t) => {
  const over = '{ kind: PodDisruptionBudget, spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } } }'
  const template = 'template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web }] } }'
  const owner = (kind: string, more = '') => `{ kind: ${kind}, metadata: { name: web }, spec: { ${more}${template} } }`
  const fix = (...others: string[]) => fixes('compute-pdb-unscalable-owner', over, others.join('\n---\n'))
  const own = 'give its pods a label of their own'
  t.same(fix(owner('Job'), owner('Deployment', 'replicas: 1, ')), [own])
  t.same(fix(owner('Job'), owner('Deployment', 'replicas: 2, ')), [
    `${own}, or set minAvailable to a number below the replicas`,
  ])
  const pod = (name: string) =>
    `{ kind: Pod, metadata: { name: ${name}, labels: { app: web } }, spec: { containers: [{ name: web }] } }`
  t.same(fix(pod('a')), ['run it as a Deployment'])
  t.match(fix(pod('a'), pod('b')), [/or set an integer minAvailable/])
})

t.test('replicas are not offered where an autoscaler takes them away again', async (t) => {
  const budget = '{ kind: PodDisruptionBudget, spec: { minAvailable: 3, selector: { matchLabels: { app: web } } } }'
  const template = 'template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web }] } }'
  const web = `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 3, ${template} } }`
  const autoscaler =
    '{ kind: HorizontalPodAutoscaler, spec: { minReplicas: 2, maxReplicas: 9, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }'
  t.match(fixes('compute-pdb-deadlock', budget, web), [/ or run 4 replicas$/])
  t.match(fixes('compute-pdb-deadlock', budget, `${web}\n---\n${autoscaler}`), [/ or set minReplicas so that 4 stay$/])
})

t.test('whoever writes a Deployment is told what to type before whom to ask', async (t) => {
  const open = `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web }] } } } }`
  t.match(fixes('compute-cpu-limit', open), [/^set limits\.cpu of web, such as 500m.*; .*ask the platform team/])
})

t.test('no limit is proposed that is below the request beside it', async (t) => {
  const fix = (requests: string, limits: string) =>
    fixes(
      'compute-quantity-suspicious',
      `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: ${requests}, limits: ${limits} } }] } }`,
    )
  t.strictSame(fix('{ cpu: 2, memory: 16Gi }', '{ cpu: 128, memory: 1Ti }'), [
    'write no more cores than a node has, 2 or more',
    'write no more than a node has, 16Gi or more',
  ])
  t.strictSame(fix('{ memory: 1Gi }', '{ memory: 2Ti }'), ['write 2Gi, if that is meant'])
  t.strictSame(fix('{ memory: 128Mi }', '{ memory: 512Ti }'), ['write 512Gi or 512Mi, if that is meant'])
  t.strictSame(fix('{ memory: 2Ti }', '{ memory: 2Ti }'), ['write 2Gi or 2Mi, if that is meant'], 'both are put right')
  t.match(fix('{ memory: 256Mi }', '{ memory: 128m }'), ['write a whole amount, 256Mi or more'])
  t.match(fix('{ memory: 64 }', '{ memory: 128 }'), ['write 128Mi, or whatever whole amount is meant'])
})
