import { antiAffinityTerms } from '../../src/sdk/anti-affinity.ts'
import { domainsOf, mayGrow, nodesOfPod, type PodNodes } from '../../src/sdk/eligible-nodes.ts'
import { makesEndingPods, podKinds } from '../../src/sdk/kinds.ts'
import { labelsOfSelector } from '../../src/sdk/labels-to-type.ts'
import { podCountOf, type MeasuredScale } from '../../src/sdk/measured-scale.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { resolve } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const why =
  'One pod for each domain and a limited number of domains: the next pod, be it a surge, a scale-up or the replacement of a drained one, stays Pending while nodes idle.'
const snippet = yaml`affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution: # was required
      - weight: 100
        podAffinityTerm:
          topologyKey: ${{ topologyKey: 'kubernetes.io/hostname' }}
          labelSelector: { matchLabels: ${{ labels: { app: 'web' } }} }`

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const ownPods = 'labelSelector: { matchLabels: { app: web } }'
const at = '/spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0'
const term = (topologyKey: string, more = ownPods) => `{ topologyKey: ${topologyKey}, ${more} }`
const spec = (...terms: string[]) =>
  `{ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [${terms.join(', ')}] } }, containers: [${container}] }`
const strategy = 'strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } }'
const deployment = (replicas: string, ...terms: string[]) =>
  `{ kind: Deployment, metadata: { name: web }, spec: { ${replicas} ${strategy}, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: ${spec(...terms)} } } }`
const job = (parallelism: number) =>
  `{ kind: Job, metadata: { name: scan }, spec: { parallelism: ${parallelism}, completions: 100, template: { metadata: { labels: { app: web } }, spec: { restartPolicy: Never, ${spec(term(hostname)).slice(1)} } } }`
const hostname = 'kubernetes.io/hostname'
const zone = 'topology.kubernetes.io/zone'
const nodes = (count: number, zones = ['a'], more = '') =>
  Array.from(
    { length: count },
    (_, i) =>
      `{ kind: Node, metadata: { name: n${i}, labels: { ${hostname}: n${i}, ${zone}: ${zones[i % zones.length] ?? ''}${more} } } }`,
  ).join('\n---\n')
const autoscaler = (max: number) =>
  `{ kind: HorizontalPodAutoscaler, spec: { minReplicas: 2, maxReplicas: ${max}, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, metrics: [{ type: External, external: { metric: { name: queue }, target: { type: AverageValue, averageValue: "30" } } }] } }`

