import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { podCountOf } from '../../src/sdk/measured-scale.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { pinnedValues } from '../../src/sdk/pinned-values.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'
import { inOneZone, isZoneKey } from '../../src/sdk/zones.ts'

const preferred = yaml`affinity:
  nodeAffinity:
    preferredDuringSchedulingIgnoredDuringExecution: # was nodeName, nodeSelector or required
      - weight: 100
        preference:
          matchExpressions:
            - { key: ${{ topologyKey: 'topology.kubernetes.io/zone' }}, operator: In, values: [${{ domain: 'eu-west-1a' }}] }`
const zoneWhy =
  'All replicas share the fate of one zone: when it is lost or full, or its nodes are drained, none may run elsewhere and all stay Pending.'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const workload = (fields: string, replicas = 2, kind = 'Deployment') =>
  `{ kind: ${kind}, metadata: { name: web }, spec: { ${kind === 'StatefulSet' ? 'serviceName: web,' : ''} replicas: ${replicas}, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${fields}, containers: [${container}] } } } }`
const pod = (fields: string, metadata = '') =>
  `{ kind: Pod, ${metadata} spec: { ${fields}, containers: [${container}] } }`
const terms = (...all: string[]) =>
  `affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [${all.join(', ')}] } } }`
const label = (key: string, ...values: string[]) =>
  `{ matchExpressions: [{ key: ${key}, operator: In, values: [${values.join(', ')}] }] }`
const hostname = 'kubernetes.io/hostname'
const zone = 'topology.kubernetes.io/zone'
const spec = '/spec/template/spec'
const required = 'affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution'
const node = (name: string, inZone: string) =>
  `{ kind: Node, metadata: { name: ${name}, labels: { ${hostname}: ${name}, ${zone}: ${inZone} } } }`

