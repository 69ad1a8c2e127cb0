import fc from 'fast-check'
import t from 'tap'
import cpuLimit from '../../policies/compute/cpu-limit.ts'
import memoryLimitRequired from '../../policies/compute/memory-limit-required.ts'
import quantitySuspicious from '../../policies/compute/quantity-suspicious.ts'
import requestsRequired from '../../policies/compute/requests-required.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { unknown, type InventorySource } from '../../src/sdk/inventory.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import type { FrontEnd } from '../../src/sdk/policy.ts'

const policies = [cpuLimit, memoryLimitRequired, quantitySuspicious, requestsRequired]
const engine = createEngine(policies, defaultSettings)

interface Case {
  readonly frontEnd?: FrontEnd
  readonly context?: readonly Entry[]
  readonly knows?: boolean
  readonly old?: object
}

function judge(kind: KindName, object: object, { frontEnd = 'webhook', context = [], knows = true, old }: Case = {}) {
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  const known = buildInventory(context, { complete: false })
  const inventory: InventorySource = knows ? known : { ...known, list: () => unknown, stale: () => true }
  const subject = {
    info,
    apiVersion: 'v1',
    namespace: 'default',
    name: 'example',
    operation: old ? ('UPDATE' as const) : ('CREATE' as const),
    subresource: '',
    object,
    ...(old ? { oldObject: old } : {}),
  }
  return evaluate(engine, subject, { inventory, now: 0, frontEnd })
}

function told(evaluation: ReturnType<typeof judge>): string[] {
  return evaluation.findings.map(({ severity, reason, path }) => `${severity} ${reason} ${path}`)
}

const sound = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } }
const deployment = (...containers: object[]) => ({ spec: { template: { spec: { containers } } } })
const pod = (container: object, metadata: object = {}) => ({ metadata, spec: { containers: [container] } })
const limitRange = (name: string, ...limits: object[]): Entry => ({
  kind: 'LimitRange',
  namespace: 'default',
  name,
  object: { apiVersion: 'v1', kind: 'LimitRange', metadata: { name, namespace: 'default' }, spec: { limits } },
})
const generous = limitRange('defaults', { type: 'Container', max: { cpu: '1', memory: '1Gi' } })

t.test('a Pod in the cluster has been through LimitRanger, one in a file has not', async (t) => {
  const bare = pod({ name: 'web' })
  t.strictSame(told(judge('Pod', bare, { frontEnd: 'check', context: [generous] })), [])
  for (const frontEnd of ['webhook', 'audit'] as const) {
    t.strictSame(told(judge('Pod', bare, { frontEnd, context: [generous] })), [
      'deny missing /spec/containers/0/resources/limits/memory',
      'deny missing /spec/containers/0/resources/requests/cpu',
      'deny missing /spec/containers/0/resources/requests/memory',
      'warn missing /spec/containers/0/resources/limits/cpu',
    ])
  }
})

t.test('owned Pods are warned of, mirror pods are left alone', async (t) => {
  const owner = { ownerReferences: [{ kind: 'ReplicaSet', name: 'web', controller: true }] }
  const { findings } = judge('Pod', pod({ name: 'web' }, owner))
  t.equal(findings.length, 4)
  t.ok(findings.every(({ severity }) => severity === 'warn'))
  const annotations = { 'kubernetes.io/config.mirror': 'x' }
  const node = { ownerReferences: [{ kind: 'Node', name: 'node-1', controller: true }] }
  t.strictSame(told(judge('Pod', pod({ name: 'web' }, { annotations, ...node }))), [])
  t.not(told(judge('Pod', pod({ name: 'web' }, { annotations }))).length, 0, 'the annotation alone is anybody’s to set')
})

t.test('while LimitRanges are not known a missing value warns', async (t) => {
  const { findings } = judge('Deployment', deployment({ name: 'web' }), { knows: false })
  t.equal(findings.length, 4)
  t.ok(findings.every(({ severity, stale }) => severity === 'warn' && stale))
})

t.test('files without a LimitRange are told that one would do', async (t) => {
  const fixes = (context: Entry[]) =>
    judge('Deployment', deployment({ name: 'web' }), { frontEnd: 'check', context }).findings.map(({ fix }) => fix)
  t.ok(fixes([]).every((fix) => fix.includes('or define a LimitRange')))
  const other = limitRange('pods', { type: 'Pod', max: { cpu: '4' } })
  t.ok(fixes([other]).every((fix) => !fix.includes('LimitRange')))
})

t.test('what depends on a LimitRange of several variants is unresolved', async (t) => {
  const variants = [generous, limitRange('defaults', { type: 'Container', max: { cpu: '2', memory: '1Gi' } })]
  const { findings, unresolved } = judge('Deployment', deployment({ name: 'web' }), {
    frontEnd: 'check',
    context: variants,
  })
  t.strictSame(findings, [])
  t.strictSame(
    unresolved.map(({ rule, kind }) => `${rule} ${kind}`),
    ['cpu-limit', 'memory-limit-required', 'requests-required'].map((rule) => `compute-${rule} LimitRange`),
  )
})