export default definePolicy({
  id: 'compute-hard-anti-affinity',
  summary: 'Replicas are kept apart by preference, or have room to be kept apart.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/filtering.go satisfyPodAntiAffinity',
    'https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity',
  ],
  on: podKinds,
  reads: ['Node', 'HorizontalPodAutoscaler', 'Namespace'],
  reasons: {
    capacity: {
      baseline: 'deny',
      why: 'There are more replicas than domains, and each domain takes one: the others stay Pending for ever, however empty the nodes are.',
      snippet,
    },
    'capacity-ceiling': {
      baseline: 'warn',
      strict: 'deny',
      why: 'The autoscaler may ask for more replicas than there are domains, and each domain takes one: under load the last of them stay Pending.',
      snippet,
    },
    'capacity-autoscaled': {
      baseline: 'warn',
      why: 'There are more replicas than domains, and each domain takes one: every further replica costs a node of its own, or a zone that no autoscaler can add.',
      snippet,
    },
    'job-waits': {
      baseline: 'warn',
      why: 'Each domain takes one pod of the Job at a time, and the next stays Pending until one has ended: no more of them run at once than there are domains.',
      snippet,
    },
    hard: { baseline: 'warn', strict: 'deny', why, snippet },
    'hard-elsewhere': { baseline: 'audit', strict: 'warn', why, snippet },
    'cross-app': {
      baseline: 'audit',
      why: 'The pods of another application decide where these may run: once it has one in each domain, these stay Pending.',
    },
  },
  params: {
    autoscaling: {
      type: 'boolean',
      default: false,
      description: 'Nodes are added on demand, also where their labels do not show it.',
    },
  },
  examples: {
    passes: [
      {
        name: 'a preference',
        object: `{ kind: Deployment, spec: { replicas: 3, template: { metadata: { labels: { app: web } }, spec: { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: ${term(hostname)} }] } }, containers: [${container}] } } } }`,
        inventory: nodes(2),
      },
      {
        name: 'there is room for one more',
        object: deployment('replicas: 3,', term(hostname)),
        inventory: nodes(4),
      },
      {
        name: 'a node without the label takes any number of them',
        object: deployment('replicas: 3,', term('example.com/rack')),
        inventory: `${nodes(2, ['a'], ', example.com/rack: r1')}\n---\n{ kind: Node, metadata: { name: bare } }`,
      },
      {
        name: 'a Job with a node for each pod that it runs at a time',
        object: job(3),
        inventory: nodes(3),
      },
      {
        name: 'a DaemonSet has one pod on each node anyway',
        object: `{ kind: DaemonSet, spec: { template: { metadata: { labels: { app: web } }, spec: ${spec(term(hostname))} } } }`,
        inventory: nodes(2),
      },
    ],
    fails: [
      {
        name: 'four replicas on three nodes',
        object: deployment('replicas: 4,', term(hostname)),
        inventory: nodes(3),
        finds: [`capacity ${at}`],
      },
      {
        name: 'three replicas in two zones, of many nodes',
        object: deployment('replicas: 3,', term(zone)),
        inventory: nodes(8, ['a', 'b']),
        finds: [`capacity ${at}`],
      },
      {
        name: 'a cordoned node and a tainted one take no pod',
        object: deployment('replicas: 3,', term(hostname)),
        inventory: `${nodes(2)}\n---\n{ kind: Node, metadata: { name: c, labels: { ${hostname}: c } }, spec: { unschedulable: true } }\n---\n{ kind: Node, metadata: { name: t, labels: { ${hostname}: t } }, spec: { taints: [{ key: gpu, effect: NoSchedule }] } }`,
        finds: [`capacity ${at}`],
      },
      {
        name: 'a Job of ten at a time on three nodes: each that has ended makes room',
        object: job(10),
        inventory: nodes(3),
        finds: [`job-waits ${at}`],
      },
      {
        name: 'a Job, where nobody knows the nodes',
        object: job(10),
        finds: [`job-waits ${at}`, 'unresolved Node'],
      },
      {
        name: 'new nodes may come',
        object: deployment('replicas: 4,', term(hostname)),
        inventory: nodes(3, ['a'], ', karpenter.sh/nodepool: default'),
        finds: [`capacity-autoscaled ${at}`],
      },
      {
        name: 'the settings say that new nodes may come',
        object: deployment('replicas: 4,', term(hostname)),
        inventory: nodes(3),
        params: { autoscaling: true },
        finds: [`capacity-autoscaled ${at}`],
      },
      {
        name: 'an autoscaler that may ask for more than there are nodes',
        object: deployment('', term(hostname)),
        inventory: `${nodes(3)}\n---\n${autoscaler(5)}`,
        finds: [`capacity-ceiling ${at}`],
      },
      {
        name: 'as many replicas as nodes: none may be lost',
        object: deployment('replicas: 3,', term(hostname)),
        inventory: nodes(3),
        finds: [`hard ${at}`],
      },
      {
        name: 'nobody knows the nodes',
        object: deployment('replicas: 3,', term(hostname)),
        finds: [`hard ${at}`, 'unresolved Node'],
      },
      {
        name: 'apart by zone',
        object: `{ kind: StatefulSet, spec: { replicas: 3, serviceName: web, template: { metadata: { labels: { app: web } }, spec: ${spec(term(zone))} } } }`,
        inventory: nodes(3, ['a', 'b', 'c']),
        finds: [`hard-elsewhere ${at}`],
      },
      {
        name: 'a new revision is no matter, but each replica still needs a node',
        object: deployment('replicas: 4,', term(hostname, `${ownPods}, matchLabelKeys: [pod-template-hash]`)),
        inventory: nodes(3),
        finds: [`capacity ${at}`],
      },
      {
        name: 'only pods of another revision are kept away',
        object: deployment('replicas: 4,', term(hostname, `${ownPods}, mismatchLabelKeys: [pod-template-hash]`)),
        inventory: nodes(3),
        finds: [`cross-app ${at}`],
      },
      {
        name: 'apart from the pods of another application',
        object: deployment('replicas: 4,', term(hostname, 'labelSelector: { matchLabels: { app: batch } }')),
        inventory: nodes(3),
        finds: [`cross-app ${at}`],
      },
      {
        name: 'apart from pods of the same labels in another namespace',
        object: deployment('replicas: 4,', term(hostname, `${ownPods}, namespaces: [other]`)),
        inventory: nodes(3),
        finds: [`cross-app ${at}`],
      },
      {
        name: 'in all namespaces, so in its own too',
        object: deployment('replicas: 4,', term(hostname, `${ownPods}, namespaceSelector: {}`)),
        inventory: nodes(3),
        finds: [`capacity ${at}`],
      },
      {
        name: 'in the namespaces of a team, of which its own is one',
        object: deployment(
          'replicas: 4,',
          term(hostname, `${ownPods}, namespaceSelector: { matchLabels: { team: a } }`),
        ),
        inventory: `${nodes(3)}\n---\n{ kind: Namespace, metadata: { name: default, labels: { team: a } } }`,
        finds: [`capacity ${at}`],
      },
      {
        name: 'a namespace whose labels are not known',
        object: deployment(
          'replicas: 4,',
          term(hostname, `${ownPods}, namespaceSelector: { matchLabels: { team: a } }`),
        ),
        inventory: nodes(3),
        unknown: ['Namespace'],
        finds: ['unresolved Namespace'],
      },
      {
        name: 'files that leave replicas to an autoscaler elsewhere',
        object: deployment('', term(hostname)),
        inventory: nodes(3),
        frontEnd: 'check',
        finds: [`hard ${at}`, 'unresolved HorizontalPodAutoscaler'],
      },
      {
        name: 'a bare Pod',
        object: `{ kind: Pod, metadata: { labels: { app: web } }, spec: ${spec(term(hostname))} }`,
        finds: [
          'hard /spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0',
          'unresolved Node',
        ],
      },
    ],
  },
  *check({ kind, object, name, namespace, params, inventory }) {
    const terms = antiAffinityTerms(kind, object, namespace, inventory)
    if (terms.length === 0) return
    const unsure = new Set<Missing>()
    const nodes = nodesOfPod(podSpecOf(kind, object)?.spec, inventory)
    const count = podCountOf(kind, object, namespace, inventory)
    for (const term of terms) {
      if ('unresolved' in term) {
        unsure.add(term.unresolved)
        continue
      }
      const { path, topologyKey, selectsItself } = term
      const subject = `${brief(name, 24) || kind}: required anti-affinity on ${brief(topologyKey, 40)}`
      if (!selectsItself) {
        const message = `${subject} against pods of others`
        yield { reason: 'cross-app', path, message, fix: 'use preferredDuringSchedulingIgnoredDuringExecution' }
        continue
      }
      // Its pods are on as many nodes as there are of them, whatever it asks for.
      if (kind === 'DaemonSet' && topologyKey === hostname) continue
      if ('unresolved' in nodes) unsure.add(nodes.unresolved)
      if (typeof count === 'string') unsure.add(count)
      const known = !('unresolved' in nodes) && typeof count === 'object'
      const ends = makesEndingPods(kind)
      const shortage = known ? shortageOf(nodes, topologyKey, count, ends, params.autoscaling) : undefined
      if (shortage === 'none') continue
      yield {
        reason: shortage?.reason ?? (topologyKey !== hostname ? 'hard-elsewhere' : ends ? 'job-waits' : 'hard'),
        path,
        message: subject + (shortage?.numbers ?? ''),
        fix: softer,
        values: { topologyKey, labels: labelsOfSelector(memberOf(resolve(path, object), 'labelSelector')) },
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

const softer = 'make it preferredDuringSchedulingIgnoredDuringExecution (weight 100), or spread with ScheduleAnyway'

interface Shortage {
  readonly reason: 'capacity' | 'capacity-ceiling' | 'capacity-autoscaled' | 'job-waits'
  readonly numbers: string
}

/** Whether replicas outnumber the domains; `none` where there is room for one more. A node without the key takes any. */
function shortageOf(
  nodes: PodNodes,
  topologyKey: string,
  { current, ceiling }: MeasuredScale,
  ends: boolean,
  autoscaling: boolean,
): Shortage | 'none' | undefined {
  // No node at all for such pods is another fault than too few.
  if (nodes.eligible.length === 0) return undefined
  const domains = domainsOf(nodes.eligible, topologyKey)
  const room = domains.nodes.size
  if (domains.without > 0 || room > ceiling) return 'none'
  if (room === ceiling) return ends ? 'none' : undefined
  const domainCount = `${room} domain${room === 1 ? '' : 's'}`
  if (ends) return { reason: 'job-waits', numbers: `, ${ceiling} pods at a time, ${domainCount}` }
  const numbers = `, ${ceiling} replicas, ${domainCount}`
  if (mayGrow(nodes, autoscaling)) return { reason: 'capacity-autoscaled', numbers }
  return { reason: room < current ? 'capacity' : 'capacity-ceiling', numbers }
}
