import { domainsOf, mayGrow, nodesOfPod, type PodNodes } from '../../src/sdk/eligible-nodes.ts'
import { makesEndingPods, podKinds } from '../../src/sdk/kinds.ts'
import { labelsOfSelector } from '../../src/sdk/labels-to-type.ts'
import { podCountOf } from '../../src/sdk/measured-scale.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { resolve } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { hardSpreads, spreadRoom, type SpreadConstraint } from '../../src/sdk/topology-spread.ts'

const snippet = yaml`topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: ${{ topologyKey: 'topology.kubernetes.io/zone' }}
    whenUnsatisfiable: ScheduleAnyway # was DoNotSchedule
    nodeTaintsPolicy: Honor
    labelSelector: { matchLabels: ${{ labels: { app: 'web' } }} }`
const blindWhy =
  'A domain whose nodes take no pod is counted all the same and stays empty, so the others may not grow past maxSkew: pods stay Pending beside idle nodes.'
const noLabelWhy =
  'A node without the label of a hard constraint is never chosen, and no node that may take these pods has it: all of them stay Pending.'
const affinityWhy =
  'Domains that the pod itself rules out are counted as empty, so those that it asks for may not grow past maxSkew: pods stay Pending beside idle nodes.'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const hostname = 'kubernetes.io/hostname'
const zone = 'topology.kubernetes.io/zone'
const hash = 'matchLabelKeys: [pod-template-hash],'
const own = `${hash} labelSelector: { matchLabels: { app: web } }`
const spread = (topologyKey: string, more = '', maxSkew = 1, rest = own) =>
  `{ maxSkew: ${maxSkew}, topologyKey: ${topologyKey}, whenUnsatisfiable: DoNotSchedule, ${more} ${rest} }`
