import { brokenReferences } from '../../src/sdk/env-references.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { attributesVariable } from '../../src/sdk/log-context.ts'
import { brief } from '../../src/sdk/names.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy } from '../../src/sdk/policy.ts'
import { memberOf, stringOf } from '../../src/sdk/shape.ts'

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const deployment = (env: string, more = '') =>
  `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", ${resources}, env: [${env}]${more} }] } } } }`
const node = `{ name: K8S_NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }`
const attributes = `{ name: OTEL_RESOURCE_ATTRIBUTES, value: "k8s.node.name=$(K8S_NODE_NAME)" }`
const why =
  'The kubelet expands only variables that are defined earlier in the list: the text $(NAME) itself becomes the value, without an error.'

export default definePolicy({
  id: 'observability-otel-attributes-order',
  summary: 'Variables are defined before others refer to them.',
  signatures: ['blind-logs'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/kubelet/kubelet_pods.go makeEnvironmentVariables',
    'https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/',
  ],
  on: podKinds,
  reads: [],
  reasons: {
    otel: {
      baseline: 'warn',
      why: `${why} Every span and log line then says that it comes from a node called $(K8S_NODE_NAME).`,
      snippet: `env: # in this order
- {name: K8S_NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
- {name: OTEL_RESOURCE_ATTRIBUTES, value: "k8s.node.name=$(K8S_NODE_NAME)"}`,
    },
    other: { baseline: 'audit', why },
    duplicate: {
      baseline: 'audit',
      why: 'Of two entries of one name the later one counts, and which of them a reader takes for the value is a matter of luck.',
    },
  },
  examples: {
    passes: [
      { name: 'defined before', object: deployment(`${node}, ${attributes}`) },
      {
        name: 'an escape is no reference',
        object: deployment(`{ name: OTEL_RESOURCE_ATTRIBUTES, value: "team=$$(TEAM)" }`),
      },
      {
        name: 'variables of Services are there without being defined',
        object: deployment(`{ name: OTEL_RESOURCE_ATTRIBUTES, value: "peer=$(DB_SERVICE_HOST)" }`),
      },
      {
        name: 'what envFrom brings is not known, and comes first',
        object: deployment(attributes, ', envFrom: [{ configMapRef: { name: settings } }]'),
      },
      {
        name: 'a shell in any other variable',
        object: deployment(`{ name: SCRIPT, value: "echo $(date)" }`),
      },
    ],
    fails: [
      {
        name: 'defined after',
        object: deployment(`${attributes}, ${node}`),
        finds: ['otel /spec/template/spec/containers/0/env/0/value'],
      },
      {
        name: 'defined nowhere',
        object: deployment(attributes),
        finds: ['otel /spec/template/spec/containers/0/env/0/value'],
      },
      {
        name: 'another variable that is ahead of what it refers to',
        object: deployment(`{ name: URL, value: "http://$(HOST)/" }, { name: HOST, value: db }`),
        finds: ['other /spec/template/spec/containers/0/env/0/value'],
      },
      {
        name: 'one name twice',
        object: deployment(`{ name: LEVEL, value: info }, { name: LEVEL, value: debug }`),
        finds: ['duplicate /spec/template/spec/containers/0/env/1'],
      },
    ],
  },
  *check({ kind, object }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    for (const container of containersOf(view)) {
      const { path, name: holder, environment } = container
      for (const { variable, index, names, defined } of brokenReferences(container)) {
        const isAttributes = variable === attributesVariable
        if (!isAttributes && defined === 'nowhere') continue
        const state = defined === 'later' ? 'defined after it' : 'defined nowhere'
        yield {
          reason: isAttributes ? 'otel' : 'other',
          path: path + pointer('env', index, 'value'),
          message: `${brief(variable)} of container ${holder} refers to $(${brief(names)}), ${state}`,
          fix: defined === 'later' ? `define ${brief(names)} before it` : `define ${brief(names)}, before it`,
        }
      }
      for (const index of environment.repeated)
        yield {
          reason: 'duplicate',
          path: path + pointer('env', index),
          message: `container ${holder} defines ${brief(stringOf(memberOf(environment.entries[index], 'name')) ?? '')} twice, and this entry hides the earlier one`,
          fix: 'keep one of them',
        }
    }
  },
})