t.test('an update is denied only for the value that it takes away', async (t) => {
  const old = deployment({ name: 'a', resources: sound }, { name: 'b' })
  const object = deployment({ name: 'b' }, { name: 'a', resources: { ...sound, requests: { cpu: '100m', memory: 0 } } })
  const { findings } = judge('Deployment', object, { old })
  t.strictSame(
    findings.filter(({ severity }) => severity === 'deny').map(({ reason, path }) => `${reason} ${path}`),
    ['zero /spec/template/spec/containers/1/resources/requests/memory'],
  )
})

t.test('a cpu limit of the pod as a whole does not stand in for the memory of its containers', async (t) => {
  const a = { name: 'a', resources: { requests: { memory: '1Gi' }, limits: { memory: '1Gi' } } }
  const b = { name: 'b', resources: { requests: { memory: '0' }, limits: { memory: '1Gi' } } }
  const spec = { resources: { limits: { cpu: '1' } }, containers: [a, b, { name: 'c' }] }
  const expected = [
    'deny missing /spec/template/spec/containers/2/resources/limits/memory',
    'deny missing /spec/template/spec/containers/2/resources/requests/memory',
    'deny zero /spec/template/spec/containers/1/resources/requests/memory',
  ]
  t.strictSame(told(judge('Deployment', { spec: { template: { spec } } })).sort(), expected)
  const limits = { cpu: '1', memory: '2Gi' }
  const own = { resources: { limits, requests: { memory: '1Gi' } }, containers: [a, b, { name: 'c' }] }
  t.strictSame(told(judge('Deployment', { spec: { template: { spec: own } } })), [], 'asked for as a whole')
  const defaulted = { resources: { limits }, containers: [{ name: 'b' }, { name: 'c' }] }
  t.strictSame(told(judge('Deployment', { spec: { template: { spec: defaulted } } })), [], 'from the limit of the pod')
})

t.test('quantities that no other rule looks at', async (t) => {
  const volumes = [
    { name: 'cache', emptyDir: { sizeLimit: '500m' } },
    { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '100' } } } } } },
  ]
  const template = { spec: { containers: [{ name: 'db', resources: sound }], volumes } }
  const claim = { metadata: { name: 'data' }, spec: { resources: { requests: { storage: '10Gi', x: '${X}' } } } }
  const claims = [claim, null, { spec: { resources: { requests: { storage: '64k' } } } }]
  t.strictSame(told(judge('StatefulSet', { spec: { template, volumeClaimTemplates: claims } })), [
    'deny fractional-bytes /spec/template/spec/volumes/0/emptyDir/sizeLimit',
    'warn storage-bytes /spec/template/spec/volumes/1/ephemeral/volumeClaimTemplate/spec/resources/requests/storage',
    'warn storage-bytes /spec/volumeClaimTemplates/2/spec/resources/requests/storage',
  ])
  const hard = { 'limits.memory': '100', 'gold.storageclass.storage.k8s.io/requests.storage': '1.5', pods: '1K' }
  t.strictSame(told(judge('ResourceQuota', { spec: { hard } }, { frontEnd: 'check' })), [
    'deny fractional-bytes /spec/hard/gold.storageclass.storage.k8s.io~1requests.storage',
    'deny unparsable /spec/hard/pods',
    'warn tiny-request /spec/hard/limits.memory',
  ])
  const metric = { type: 'ContainerResource', containerResource: { name: 'cpu', target: { averageValue: 500 } } }
  t.strictSame(told(judge('HorizontalPodAutoscaler', { spec: { metrics: [metric, null, 'x'] } })), [
    'warn huge-cpu /spec/metrics/0/containerResource/target/averageValue',
  ])
  const ranges = { spec: { limits: [{ type: 'Container', max: { memory: '100' }, default: { memory: '100' } }] } }
  t.strictSame(told(judge('LimitRange', ranges)), ['deny tiny-memory /spec/limits/0/max/memory'])
})

t.test('arbitrary JSON, also below the right keys, throws nowhere', async (t) => {
  const json = fc.jsonValue()
  const resources = fc.oneof(json, fc.record({ requests: json, limits: json }))
  const container = fc.oneof(json, fc.record({ name: json, resources }))
  const spec = fc.oneof(
    json,
    fc.record({ containers: fc.array(container), initContainers: json, volumes: json, resources }),
  )
  const template = fc.oneof(json, fc.record({ spec }))
  const top = fc.record({
    template,
    jobTemplate: fc.record({ spec: fc.record({ template }) }),
    volumeClaimTemplates: json,
    limits: json,
    hard: json,
    metrics: fc.oneof(json, fc.array(fc.record({ resource: json }))),
    resources,
  })
  const judged = [
    'Pod',
    'Deployment',
    'CronJob',
    'StatefulSet',
    'LimitRange',
    'ResourceQuota',
    'HorizontalPodAutoscaler',
  ] as const
  const property = () =>
    fc.assert(
      fc.property(fc.constantFrom(...judged), fc.oneof(top, spec), json, (kind, spec, metadata) => {
        const { policyErrors } = judge(kind, { metadata, spec }, { context: [generous] })
        if (policyErrors.length > 0) throw new Error(JSON.stringify(policyErrors))
      }),
      { numRuns: 500 },
    )
  t.doesNotThrow(property)
})
