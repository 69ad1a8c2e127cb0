import { claimRefsOf } from '../../src/sdk/claims.ts'
import { filedUnder } from '../../src/sdk/filed-lists.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import type { scalableKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { scaledBy, type Relation } from '../../src/sdk/relations.ts'
import { neverMoves } from '../../src/sdk/rollouts.ts'
import { isForOnePod, stuckRollouts, type StuckRollout } from '../../src/sdk/stuck-rollouts.ts'

const snippet = `strategy:
  type: RollingUpdate
  rollingUpdate: { maxUnavailable: 1, maxSurge: 0 }`
const apartWhy =
  'maxUnavailable rounds to 0, so no old pod goes before the new one runs, and the old ones keep the new one from every node: the rollout stands still until its deadline.'
const portWhy =
  'maxUnavailable rounds to 0, so no old pod goes before the new one runs, and the old ones hold the port of every node: the rollout stands still until its deadline.'
const capacity = { default: 'warn', template: 'deny' } as const

const labels = 'selector: { matchLabels: { app: web } }'
const container = (more = '') =>
  `{ name: web, image: "registry.example.com/web:1.4.2", ${more} resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const web = (replicas: string, spec: string, strategy = '', more = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { ${replicas} ${strategy} ${labels}, template: { metadata: { labels: { app: web } }, spec: { ${spec} containers: [${container(more)}] } } } }`
const hostname = 'kubernetes.io/hostname'
const zone = 'topology.kubernetes.io/zone'
const apart = (more = '', topologyKey = hostname) =>
  `affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: ${topologyKey}, labelSelector: { matchLabels: { app: web } } ${more} }] } },`
const strategy = (maxUnavailable: string, maxSurge: string) =>
  `strategy: { rollingUpdate: { maxUnavailable: ${maxUnavailable}, maxSurge: ${maxSurge} } },`
const nodes = (count: number, more = '') =>
  Array.from(
    { length: count },
    (_, i) => `{ kind: Node, metadata: { name: n${i}, labels: { ${hostname}: n${i}, ${zone}: z${i}${more} } } }`,
  ).join('\n---\n')
const port = 'ports: [{ containerPort: 8080, hostPort: 8080 }],'
const mounted = 'volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }],'
const claim = (mode: string) =>
  `{ kind: PersistentVolumeClaim, metadata: { name: data }, spec: { accessModes: [${mode}], storageClassName: "", resources: { requests: { storage: 1Gi } } } }`
const standard = '{ kind: PriorityClass, metadata: { name: standard }, value: 1, globalDefault: true }'
const quota = (hard: string, used = '', scope = '') =>
  `{ kind: ResourceQuota, metadata: { name: team }, spec: { hard: { ${hard} }${scope ? `, scopeSelector: { matchExpressions: [${scope}] }` : ''} }${used ? `, status: { hard: { ${hard} }, used: { ${used} } }` : ''} }`
const autoscaler = `{ kind: HorizontalPodAutoscaler, spec: { minReplicas: 3, maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, metrics: [{ type: External, external: { metric: { name: queue }, target: { type: AverageValue, averageValue: "30" } } }] } }`
const at = '/spec/strategy/rollingUpdate/maxUnavailable'

