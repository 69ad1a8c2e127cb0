import { podKinds } from '../../src/sdk/kinds.ts'
import { labelsOfPods } from '../../src/sdk/labels-to-type.ts'
import { podCountOf } from '../../src/sdk/measured-scale.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const why =
  'The autoscaler may never empty the node of such a pod: half-used nodes stay, and what needs a whole one stays Pending or costs a new node.'
const snippet = yaml`spec:
  maxUnavailable: 1 # a PodDisruptionBudget in place of the annotation
  selector: { matchLabels: ${{ labels: { app: 'web' } }} }`

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const workload = (annotations: string, kind = 'Deployment', replicas = 'replicas: 2,') =>
  `{ kind: ${kind}, metadata: { name: web }, spec: { ${replicas} ${kind === 'StatefulSet' ? 'serviceName: web,' : ''} selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web }, annotations: { ${annotations} } }, spec: { containers: [${container}] } } } }`
const safe = 'cluster-autoscaler.kubernetes.io/safe-to-evict'
const karpenter = 'karpenter.sh/do-not-disrupt'
const at = '/spec/template/metadata/annotations'

export default definePolicy({
  id: 'compute-do-not-evict',
  summary: 'Pods let the autoscaler empty their nodes.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md#what-types-of-pods-can-prevent-ca-from-removing-a-node',
    'https://karpenter.sh/docs/concepts/disruption/#pod-level-controls',
  ],
  on: podKinds,
  reads: ['HorizontalPodAutoscaler'],
  reasons: {
    annotation: { baseline: 'audit', strict: 'warn', why, snippet },
    replicated: {
      baseline: 'warn',
      why: `${why} With several replicas one of them may go.`,
      snippet,
    },
  },
  examples: {
    passes: [
      { name: 'may be evicted', object: workload(`${safe}: "true"`) },
      { name: 'may be disrupted', object: workload(`${karpenter}: "false"`) },
      {
        name: 'an annotation of the Deployment itself says nothing of its pods',
        object: `{ kind: Deployment, metadata: { annotations: { ${safe}: "false" } }, spec: { replicas: 2, template: { metadata: { labels: { app: web } }, spec: { containers: [${container}] } } } }`,
      },
      {
        name: 'a Job ends by itself',
        object: `{ kind: Job, spec: { template: { metadata: { annotations: { ${safe}: "false" } }, spec: { restartPolicy: Never, containers: [${container}] } } } }`,
      },
    ],
    fails: [
      {
        name: 'a Rollout of Argo of one replica',
        object: workload(`${safe}: "false"`, 'Rollout', 'replicas: 1,'),
        finds: [`annotation ${at}/cluster-autoscaler.kubernetes.io~1safe-to-evict`],
      },
      {
        name: 'a Deployment of two',
        object: workload(`${safe}: "false"`),
        finds: [`replicated ${at}/cluster-autoscaler.kubernetes.io~1safe-to-evict`],
      },
      {
        name: 'a Deployment of two, in the words of Karpenter',
        object: workload(`${karpenter}: "true"`),
        finds: [`replicated ${at}/karpenter.sh~1do-not-disrupt`],
      },
      {
        name: 'a Deployment of one',
        object: workload(`${safe}: "false"`, 'Deployment', 'replicas: 1,'),
        finds: [`annotation ${at}/cluster-autoscaler.kubernetes.io~1safe-to-evict`],
      },
      {
        name: 'a StatefulSet',
        object: workload(`${karpenter}: "true"`, 'StatefulSet'),
        finds: [`annotation ${at}/karpenter.sh~1do-not-disrupt`],
      },
      {
        name: 'a bare Pod',
        object: `{ kind: Pod, metadata: { annotations: { ${safe}: "false" } }, spec: { containers: [${container}] } }`,
        finds: ['annotation /metadata/annotations/cluster-autoscaler.kubernetes.io~1safe-to-evict'],
      },
      {
        name: 'autoscalers that are not known yet',
        object: workload(`${safe}: "false"`),
        unknown: ['HorizontalPodAutoscaler'],
        finds: [
          `annotation ${at}/cluster-autoscaler.kubernetes.io~1safe-to-evict`,
          'unresolved HorizontalPodAutoscaler',
        ],
      },
    ],
  },
  *check({ kind, object, name, namespace, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view || kind === 'Job' || kind === 'CronJob') return
    const found = blockers.filter(({ key, value }) => memberOf(view.metadata.annotations, key) === value)
    if (found.length === 0) return
    const count =
      kind === 'Deployment' || kind === 'Rollout' ? podCountOf(kind, object, namespace, inventory) : undefined
    const floor = typeof count === 'object' ? count.floor : 1
    for (const { key, value } of found) {
      yield {
        reason: floor >= 2 ? 'replicated' : 'annotation',
        path: view.metadataPath + pointer('annotations', key),
        message: `${brief(name, 24) || kind}: ${key}: "${value}" keeps its nodes from being emptied`,
        fix: 'remove the annotation; let a PodDisruptionBudget say how many may go at once',
        values: { labels: labelsOfPods(kind, object) },
      }
    }
    if (typeof count === 'string') yield unresolved(count)
  },
})

const blockers = [
  { key: safe, value: 'false' },
  { key: karpenter, value: 'true' },
] as const
