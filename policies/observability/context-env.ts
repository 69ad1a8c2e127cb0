import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import {
  attributeFields,
  contextFields,
  downwardFields,
  injectsTelemetry,
  type ContextField,
} from '../../src/sdk/log-context.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy } from '../../src/sdk/policy.ts'
import { memberOf } from '../../src/sdk/shape.ts'

const snippet = `env:
- {name: K8S_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: K8S_POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: K8S_NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
- {name: K8S_ZONE, valueFrom: {fieldRef: {fieldPath: "metadata.labels['topology.kubernetes.io/zone']"}}} # from 1.35 on; before, zoneSource: collector
- {name: OTEL_RESOURCE_ATTRIBUTES, value: "k8s.namespace.name=$(K8S_NAMESPACE),k8s.pod.name=$(K8S_POD_NAME),k8s.node.name=$(K8S_NODE_NAME),cloud.availability_zone=$(K8S_ZONE)"}`

const reason = (why: string) => ({ baseline: 'audit', strict: { default: 'deny', pod: 'warn' }, why, snippet }) as const

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const namespaceEnv = `{ name: K8S_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }`
const podEnv = `{ name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }`
const nodeEnv = `{ name: K8S_NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }`
const zoneEnv = `{ name: K8S_ZONE, valueFrom: { fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } } }`
const container = (...env: string[]) => withFields(`env: [${env.join(', ')}]`)
const withFields = (fields: string) => `{ name: web, image: "registry.example.com/web:1.4.2", ${resources}, ${fields} }`
const deployment = (container: string, more = '', metadata = '') =>
  `{ kind: Deployment, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web }${metadata} }, spec: { containers: [${container}]${more} } } } }`