export default definePolicy({
  id: 'compute-node-pinning',
  summary: 'Pods are not tied to one node or one zone.',
  signatures: ['pending-pods', 'drain-stuck'],
  since: '0.1.0',
  sources: [
    'https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename',
    'kubernetes/pkg/scheduler/eventhandlers.go',
    'component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go',
  ],
  on: podKinds,
  reads: ['Node', 'HorizontalPodAutoscaler'],
  reasons: {
    'node-name': {
      baseline: { default: 'deny', pod: 'warn' },
      strict: 'deny',
      why: 'nodeName bypasses the scheduler: the pod binds also where it does not fit, and the replacement of an evicted one returns to the cordoned node, which a drain never empties.',
      snippet: preferred,
    },
    hostname: {
      baseline: 'warn',
      strict: 'deny',
      why: 'One node may take the pod: while that is drained, full or lost, the pod stays Pending, whatever is free elsewhere.',
      snippet: preferred,
    },
    'single-zone': { baseline: 'warn', strict: 'deny', why: zoneWhy, snippet: preferred },
    'single-zone-cluster': { baseline: 'audit', why: zoneWhy, snippet: preferred },
  },
  params: {
    singleZoneCluster: {
      type: 'boolean',
      default: false,
      description: 'The cluster has one zone on purpose, also where the labels of its nodes do not show it.',
    },
  },
  examples: {
    passes: [
      { name: 'one of two nodes', object: workload(terms(label(hostname, 'n1', 'n2'))) },
      {
        name: 'one of two terms leaves the node open',
        object: workload(terms(label(hostname, 'n1'), label('disk', 'ssd'))),
      },
      { name: 'two zones', object: workload(terms(label(zone, 'a'), label(zone, 'b'))) },
      {
        name: 'any node but one',
        object: workload(terms(`{ matchExpressions: [{ key: ${hostname}, operator: NotIn, values: [n1] }] }`)),
      },
      { name: 'one replica in one zone', object: workload(`nodeSelector: { ${zone}: a }`, 1) },
      {
        name: 'architecture and operating system are no place',
        object: workload('nodeSelector: { kubernetes.io/arch: amd64, kubernetes.io/os: linux }'),
      },
      {
        name: 'a mirror Pod is a file on its node',
        object: pod(
          'nodeName: n1',
          'metadata: { name: proxy-n1, annotations: { kubernetes.io/config.mirror: 6c1f }, ownerReferences: [{ apiVersion: v1, kind: Node, name: n1, controller: true }] },',
        ),
      },
      {
        name: 'a bare Pod that the scheduler has placed long ago',
        object: pod('nodeName: n1', 'metadata: { name: shell, labels: { app: shell } },'),
        oldObject: pod('nodeName: n1', 'metadata: { name: shell },'),
      },
    ],
    fails: [
      { name: 'nodeName in a template', object: workload('nodeName: n1'), finds: [`node-name ${spec}/nodeName`] },
      { name: 'nodeName in a new bare Pod', object: pod('nodeName: n1'), finds: ['node-name /spec/nodeName'] },
      {
        name: 'nodeSelector by host',
        object: workload(`nodeSelector: { ${hostname}: n1 }`),
        finds: [`hostname ${spec}/nodeSelector/kubernetes.io~1hostname`],
      },
      {
        name: 'affinity to one host',
        object: workload(terms(label(hostname, 'n1'))),
        finds: [`hostname ${spec}/${required}`],
      },
      {
        name: 'affinity to the name of a node',
        object: workload(terms('{ matchFields: [{ key: metadata.name, operator: In, values: [n1] }] }')),
        finds: [`hostname ${spec}/${required}`],
      },
      {
        name: 'two constraints leave one host',
        object: workload(`nodeSelector: { ${hostname}: n1 }, ${terms(label(hostname, 'n1', 'n2'))}`),
        finds: [`hostname ${spec}/nodeSelector/kubernetes.io~1hostname`],
      },
      {
        name: 'two replicas in one zone',
        object: workload(`nodeSelector: { ${zone}: a }`),
        inventory: `${node('n1', 'a')}\n---\n${node('n2', 'b')}`,
        finds: [`single-zone ${spec}/nodeSelector/topology.kubernetes.io~1zone`],
      },
      {
        name: 'a StatefulSet in one zone',
        object: workload(terms(label(zone, 'a')), 1, 'StatefulSet'),
        finds: [`single-zone ${spec}/${required}`],
      },
      {
        name: 'an autoscaler that keeps two in one zone',
        object: workload(terms(label(zone, 'a')), 1),
        inventory: `{ kind: HorizontalPodAutoscaler, spec: { minReplicas: 2, maxReplicas: 5, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, metrics: [{ type: External, external: { metric: { name: queue }, target: { type: AverageValue, averageValue: "30" } } }] } }`,
        finds: [`single-zone ${spec}/${required}`],
      },
      {
        name: 'there is no other zone',
        object: workload(`nodeSelector: { ${zone}: a }`),
        inventory: `${node('n1', 'a')}\n---\n${node('n2', 'a')}`,
        finds: [`single-zone-cluster ${spec}/nodeSelector/topology.kubernetes.io~1zone`],
      },
      {
        name: 'the settings say that there is no other zone',
        object: workload(`nodeSelector: { ${zone}: a }`),
        params: { singleZoneCluster: true },
        finds: [`single-zone-cluster ${spec}/nodeSelector/topology.kubernetes.io~1zone`],
      },
      {
        name: 'a node that is filled in later',
        object: workload('nodeName: "${NODE}"'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'autoscalers that are not known yet',
        object: workload(`nodeSelector: { ${zone}: a }`),
        unknown: ['HorizontalPodAutoscaler'],
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
    ],
  },
  *check({ kind, object, name, namespace, params, review, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    const { spec, path } = view
    const subject = `${brief(name, 24) || kind} is pinned to`
    const { nodeName } = spec
    // A Pod that runs has the name of its node, whoever chose it.
    if (typeof nodeName === 'string' && nodeName !== '' && (kind !== 'Pod' || isNew(object, review))) {
      if (isVariable(nodeName)) return yield unresolved('value')
      const message = `${subject} node ${brief(nodeName)} past the scheduler`
      yield {
        reason: 'node-name',
        path: `${path}/nodeName`,
        message,
        fix: 'drop nodeName; prefer nodes by affinity',
        values: { topologyKey: hostname, domain: nodeName },
      }
      return
    }
    // Each pod of a DaemonSet is pinned to a node, and that is what it is for.
    if (kind === 'DaemonSet') return
    const hosts = pinnedValues(
      spec,
      (key) => key === hostname,
      (key) => key === 'metadata.name',
    )
    if (hosts === unknown) return yield unresolved('value')
    if (hosts && hosts.values.size <= 1) {
      const [host = ''] = hosts.values
      yield {
        reason: 'hostname',
        path: path + hosts.path,
        message: `${subject} node ${brief(host)}`,
        fix,
        values: { topologyKey: hostname, domain: host || undefined },
      }
      return
    }
    const zones = pinnedValues(spec, isZoneKey)
    if (zones === unknown) return yield unresolved('value')
    if (!zones || zones.values.size !== 1) return
    const count = podCountOf(kind, object, namespace, inventory)
    if (kind !== 'StatefulSet') {
      if (typeof count === 'string') return yield unresolved(count)
      if (!count || count.floor < 2) return
    }
    const nodes = inventory.list('Node')
    const only = params.singleZoneCluster || (nodes !== unknown && inOneZone(nodes))
    const [inZone = ''] = zones.values
    yield {
      reason: only ? 'single-zone-cluster' : 'single-zone',
      path: path + zones.path,
      message: `${subject} zone ${brief(inZone)}`,
      fix,
      values: { topologyKey: 'topology.kubernetes.io/zone', domain: inZone },
    }
  },
})

const fix = 'use preferredDuringSchedulingIgnoredDuringExecution, or allow further values'

function isNew(object: object, { operation, frontEnd }: { operation: string; frontEnd: string }): boolean {
  return (
    operation === 'CREATE' && frontEnd !== 'audit' && memberOf(memberOf(object, 'status'), 'startTime') === undefined
  )
}