export default definePolicy({
  id: 'compute-rollout-deadlock',
  summary: 'A rolling update can take its first step.',
  signatures: ['pending-pods', 'failed-create'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/deployment/util/deployment_util.go ResolveFenceposts',
    'kubernetes/pkg/controller/deployment/rolling.go',
    'https://github.com/kubernetes/kubernetes/issues/116891',
  ],
  on: ['Deployment', 'ResourceQuota', 'HorizontalPodAutoscaler', 'PersistentVolumeClaim'],
  reads: [
    'Node',
    'Namespace',
    'Deployment',
    'ReplicaSet',
    'ReplicationController',
    'Rollout',
    'StatefulSet',
    'HorizontalPodAutoscaler',
    'LimitRange',
    'PriorityClass',
    'ResourceQuota',
    'PersistentVolumeClaim',
  ],
  reasons: {
    'anti-affinity': { baseline: capacity, strict: 'deny', why: apartWhy, snippet },
    'anti-affinity-autoscaled': { baseline: 'warn', why: apartWhy, snippet },
    'host-port': { baseline: capacity, strict: 'deny', why: portWhy, snippet },
    'host-port-autoscaled': { baseline: 'warn', why: portWhy, snippet },
    rwop: {
      baseline: { default: 'warn', template: 'deny', claim: 'deny' },
      strict: 'deny',
      why: 'The old pod does not go before the new one runs, and the new one does not start while the old one has the volume: every rollout stands still until its deadline.',
      snippet: 'strategy:\n  type: Recreate',
    },
    quota: {
      baseline: 'warn',
      strict: 'deny',
      why: 'maxUnavailable rounds to 0, so no old pod goes before the new one runs, and the quota refuses one pod more: the ReplicaSet fails to create it and the rollout stands still.',
      snippet,
    },
    'zero-zero': {
      baseline: 'deny',
      api: true,
      why: 'The API server refuses a rolling update that may neither take a pod away nor add one.',
      snippet,
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
        name: 'four replicas in four zones: a quarter of them, one, may go first',
        object: web('replicas: 4,', apart('', zone)),
        inventory: nodes(4),
      },
      {
        name: 'a quota for pods without a priority class, where all have one by default',
        object: web('replicas: 2,', ''),
        inventory: `${standard}\n---\n${quota('pods: "2"', '', '{ scopeName: PriorityClass, operator: DoesNotExist }')}`,
      },
      {
        name: 'a quota for pods that keep away from those of other namespaces',
        object: web('replicas: 2,', ''),
        inventory: quota('pods: "2"', '', '{ scopeName: CrossNamespacePodAffinity, operator: Exists }'),
      },
      {
        name: 'one may go first',
        object: web('replicas: 3,', apart('', zone), strategy('1', '1')),
        inventory: nodes(3),
      },
      { name: 'a zone to spare', object: web('replicas: 3,', apart('', zone)), inventory: nodes(4) },
      {
        name: 'a new revision is no matter to the old one',
        object: web('replicas: 3,', apart(', matchLabelKeys: [pod-template-hash]', zone)),
        inventory: nodes(3),
      },
      {
        name: 'a port of the node, and a node to spare',
        object: web('replicas: 2,', '', '', port),
        inventory: nodes(3),
      },
      {
        name: 'the old pod goes first',
        object: web('replicas: 1,', mounted, 'strategy: { type: Recreate },'),
        inventory: claim('ReadWriteOncePod'),
      },
      {
        name: 'two of eight may go first, so a full quota is no matter',
        object: web('replicas: 8,', ''),
        inventory: quota('pods: "8"'),
      },
      { name: 'room for one more', object: web('replicas: 2,', ''), inventory: quota('pods: "3", requests.cpu: 300m') },
      {
        name: 'a quota for other pods',
        object: web('replicas: 2,', ''),
        inventory: `{ kind: ResourceQuota, metadata: { name: team }, spec: { hard: { pods: "2" }, scopes: [BestEffort] } }`,
      },
      {
        name: 'of what is used its own pods are most',
        object: `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, ${labels}, template: { metadata: { labels: { app: web } }, spec: { containers: [${container()}] } } }, status: { replicas: 2 } }`,
        oldObject: `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, ${labels}, template: { metadata: { labels: { app: web } }, spec: { containers: [${container('command: [web],')}] } } }, status: { replicas: 2 } }`,
        inventory: quota('pods: "5"', 'pods: "4"'),
      },
    ],
    fails: [
      {
        name: 'three replicas apart on three nodes: a quarter of three is none',
        object: web('replicas: 3,', apart()),
        inventory: nodes(3),
        alongside: ['compute-hard-anti-affinity'],
        finds: [`anti-affinity ${at}`],
      },
      {
        name: 'three replicas apart on three nodes, of which more may come',
        object: web('replicas: 3,', apart()),
        inventory: nodes(3, ', karpenter.sh/nodepool: default'),
        alongside: ['compute-hard-anti-affinity'],
        finds: [`anti-affinity-autoscaled ${at}`],
      },
      {
        name: 'seen from the autoscaler',
        object: autoscaler,
        inventory: `${web('', apart())}\n---\n${nodes(3)}`,
        finds: ['anti-affinity /spec/minReplicas'],
      },
      {
        name: 'nobody knows the nodes',
        object: web('replicas: 3,', apart()),
        alongside: ['compute-hard-anti-affinity'],
        finds: ['unresolved Node'],
      },
      {
        name: 'a port of the node, on every node',
        object: web('replicas: 2,', '', '', port),
        inventory: nodes(2),
        finds: [`host-port ${at}`],
      },
      {
        name: 'on the network of the node every port is one of the node',
        object: web('replicas: 2,', 'hostNetwork: true,', '', 'ports: [{ containerPort: 9100 }],'),
        inventory: nodes(2),
        finds: [`host-port ${at}`],
      },
      {
        name: 'a port of the node, where new nodes may come',
        object: web('replicas: 2,', '', '', port),
        inventory: nodes(2),
        params: { autoscaling: true },
        finds: [`host-port-autoscaled ${at}`],
      },
      {
        name: 'a claim for one pod',
        object: web('replicas: 1,', mounted),
        inventory: claim('ReadWriteOncePod'),
        finds: ['rwop /spec/strategy/type'],
      },
      {
        name: 'seen from the claim',
        object: claim('ReadWriteOncePod'),
        inventory: web('replicas: 1,', mounted),
        finds: ['rwop /spec/accessModes'],
      },
      {
        name: 'a quota without room for a third pod',
        object: web('replicas: 2,', ''),
        inventory: quota('pods: "2"'),
        finds: [`quota ${at}`],
      },
      {
        name: 'a quota that others have used up',
        object: web('replicas: 2,', ''),
        inventory: quota('requests.cpu: "1"', 'requests.cpu: 800m'),
        finds: [`quota ${at}`],
      },
      {
        name: 'a quota for the priority class that pods have by default',
        object: web('replicas: 2,', ''),
        inventory: `${standard}\n---\n${quota('pods: "2"', '', '{ scopeName: PriorityClass, operator: In, values: [standard] }')}`,
        finds: [`quota ${at}`],
      },
      {
        name: 'priority classes that are not known yet',
        object: web('replicas: 2,', ''),
        inventory: quota('pods: "2"', '', '{ scopeName: PriorityClass, operator: Exists }'),
        unknown: ['PriorityClass'],
        finds: ['unresolved PriorityClass'],
      },
      {
        name: 'seen from the quota',
        object: quota('requests.memory: 256Mi, limits.memory: 256Mi'),
        inventory: web('replicas: 2,', ''),
        finds: ['quota /spec/hard'],
      },
      {
        name: 'neither one less nor one more',
        object: web('replicas: 2,', '', strategy('"0%"', '0')),
        frontEnd: 'check',
        finds: [`zero-zero ${at}`],
      },
      {
        name: 'files that leave replicas to an autoscaler elsewhere',
        object: web('', apart()),
        inventory: nodes(1),
        frontEnd: 'check',
        alongside: ['compute-hard-anti-affinity'],
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    if (kind === 'Deployment' && neverMoves(object)) {
      const message = 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: may not be 0 when `maxSurge` is 0'
      return yield { reason: 'zero-zero', path: at, message, fix: 'set maxUnavailable: 1, maxSurge: 0' }
    }
    const around = deploymentsAround(kind, object, namespace, inventory)
    const unsure = new Set<Missing>(around.unsure)
    for (const deployment of around.found) {
      for (const stuck of stuckRollouts(deployment, namespace, inventory, params.autoscaling)) {
        if ('unresolved' in stuck) unsure.add(stuck.unresolved)
        else if (concerns(stuck, kind, nameOf(object))) {
          const { reason, grows } = stuck
          yield {
            reason: grows && (reason === 'anti-affinity' || reason === 'host-port') ? autoscaled[reason] : reason,
            path: pathOf(kind, reason),
            message: messageOf(stuck, nameOf(deployment)),
            fix:
              reason === 'rwop'
                ? 'set strategy: {type: Recreate}'
                : 'set rollingUpdate: {maxUnavailable: 1, maxSurge: 0}',
            related: [
              ...stuck.related.filter((other) => other.kind !== kind),
              ...(kind === 'Deployment' ? [] : [{ kind: 'Deployment', namespace, name: nameOf(deployment) }]),
            ],
          }
        }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

const autoscaled = { 'anti-affinity': 'anti-affinity-autoscaled', 'host-port': 'host-port-autoscaled' } as const

type Deployment = Kinds['Deployment']

/** The Deployments whose rollouts an object under review may hold up. */
function deploymentsAround(
  kind: 'Deployment' | 'ResourceQuota' | 'HorizontalPodAutoscaler' | 'PersistentVolumeClaim',
  object: object,
  namespace: string,
  inventory: Inventory<(typeof scalableKinds)[number]>,
): Relation<Deployment> {
  // The kind says which object it is.
  if (kind === 'Deployment') return { found: [object], unsure: [] }
  if (kind === 'HorizontalPodAutoscaler') {
    const { found, unsure } = scaledBy(object, namespace, inventory)
    return { found: found.flatMap((workload) => (workload.kind === 'Deployment' ? [workload.object] : [])), unsure }
  }
  if (kind === 'PersistentVolumeClaim' && !isForOnePod(object)) return { found: [], unsure: [] }
  const listed = inventory.list('Deployment', namespace)
  if (listed === unknown) return { found: [], unsure: ['Deployment'] }
  const concerned = kind === 'ResourceQuota' ? listed : filedUnder(listed, claimsMounted, [nameOf(object)])
  const certain = concerned.filter((deployment) => !inventory.uncertain(deployment))
  return { found: certain, unsure: certain.length < concerned.length ? ['Deployment'] : [] }
}

function claimsMounted(deployment: Deployment): readonly string[] {
  return claimRefsOf('Deployment', deployment).map(({ name }) => name)
}

/** A claim or a quota answers for itself alone, an autoscaler for the number of replicas. */
function concerns({ reason, related }: StuckRollout, kind: KindName, name: string): boolean {
  if (kind === 'Deployment' || kind === 'HorizontalPodAutoscaler') return true
  return reason === (kind === 'ResourceQuota' ? 'quota' : 'rwop') && related.some((other) => other.name === name)
}

function pathOf(kind: KindName, reason: StuckRollout['reason']): string {
  if (kind === 'ResourceQuota') return '/spec/hard'
  if (kind === 'PersistentVolumeClaim') return '/spec/accessModes'
  if (kind === 'HorizontalPodAutoscaler') return '/spec/minReplicas'
  return reason === 'rwop' ? '/spec/strategy/type' : at
}

function messageOf({ replicas, obstacle }: StuckRollout, name: string): string {
  const step = `of ${replicas} replica${replicas === 1 ? '' : 's'} none may go first`
  return `rollout of ${brief(name, 20) || 'the Deployment'}: ${step} and no pod more fits (${obstacle})`
}
