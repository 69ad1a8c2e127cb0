import t from 'tap'
import { runExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'

/** What a rule tells people to type, for an object beside others. */
function fixes(id: string, object: string, inventory: string): string[] {
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