const deployment = (replicas: number, constraints: string, more = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: ${replicas}, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${more} topologySpreadConstraints: [${constraints}], containers: [${container}] } } } }`
const node = (name: string, inZone: string, spec = '', more = '', status = '') =>
  `{ kind: Node, metadata: { name: ${name}, labels: { ${hostname}: ${name}, ${zone}: ${inZone}${more} } }${spec ? `, spec: { ${spec} }` : ''}${status ? `, status: { conditions: [{ type: Ready, status: "${status}" }] }` : ''} }`
const nodes = (count: number, zones = ['a'], more = '') =>
  Array.from({ length: count }, (_, i) => node(`n${i}`, zones[i % zones.length] ?? '', '', more)).join('\n---\n')
const tainted = node('t0', 'a', 'taints: [{ key: gpu, effect: NoSchedule }]')
const at = '/spec/template/spec/topologySpreadConstraints/0'

export default definePolicy({
  id: 'compute-hard-topology-spread',
  summary: 'Pods are spread by preference, or by a rule that leaves them room.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/filtering.go',
    'https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/',
    'https://github.com/kubernetes/kubernetes/issues/106127',
  ],
  on: podKinds,
  reads: ['Node', 'HorizontalPodAutoscaler'],
  reasons: {
    hard: {
      baseline: 'warn',
      strict: 'deny',
      why: 'Where the skew cannot be kept, a pod stays Pending however empty the nodes are: one full, cordoned or lost zone holds up all others.',
      snippet,
    },
    'taint-blind': { baseline: 'warn', strict: 'deny', why: blindWhy, snippet: 'nodeTaintsPolicy: Honor' },
    'taint-blind-autoscaled': { baseline: 'warn', why: blindWhy, snippet: 'nodeTaintsPolicy: Honor' },
    'taint-blind-latent': {
      baseline: 'audit',
      strict: 'warn',
      why: 'A cordoned node or a lost zone is still counted, as empty: from then on the others may not grow past maxSkew, and what is drained stays Pending.',
      snippet: 'nodeTaintsPolicy: Honor',
    },
    'affinity-blind': { baseline: 'warn', strict: 'deny', why: affinityWhy, snippet: 'nodeAffinityPolicy: Honor' },
    'min-domains': {
      baseline: 'warn',
      why: 'While there are fewer domains than minDomains, the least of them counts as empty: each takes maxSkew pods and no more.',
    },
    'missing-label': { baseline: 'deny', why: noLabelWhy, snippet },
    'missing-label-autoscaled': { baseline: 'warn', why: noLabelWhy, snippet },
    'self-mismatch': {
      baseline: 'audit',
      why: 'The constraint counts pods of others, or none: it does not spread these.',
    },
    'rollout-skew': {
      baseline: 'audit',
      why: 'Old and new pods are counted together during a rollout: once the old ones are gone the new ones may stand askew, or wait for them.',
      snippet: 'matchLabelKeys: [pod-template-hash]',
    },
  },
  params: {
    allowedHardKeys: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Topology keys over which a spread may be hard, such as topology.kubernetes.io/zone.',
    },
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
        object: deployment(3, `{ maxSkew: 1, topologyKey: ${zone}, whenUnsatisfiable: ScheduleAnyway, ${own} }`),
        inventory: nodes(2),
      },
      {
        name: 'hard over a key that the platform allows, with room',
        object: deployment(3, spread(zone, 'nodeTaintsPolicy: Honor,')),
        inventory: nodes(6, ['a', 'b', 'c']),
        params: { allowedHardKeys: [zone] },
      },
      {
        name: 'more nodes than replicas: one may be lost',
        object: deployment(4, spread(hostname)),
        inventory: `${nodes(5)}\n---\n${tainted}`,
        params: { allowedHardKeys: [hostname] },
      },
    ],
    fails: [
      {
        name: 'a Job, each pod of which makes room for the next as it ends: a tainted node holds none up for good',
        object: `{ kind: Job, metadata: { name: scan }, spec: { parallelism: 10, completions: 100, template: { metadata: { labels: { app: web } }, spec: { restartPolicy: Never, topologySpreadConstraints: [${spread(hostname)}], containers: [${container}] } } } }`,
        inventory: `${nodes(3)}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`],
      },
      {
        name: 'five untainted nodes, one tainted, five replicas: the next cordon is one too many',
        object: deployment(5, spread(hostname)),
        inventory: `${nodes(5)}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `taint-blind-latent ${at}/nodeTaintsPolicy`],
      },
      {
        name: 'six replicas: the tainted node counts as empty',
        object: deployment(6, spread(hostname)),
        inventory: `${nodes(5)}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `taint-blind ${at}/nodeTaintsPolicy`],
      },
      {
        name: 'six replicas beside a tainted node, by a larger skew',
        object: deployment(6, spread(hostname, '', 2)),
        inventory: `${nodes(5)}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`],
      },
      {
        name: 'six replicas beside a tainted node that is left out of the count',
        object: deployment(6, spread(hostname, 'nodeTaintsPolicy: Honor,')),
        inventory: `${nodes(5)}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`],
      },
      {
        name: 'six replicas beside a tainted node that they tolerate',
        object: deployment(6, spread(hostname), 'tolerations: [{ key: gpu, operator: Exists }],'),
        inventory: `${nodes(5)}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `taint-blind-latent ${at}/nodeTaintsPolicy`],
      },
      {
        name: 'a cordoned node',
        object: deployment(6, spread(hostname)),
        inventory: `${nodes(5)}\n---\n${node('c0', 'a', 'unschedulable: true')}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `taint-blind ${at}/nodeTaintsPolicy`],
      },
      {
        name: 'a zone that is not ready',
        object: deployment(3, spread(zone)),
        inventory: `${nodes(4, ['a', 'b'])}\n---\n${node('l0', 'c', '', '', 'Unknown')}\n---\n${node('l1', 'c', '', '', 'False')}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `taint-blind ${at}/nodeTaintsPolicy`],
      },
      {
        name: 'a new node may come',
        object: deployment(6, spread(hostname)),
        inventory: `${nodes(5, ['a'], ', karpenter.sh/nodepool: default')}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `taint-blind-autoscaled ${at}/nodeTaintsPolicy`],
      },
      {
        name: 'nobody knows the nodes, and there are more replicas than maxSkew',
        object: deployment(3, spread(zone)),
        finds: [`hard ${at}/whenUnsatisfiable`, `taint-blind-latent ${at}/nodeTaintsPolicy`, 'unresolved Node'],
      },
      {
        name: 'one zone is asked for, and the others are counted',
        object: deployment(
          2,
          spread(zone, 'nodeAffinityPolicy: Ignore, nodeTaintsPolicy: Honor,'),
          `nodeSelector: { ${zone}: a },`,
        ),
        inventory: nodes(6, ['a', 'b', 'c']),
        alongside: ['compute-node-pinning'],
        finds: [`affinity-blind ${at}/nodeAffinityPolicy`, `hard ${at}/whenUnsatisfiable`],
      },
      {
        name: 'one zone is asked for, and it alone is counted',
        object: deployment(2, spread(zone, 'nodeTaintsPolicy: Honor,'), `nodeSelector: { ${zone}: a },`),
        inventory: nodes(6, ['a', 'b', 'c']),
        alongside: ['compute-node-pinning'],
        finds: [`hard ${at}/whenUnsatisfiable`],
      },
      {
        name: 'certain nodes are asked for but all counted, and nobody knows the nodes',
        object: deployment(
          2,
          spread(hostname, 'nodeAffinityPolicy: Ignore, nodeTaintsPolicy: Honor,'),
          'nodeSelector: { disk: ssd },',
        ),
        finds: [`affinity-blind ${at}/nodeAffinityPolicy`, `hard ${at}/whenUnsatisfiable`, 'unresolved Node'],
      },
      {
        name: 'three domains are asked for, two there',
        object: deployment(3, spread(zone, 'minDomains: 3, nodeTaintsPolicy: Honor,')),
        inventory: nodes(6, ['a', 'b']),
        finds: [`hard ${at}/whenUnsatisfiable`, `min-domains ${at}/minDomains`],
      },
      {
        name: 'no node carries the label',
        object: deployment(2, spread('example.com/rack', 'nodeTaintsPolicy: Honor,')),
        inventory: nodes(3),
        finds: [`hard ${at}/whenUnsatisfiable`, `missing-label ${at}/topologyKey`],
      },
      {
        name: 'no node carries the label, but new nodes may come',
        object: deployment(2, spread('example.com/rack', 'nodeTaintsPolicy: Honor,')),
        inventory: nodes(3),
        params: { autoscaling: true },
        finds: [`hard ${at}/whenUnsatisfiable`, `missing-label-autoscaled ${at}/topologyKey`],
      },
      {
        name: 'each key is on a node, and no node carries both',
        object: deployment(3, `${spread('example.com/row')}, ${spread('example.com/rack')}`),
        inventory: `{ kind: Node, metadata: { name: n1, labels: { example.com/row: a } } }\n---\n{ kind: Node, metadata: { name: n2, labels: { example.com/rack: a } } }`,
        finds: [
          `hard ${at}/whenUnsatisfiable`,
          'hard /spec/template/spec/topologySpreadConstraints/1/whenUnsatisfiable',
          `missing-label ${at}/topologyKey`,
        ],
      },
      {
        name: 'one key on all nodes, and one on none: its fault alone',
        object: deployment(3, `${spread(zone, 'nodeTaintsPolicy: Honor,')}, ${spread('example.com/rack')}`),
        inventory: nodes(2),
        finds: [
          `hard ${at}/whenUnsatisfiable`,
          'hard /spec/template/spec/topologySpreadConstraints/1/whenUnsatisfiable',
          'missing-label /spec/template/spec/topologySpreadConstraints/1/topologyKey',
        ],
      },
      {
        name: 'the only node with the label is tainted',
        object: deployment(2, spread('example.com/rack', 'nodeTaintsPolicy: Honor,')),
        inventory: `${nodes(3)}\n---\n${node('t0', 'a', 'taints: [{ key: gpu, effect: NoSchedule }]', ', example.com/rack: r1')}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `missing-label ${at}/topologyKey`],
      },
      {
        name: 'the selector means other pods',
        object: deployment(
          9,
          spread(zone, '', 1, 'matchLabelKeys: [pod-template-hash], labelSelector: { matchLabels: { app: api } }'),
        ),
        inventory: `${nodes(4, ['a', 'b'])}\n---\n${node('c0', 'c', 'unschedulable: true')}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `self-mismatch ${at}/labelSelector`],
      },
      {
        name: 'no selector means no pods',
        object: deployment(1, `{ maxSkew: 1, topologyKey: ${zone}, whenUnsatisfiable: DoNotSchedule }`),
        inventory: nodes(4, ['a', 'b']),
        finds: [
          `hard ${at}/whenUnsatisfiable`,
          `rollout-skew ${at}/matchLabelKeys`,
          `self-mismatch ${at}/labelSelector`,
        ],
      },
      {
        name: 'a selector for everything counts nothing',
        object: `{ kind: StatefulSet, spec: { replicas: 9, serviceName: web, template: { metadata: { labels: { app: web } }, spec: { topologySpreadConstraints: [${spread(hostname, '', 1, 'labelSelector: {}')}], containers: [${container}] } } } }`,
        inventory: `${nodes(2)}\n---\n${tainted}`,
        finds: [`hard ${at}/whenUnsatisfiable`, `self-mismatch ${at}/labelSelector`],
      },
      {
        name: 'old and new pods are counted together',
        object: deployment(
          2,
          spread(zone, 'nodeTaintsPolicy: Honor,', 1, 'labelSelector: { matchLabels: { app: web } }'),
        ),
        inventory: nodes(6, ['a', 'b', 'c']),
        finds: [`hard ${at}/whenUnsatisfiable`, `rollout-skew ${at}/matchLabelKeys`],
      },
      {
        name: 'of two constraints, nodes count only with both labels',
        object: deployment(2, `${spread(zone, 'nodeTaintsPolicy: Honor,')}, ${spread('example.com/rack')}`),
        inventory: `${nodes(3, ['a'])}\n---\n${node('b0', 'b', 'unschedulable: true', ', example.com/rack: r1')}\n---\n${node('b1', 'b', '', ', example.com/rack: r2')}`,
        finds: [
          `hard ${at}/whenUnsatisfiable`,
          `hard ${at.replace('0', '1')}/whenUnsatisfiable`,
          `taint-blind ${at.replace('0', '1')}/nodeTaintsPolicy`,
        ],
      },
      {
        name: 'a skew that is filled in later',
        object: deployment(
          3,
          `{ maxSkew: "\${SKEW}", topologyKey: ${zone}, whenUnsatisfiable: DoNotSchedule, ${own} }`,
        ),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, name, namespace, params, inventory }) {
    const constraints = hardSpreads(kind, object)
    if ('unresolved' in constraints) return yield constraints
    if (constraints.length === 0) return
    const unsure = new Set<Missing>()
    const nodes = nodesOfPod(podSpecOf(kind, object)?.spec, inventory)
    const count = podCountOf(kind, object, namespace, inventory)
    if ('unresolved' in nodes) unsure.add(nodes.unresolved)
    if (typeof count === 'string') unsure.add(count)
    // Each pod of a Job that has ended makes room for the next, so that no number of them is too many.
    const current = typeof count === 'object' && !makesEndingPods(kind) ? count.current : 0
    for (const constraint of constraints) {
      const { path, topologyKey } = constraint
      const selector = memberOf(resolve(path, object), 'labelSelector')
      const values = { topologyKey, labels: labelsOfSelector(selector) }
      const subject = `${brief(name, 24) || kind}: DoNotSchedule on ${brief(topologyKey, 40)}`
      if (!params.allowedHardKeys.includes(topologyKey)) {
        yield {
          reason: 'hard',
          path: `${path}/whenUnsatisfiable`,
          message: subject,
          fix: 'set whenUnsatisfiable: ScheduleAnyway',
          values,
        }
      }
      if (!constraint.countsItself) {
        const message = `${subject}, with a selector that counts none of its own pods`
        yield {
          reason: 'self-mismatch',
          path: `${path}/labelSelector`,
          message,
          fix: 'select the labels of the pod template',
        }
      }
      if (kind === 'Deployment' && !constraint.byRevision) {
        const message = `${subject} counts old and new pods of a rollout together`
        yield {
          reason: 'rollout-skew',
          path: `${path}/matchLabelKeys`,
          message,
          fix: 'add matchLabelKeys: [pod-template-hash]',
        }
      }
      for (const fault of 'unresolved' in nodes
        ? suspectedFaults(constraint, current)
        : faultsOf(constraint, constraints, nodes, current, params.autoscaling)) {
        yield { ...fault, path: path + fault.path, message: subject + fault.message, values }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

interface Fault {
  readonly reason:
    | 'taint-blind'
    | 'taint-blind-autoscaled'
    | 'taint-blind-latent'
    | 'affinity-blind'
    | 'min-domains'
    | 'missing-label'
    | 'missing-label-autoscaled'
  /** Below the constraint. */
  readonly path: string
  /** What follows the constraint. */
  readonly message: string
  readonly fix: string
}

const honorTaints = {
  path: '/nodeTaintsPolicy',
  fix: 'set nodeTaintsPolicy: Honor, or whenUnsatisfiable: ScheduleAnyway',
}
const honorAffinity = { path: '/nodeAffinityPolicy', fix: 'leave nodeAffinityPolicy out (it is Honor then)' }

/** What may be said without knowing a node. */
function* suspectedFaults(constraint: SpreadConstraint, current: number): Generator<Fault> {
  const { honorsTaints, honorsAffinity, asksForNodes, countsItself, maxSkew } = constraint
  if (!countsItself) return
  if (!honorsAffinity && asksForNodes) {
    const message = ' counts nodes that its nodeSelector or affinity rules out'
    yield { reason: 'affinity-blind', message, ...honorAffinity }
  }
  if (!honorsTaints && current > maxSkew) {
    const message = ` counts cordoned and tainted nodes as empty: ${current} replicas, maxSkew ${maxSkew}`
    yield { reason: 'taint-blind-latent', message, ...honorTaints }
  }
}

function* faultsOf(
  constraint: SpreadConstraint,
  all: readonly SpreadConstraint[],
  nodes: PodNodes,
  current: number,
  autoscaling: boolean,
): Generator<Fault> {
  const { eligible } = nodes
  // No node at all for such pods is another fault than a spread.
  if (eligible.length === 0) return
  const grows = mayGrow(nodes, autoscaling)
  const { counted, usable, capacity, tainted, excluded } = spreadRoom(constraint, all, nodes)
  if (usable === 0) {
    const missing = missingLabel(constraint, all, eligible)
    if (missing)
      yield { reason: grows ? 'missing-label-autoscaled' : 'missing-label', path: '/topologyKey', ...missing }
    return
  }
  const room = `: ${current} replicas, room for ${capacity}`
  const first = (domains: readonly string[]) =>
    `${brief(domains[0] ?? '', 24)}${domains.length > 1 ? ` and ${domains.length - 1} more` : ''}`
  if (current > capacity) {
    if (tainted.length > 0) {
      const reason = grows ? 'taint-blind-autoscaled' : 'taint-blind'
      yield { reason, message: ` counts ${first(tainted)} (tainted, cordoned or not ready)${room}`, ...honorTaints }
    }
    if (excluded.length > 0) {
      yield {
        reason: 'affinity-blind',
        message: ` counts ${first(excluded)}, ruled out by itself${room}`,
        ...honorAffinity,
      }
    }
    if (counted < constraint.minDomains) {
      const message = ` asks for ${constraint.minDomains} domains of ${counted}${room}`
      yield { reason: 'min-domains', path: '/minDomains', message, fix: `set minDomains: ${counted}, or leave it out` }
    }
  }
  const left = constraint.maxSkew * (usable - 1)
  const isBlind = constraint.countsItself && !constraint.honorsTaints && !(current > capacity && tainted.length > 0)
  if (isBlind && usable > 1 && current > left) {
    const message = `: one more cordoned or lost domain counts as empty: ${current} replicas, room for ${left}`
    yield { reason: 'taint-blind-latent', message, ...honorTaints }
  }
}

/** What is wrong where no node carries the keys of all constraints: said of the key that none carries, or of the first. */
function missingLabel(
  constraint: SpreadConstraint,
  all: readonly SpreadConstraint[],
  eligible: PodNodes['eligible'],
): Pick<Fault, 'message' | 'fix'> | undefined {
  const isCarried = ({ topologyKey }: SpreadConstraint) => domainsOf(eligible, topologyKey).nodes.size > 0
  if (!isCarried(constraint)) {
    const message = `, which none of ${eligible.length} nodes for it carries`
    return { message, fix: 'name a label of the nodes, such as kubernetes.io/hostname' }
  }
  if (!all.every(isCarried) || constraint !== all[0]) return undefined
  const message = `: none of ${eligible.length} nodes for it carries the keys of all ${all.length} hard constraints`
  return { message, fix: 'name labels that the same nodes carry, or set one to ScheduleAnyway' }
}
