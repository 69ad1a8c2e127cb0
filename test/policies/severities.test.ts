import t from 'tap'
import { runExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import type { Policy } from '../../src/sdk/policy.ts'

/** What becomes of each failing example: its name, and the severities of its findings in baseline and strict. */
function severities(id: string): Map<string, string> {
  const policy = policies.find((each) => each.id === id)
  if (!policy) throw new Error(id)
  return new Map(
    policy.examples.fails.map((example) => {
      const [baseline, strict] = (['baseline', 'strict'] as const).map((profile) => worst(policy, example, profile))
      return [example.name, `${baseline} ${strict}`]
    }),
  )
}

function worst(policy: Policy, example: Policy['examples']['fails'][number], profile: 'baseline' | 'strict'): string {
  const [first] = runExample([policy], policy, example, profile).findings
  return first ? `${first.severity}${first.preExisting ? '*' : ''}` : 'none'
}

t.test('classes', async (t) => {
  const found = severities('storage-immediate-binding')
  const expected = {
    'left out means Immediate': 'deny deny',
    'local volumes': 'deny deny',
    'vSphere with zones': 'deny deny',
    'the class allows one zone': 'warn warn',
    'the cluster has one zone': 'warn warn',
    'zone-redundant disks': 'audit audit',
    'a class that the cloud keeps': 'audit audit',
    'a provisioner that nobody has told of': 'audit warn',
    'a provisioner that the settings call zonal': 'deny deny',
    // It cannot be mended by an edit, so only the recreated class is refused.
    'an old class whose annotations change': 'warn* warn*',
  }
  for (const [name, severity] of Object.entries(expected)) t.equal(found.get(name), severity, name)
})

t.test('claims', async (t) => {
  const found = severities('storage-pvc-immediate-class')
  const expected = {
    'a StatefulSet whose replicas claim from an Immediate class': 'deny deny',
    'a claim': 'deny deny',
    'a volume that lives as long as its pod': 'deny deny',
    'the cluster has one zone': 'warn warn',
    'a provisioner that nobody has told of': 'audit warn',
    'a Deployment mounts a claim that is not bound yet': 'audit audit',
    'a Deployment mounts two claims that may land in two zones': 'warn warn',
    'files that do not hold the class': 'none none',
  }
  for (const [name, severity] of Object.entries(expected)) t.equal(found.get(name), severity, name)
})

t.test('log context', async (t) => {
  const found = severities('observability-context-env')
  t.equal(found.get('the zone is missing'), 'audit deny')
  t.equal(found.get('a bare Pod'), 'audit warn')
})

t.test('budgets over pods that they should not cover', async (t) => {
  const of = (id: string, expected: Record<string, string>) => {
    const found = severities(id)
    for (const [name, severity] of Object.entries(expected)) t.equal(found.get(name), severity, name)
  }
  of('compute-pdb-selector', {
    'a selector of null': 'warn warn',
    'every pod of the namespace': 'warn deny',
    'the hash of one revision': 'warn warn',
    'labels of nobody': 'audit audit',
    'files that are said to be all': 'warn warn',
    'an empty selector of an old version': 'deny deny',
  })
  of('compute-pdb-unscalable-owner', {
    'a DaemonSet': 'deny deny',
    'seen from the DaemonSet': 'warn deny',
    'an integer minAvailable that only a running Job leaves room under': 'deny deny',
    'the same, seen from the Job': 'warn deny',
    'a budget that let no pod go before lets none go still': 'warn warn',
  })
  of('compute-pdb-overlap', { 'two budgets over the same labels': 'deny deny', 'seen from the workload': 'warn deny' })
  of('compute-pdb-unhealthy-policy', { 'no policy': 'audit warn', 'minAvailable 0': 'audit deny' })
})

t.test('autoscalers', async (t) => {
  const conflicts = severities('compute-hpa-replicas-conflict')
  t.equal(conflicts.get('two autoscalers of one Deployment'), 'deny deny')
  t.equal(conflicts.get('seen from the Deployment'), 'warn warn')
  t.equal(conflicts.get('a number that each apply will set'), 'audit audit')
  t.equal(conflicts.get('more than the autoscaler allows'), 'warn warn')
  const metrics = severities('compute-hpa-metric-without-requests')
  t.equal(metrics.get('no metrics, which is cpu'), 'warn deny')
  t.equal(metrics.get('seen from the Deployment'), 'warn warn')
})

t.test('a Pod that is bound has the zone of its node, and did not say so itself', async (t) => {
  const policy = policies.find(({ id }) => id === 'observability-zone-source')
  const pod = (fields: string) =>
    `{ kind: Pod, metadata: { labels: { topology.kubernetes.io/zone: zone-a } }, spec: { ${fields} containers: [{ name: web }] } }`
  const found = (fields: string) =>
    policy && runExample([policy], policy, { name: fields, object: pod(fields) }).findings.map(({ reason }) => reason)
  t.strictSame(found('nodeName: node-1,'), [])
  t.strictSame(found(''), ['user-set'])
})
