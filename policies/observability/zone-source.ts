import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { readsZoneLabel, zoneLabel } from '../../src/sdk/log-context.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { oncePerList } from '../../src/sdk/once-per-list.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { memberOf } from '../../src/sdk/shape.ts'

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const zoneEnv = `env: [{ name: K8S_ZONE, valueFrom: { fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } } }]`
const container = (fields: string) => `{ name: web, image: "registry.example.com/web:1.4.2", ${resources}, ${fields} }`
const deployment = (fields: string, labels = '') =>
  `{ kind: Deployment, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web${labels} } }, spec: { containers: [${container(fields)}] } } } }`
const node = (labels: string) => `{ kind: Node, metadata: { name: node-1, labels: { ${labels} } } }`

export default definePolicy({
  id: 'observability-zone-source',
  summary: 'The zone that a container logs is that of its node.',
  signatures: ['blind-logs'],
  since: '0.1.0',
  sources: [
    'https://www.kubernetes.dev/resources/keps/4742/',
    'kubernetes/plugin/pkg/admission/podtopologylabels/admission.go',
    'kubernetes/pkg/fieldpath/fieldpath.go ExtractFieldPathAsString',
  ],
  on: podKinds,
  reads: ['Node'],
  readsMetadata: true,
  reasons: {
    unavailable: {
      baseline: 'warn',
      why: 'The zone of the node is not copied to its pods here, and a label that is missing gives an empty text without an error: every log line says that it comes from no zone.',
    },
    'user-set': {
      baseline: 'warn',
      why: 'From Kubernetes 1.35 on the label is overwritten when the pod is bound; before, pods in every zone claim to be in this one.',
    },
  },
  params: {
    kubernetesVersion: {
      type: 'string',
      pattern: '^(1\\.[0-9]{1,3})?$',
      default: '',
      description:
        'Minor version of the cluster, such as 1.34: before 1.35 the zone is not copied to pods. Empty: not known, and not judged.',
    },
  },
  examples: {
    passes: [
      { name: 'the version of the cluster is not known', object: deployment(zoneEnv) },
      {
        name: 'a cluster that copies the label',
        object: deployment(zoneEnv),
        inventory: node('topology.kubernetes.io/zone: eu-west-1a'),
        params: { kubernetesVersion: '1.35' },
      },
      {
        name: 'an older cluster, where nothing reads the label',
        object: deployment('env: []'),
        params: { kubernetesVersion: '1.34' },
      },
    ],
    fails: [
      {
        name: 'a cluster that does not copy the label',
        object: deployment(zoneEnv),
        params: { kubernetesVersion: '1.34' },
        finds: ['unavailable /spec/template/spec/containers/0/env'],
      },
      {
        name: 'nodes without a zone',
        object: deployment(zoneEnv),
        inventory: node('kubernetes.io/hostname: node-1'),
        finds: ['unavailable /spec/template/spec/containers/0/env'],
      },
      {
        name: 'the label is set in the template',
        object: deployment('env: []', ', topology.kubernetes.io/zone: eu-west-1a'),
        finds: ['user-set /spec/template/metadata/labels/topology.kubernetes.io~1zone'],
      },
      {
        name: 'nodes are not known yet',
        object: deployment(zoneEnv),
        unknown: ['Node'],
        finds: ['unresolved Node'],
      },
    ],
  },
  *check({ kind, object, params, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    const isBound = kind === 'Pod' && Boolean(view.spec.nodeName)
    if (!isBound && memberOf(view.metadata.labels, zoneLabel) !== undefined)
      yield {
        reason: 'user-set',
        path: view.metadataPath + pointer('labels', zoneLabel),
        message: 'the pods say themselves in which zone they are',
        fix: `remove the label ${zoneLabel}; to choose a zone use nodeAffinity`,
      }
    const nodes = inventory.list('Node')
    const minor = Number(params.kubernetesVersion.slice('1.'.length) || NaN)
    const cause =
      minor < copiesFrom
        ? `Kubernetes ${params.kubernetesVersion} does not copy the zone to pods`
        : nodes !== unknown && nodes.length > 0 && !haveZones(nodes)
          ? 'no node has a zone'
          : undefined
    // Where zones reach the pods, nobody need know who reads them.
    if (nodes !== unknown && cause === undefined) return
    const readers = containersOf(view).filter((container) => readsZoneLabel(container, view.spec))
    if (readers.length === 0) return
    if (nodes === unknown && cause === undefined) yield unresolved('Node')
    if (cause === undefined) return
    for (const { path, name } of readers)
      yield {
        reason: 'unavailable',
        path: `${path}/env`,
        message: `container ${name} reads the zone from a label that its pod will not have: ${cause}`,
        fix: 'let a collector add the zone, or upgrade to Kubernetes 1.35',
      }
  },
})

// PodTopologyLabelsAdmission is on from this minor version of Kubernetes 1 (KEP-4742).
const copiesFrom = 35

const haveZones = oncePerList((nodes: readonly Kinds['Node'][]) =>
  nodes.some((node) => Boolean(memberOf(node.metadata?.labels, zoneLabel))),
)