export default definePolicy({
  id: 'observability-context-env',
  summary: 'Every container can write its namespace, pod, node and zone into its log.',
  signatures: ['blind-logs'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/apis/core/validation/validation.go',
    'https://opentelemetry.io/docs/specs/semconv/resource/k8s/',
    'https://www.kubernetes.dev/resources/keps/4742/',
  ],
  on: podKinds,
  reads: ['Namespace'],
  reasons: {
    namespace: reason('A log line without its namespace cannot be told from that of another team or stage.'),
    pod: reason('A log line without its pod cannot be joined with the events, restarts and evictions of that pod.'),
    node: reason('A log line without its node hides that the failures come from one machine.'),
    zone: reason(
      'A log line without its zone hides that latency and errors come from one zone, or from crossing zones.',
    ),
  },
  params: {
    requiredFields: {
      type: 'array',
      items: { type: 'string', enum: contextFields },
      default: contextFields,
      description: 'What a container must be able to log.',
    },
    satisfiedBy: {
      type: 'array',
      items: { type: 'string', enum: ['env', 'otel', 'inject-annotation', 'collector'] },
      default: ['env', 'otel', 'inject-annotation', 'collector'],
      description:
        'The ways that count: the downward API, OTEL_RESOURCE_ATTRIBUTES, annotations of the OpenTelemetry operator, and the label day2-admission.dev/log-enrichment: collector of the namespace.',
    },
    zoneSource: {
      type: 'string',
      enum: ['pod', 'collector'],
      default: 'pod',
      description:
        'Who adds the zone: the pod itself, or a collector that joins it from the node. The label of the node is copied to its pods from Kubernetes 1.35 on (in 1.33 and 1.34 only with the feature gate PodTopologyLabelsAdmission): before, choose collector.',
    },
    includeInit: {
      type: 'boolean',
      default: false,
      description: 'Init containers that end before the others start must be able to log it too.',
    },
    includeEphemeral: {
      type: 'boolean',
      default: false,
      description: 'Ephemeral containers, which people add to look into a Pod, must be able to log it too.',
    },
  },
  examples: {
    passes: [
      {
        name: 'all four by fieldRef, whatever the variables are called',
        object: deployment(container(namespaceEnv, podEnv, nodeEnv, zoneEnv)),
      },
      {
        name: 'from a downward API volume, but for the node',
        object: deployment(
          withFields(`env: [${nodeEnv}], volumeMounts: [{ name: podinfo, mountPath: /etc/podinfo, readOnly: true }]`),
          `, volumes: [{ name: podinfo, downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }, { path: name, fieldRef: { fieldPath: metadata.name } }, { path: labels, fieldRef: { fieldPath: metadata.labels } }] } }]`,
        ),
      },
      {
        name: 'from a projected volume',
        object: deployment(
          withFields(`env: [${nodeEnv}], volumeMounts: [{ name: podinfo, mountPath: /etc/podinfo, readOnly: true }]`),
          `, volumes: [{ name: podinfo, projected: { sources: [{ downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }, { path: name, fieldRef: { fieldPath: metadata.name } }, { path: zone, fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } }] } }] } }]`,
        ),
      },
      {
        name: 'by the resource attributes of OpenTelemetry',
        object: deployment(
          container(
            nodeEnv,
            podEnv,
            `{ name: OTEL_RESOURCE_ATTRIBUTES, value: "k8s.namespace.name=shop, k8s.pod.name=$(POD),k8s.node.name=$(K8S_NODE_NAME),cloud.availability_zone=eu-west-1a" }`,
          ),
        ),
      },
      {
        name: 'the OpenTelemetry operator injects them',
        object: deployment(container(), '', `, annotations: { instrumentation.opentelemetry.io/inject-java: "true" }`),
      },
      {
        name: 'the OpenTelemetry operator injects them into the whole namespace',
        object: deployment(container()),
        inventory: `{ kind: Namespace, metadata: { name: default, annotations: { instrumentation.opentelemetry.io/inject-java: "true" } } }`,
      },
      {
        name: 'a collector adds them outside the process',
        object: deployment(container()),
        inventory: `{ kind: Namespace, metadata: { name: default, labels: { day2-admission.dev/log-enrichment: collector } } }`,
      },
      {
        name: 'a collector adds the zone, says the settings',
        object: deployment(container(namespaceEnv, podEnv, nodeEnv)),
        params: { zoneSource: 'collector' },
      },
      {
        name: 'fields that the settings do not ask for',
        object: deployment(container(nodeEnv)),
        params: { requiredFields: ['node'] },
      },
      {
        name: 'init containers need none',
        object: deployment(
          container(namespaceEnv, podEnv, nodeEnv, zoneEnv),
          `, initContainers: [{ name: migrate, image: "registry.example.com/migrate:1.4.2", ${resources} }]`,
        ),
      },
    ],
    fails: [
      {
        name: 'a container that knows nothing of where it runs',
        object: deployment(withFields('ports: []')),
        finds: contextFields.map((field) => `${field} /spec/template/spec/containers/0/env/-`),
      },
      {
        name: 'the zone is missing',
        object: deployment(container(namespaceEnv, podEnv, nodeEnv)),
        finds: ['zone /spec/template/spec/containers/0/env/-'],
      },
      {
        name: 'HOSTNAME does not stand for the pod',
        object: deployment(container(namespaceEnv, `{ name: POD, value: "$(HOSTNAME)" }`, nodeEnv, zoneEnv)),
        finds: ['pod /spec/template/spec/containers/0/env/-'],
      },
      {
        name: 'a downward API volume that the container does not mount',
        object: deployment(
          container(podEnv, nodeEnv, zoneEnv),
          `, volumes: [{ name: podinfo, downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] } }]`,
        ),
        finds: ['namespace /spec/template/spec/containers/0/env/-'],
      },
      {
        name: 'a sidecar logs too',
        object: deployment(
          container(namespaceEnv, podEnv, nodeEnv, zoneEnv),
          `, initContainers: [{ name: proxy, image: "registry.example.com/proxy:2.0.1", restartPolicy: Always, ${resources}, env: [${namespaceEnv}, ${podEnv}, ${zoneEnv}] }]`,
        ),
        finds: ['node /spec/template/spec/initContainers/0/env/-'],
      },
      {
        name: 'an init container, where the settings ask for it',
        object: deployment(
          container(namespaceEnv, podEnv, nodeEnv, zoneEnv),
          `, initContainers: [{ name: migrate, image: "registry.example.com/migrate:1.4.2", ${resources}, env: [${namespaceEnv}, ${podEnv}, ${zoneEnv}] }]`,
        ),
        params: { includeInit: true },
        finds: ['node /spec/template/spec/initContainers/0/env/-'],
      },
      {
        name: 'an ephemeral container, where the settings ask for it',
        object: `{ kind: Pod, spec: { containers: [${container(namespaceEnv, podEnv, nodeEnv, zoneEnv)}], ephemeralContainers: [{ name: shell, image: "registry.example.com/shell:1.4.2", env: [${namespaceEnv}, ${podEnv}, ${nodeEnv}] }] } }`,
        params: { includeEphemeral: true },
        finds: ['zone /spec/ephemeralContainers/0/env/-'],
      },
      {
        name: 'an annotation that switches the injection off',
        object: deployment(
          container(namespaceEnv, podEnv, nodeEnv),
          '',
          `, annotations: { sidecar.opentelemetry.io/inject: "false" }`,
        ),
        finds: ['zone /spec/template/spec/containers/0/env/-'],
      },
      {
        name: 'a bare Pod',
        object: `{ kind: Pod, spec: { containers: [${container(namespaceEnv, podEnv, nodeEnv)}] } }`,
        finds: ['zone /spec/containers/0/env/-'],
      },
      {
        name: 'the settings do not let the attributes count',
        object: deployment(
          container(
            namespaceEnv,
            podEnv,
            nodeEnv,
            `{ name: OTEL_RESOURCE_ATTRIBUTES, value: "cloud.availability_zone=eu-west-1a" }`,
          ),
        ),
        params: { satisfiedBy: ['env'] },
        finds: ['zone /spec/template/spec/containers/0/env/-'],
      },
    ],
  },
  *check({ kind, object, namespace, params, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    const ways = params.satisfiedBy
    const isInjected = ways.includes('inject-annotation') && injectsTelemetry(view.metadata.annotations)
    if (isInjected || isEnriched(namespace, ways, inventory)) return
    for (const container of containersOf(view)) {
      const { path, name, class: role } = container
      if ((role === 'init' && !params.includeInit) || (role === 'ephemeral' && !params.includeEphemeral)) continue
      const fromEnv = ways.includes('env') ? downwardFields(container, view.spec) : noFields
      const fromAttributes = ways.includes('otel') ? attributeFields(container) : noFields
      for (const field of params.requiredFields) {
        if (fromEnv.has(field) || fromAttributes.has(field)) continue
        if (field === 'zone' && params.zoneSource === 'collector') continue
        // An entry yet to be made: a patch that says nothing of it is not judged for it.
        yield {
          reason: field,
          path: `${path}/env/-`,
          message: `container ${name} cannot log its ${field}`,
          fix: `add env {name: ${variables[field][0]}, valueFrom: {fieldRef: {fieldPath: "${variables[field][1]}"}}}${since[field] ?? ''}`,
        }
      }
    }
  },
})

const noFields: ReadonlySet<ContextField> = new Set()

const variables: { readonly [F in ContextField]: readonly [name: string, fieldPath: string] } = {
  namespace: ['K8S_NAMESPACE', 'metadata.namespace'],
  pod: ['K8S_POD_NAME', 'metadata.name'],
  node: ['K8S_NODE_NAME', 'spec.nodeName'],
  zone: ['K8S_ZONE', "metadata.labels['topology.kubernetes.io/zone']"],
}

// Where the label of the node reaches its pods (KEP-4742); before, only a collector knows the zone.
const since: { readonly [F in ContextField]?: string } = { zone: ' (Kubernetes 1.35+)' }

/** True if the namespace is known to have the fields added for all its pods. */
function isEnriched(namespace: string, ways: readonly string[], inventory: Inventory<'Namespace'>): boolean {
  const found = inventory.get('Namespace', '', namespace)
  if (!found || found === unknown || inventory.uncertain(found)) return false
  const { labels, annotations } = found.metadata ?? {}
  if (ways.includes('collector') && memberOf(labels, 'day2-admission.dev/log-enrichment') === 'collector') return true
  return ways.includes('inject-annotation') && injectsTelemetry(annotations)
}
