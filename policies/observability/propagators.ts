import { lastOf } from '../../src/sdk/env-references.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { memberOf, stringOf } from '../../src/sdk/shape.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const deployment = (env: string) =>
  `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", ${resources}, env: [${env}] }] } } } }`
const propagators = (value: string) => `{ name: OTEL_PROPAGATORS, value: "${value}" }`
const ingress = (annotations: string) =>
  `{ kind: Ingress, metadata: { annotations: { ${annotations} } }, spec: { ingressClassName: nginx, defaultBackend: { service: { name: web, port: { number: 80 } } } } }`
const service = `{ kind: Service, metadata: { name: web }, spec: { ports: [{ port: 80 }] } }`
const nginxSwitch = 'nginx.ingress.kubernetes.io/enable-opentelemetry'

export default definePolicy({
  id: 'observability-propagators',
  summary: 'The trace of a request goes on from hop to hop.',
  signatures: ['blind-logs'],
  since: '0.1.0',
  sources: [
    'https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/',
    'https://www.w3.org/TR/trace-context/',
    'https://kubernetes.github.io/ingress-nginx/user-guide/third-party-addons/opentelemetry/',
  ],
  on: [...podKinds, 'Ingress'],
  reads: [],
  readsMetadata: true,
  reasons: {
    propagators: {
      baseline: 'warn',
      why: 'The SDK neither reads nor sends the header traceparent: the trace_id ends at this hop, and what comes after it cannot be joined with what went before.',
      snippet: `env:
- {name: OTEL_PROPAGATORS, value: "tracecontext,baggage"}`,
    },
    'sdk-disabled': {
      baseline: 'audit',
      why: 'The SDK does nothing at all: this hop is missing in every trace.',
    },
    ingress: {
      baseline: 'audit',
      why: 'The first hop of every request makes no span, so traces begin behind it and its own latency and errors are in none.',
    },
  },
  examples: {
    passes: [
      { name: 'the default of the specification', object: deployment(propagators('tracecontext,baggage')) },
      { name: 'beside an older format', object: deployment(propagators('b3, tracecontext')) },
      { name: 'left out or empty: the SDK takes its default', object: deployment(propagators('')) },
      { name: 'the SDK is not disabled', object: deployment('{ name: OTEL_SDK_DISABLED, value: "false" }') },
      { name: 'an Ingress that traces', object: ingress(`${nginxSwitch}: "true"`), inventory: service },
    ],
    fails: [
      {
        name: 'another format alone',
        object: deployment(propagators('b3multi,baggage')),
        finds: ['propagators /spec/template/spec/containers/0/env/0/value'],
      },
      {
        name: 'none',
        object: deployment(propagators('none')),
        finds: ['propagators /spec/template/spec/containers/0/env/0/value'],
      },
      {
        name: 'the SDK is switched off',
        object: deployment('{ name: OTEL_SDK_DISABLED, value: "True" }'),
        finds: ['sdk-disabled /spec/template/spec/containers/0/env/0/value'],
      },
      {
        name: 'an Ingress is left out of the traces',
        object: ingress(`${nginxSwitch}: "false"`),
        inventory: service,
        finds: ['ingress /metadata/annotations/nginx.ingress.kubernetes.io~1enable-opentelemetry'],
      },
      {
        name: 'what a variable holds is not known',
        object: deployment(propagators('${PROPAGATORS}')),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object }) {
    if (kind === 'Ingress') {
      if (memberOf(object.metadata?.annotations, nginxSwitch) !== 'false') return
      yield {
        reason: 'ingress',
        path: pointer('metadata', 'annotations', nginxSwitch),
        message: 'the Ingress is left out of the traces of ingress-nginx',
        fix: 'remove the annotation enable-opentelemetry, or set it to "true"',
      }
      return
    }
    const view = podSpecOf(kind, object)
    if (!view) return
    for (const container of containersOf(view)) {
      const { path, name } = container
      const formats = lastOf(container, 'OTEL_PROPAGATORS')
      const value = stringOf(memberOf(formats?.entry, 'value')) ?? ''
      if (isVariable(value) || value.includes('$(')) yield unresolved('value')
      else if (formats && value.trim() !== '' && !names(value).has('tracecontext')) {
        const dropped = names(value).has('none') ? 'no trace context' : 'traces in another format alone'
        yield {
          reason: 'propagators',
          path: path + pointer('env', formats.index, 'value'),
          message: `container ${name} passes on ${dropped}: OTEL_PROPAGATORS lacks tracecontext`,
          fix: 'set OTEL_PROPAGATORS to tracecontext,baggage, and any other format behind them',
        }
      }
      const disabled = lastOf(container, 'OTEL_SDK_DISABLED')
      const isDisabled = stringOf(memberOf(disabled?.entry, 'value'))?.trim().toLowerCase() === 'true'
      if (!disabled || !isDisabled) continue
      yield {
        reason: 'sdk-disabled',
        path: path + pointer('env', disabled.index, 'value'),
        message: `container ${name} runs with its OpenTelemetry SDK switched off`,
        fix: 'remove OTEL_SDK_DISABLED',
      }
    }
  },
})

function names(value: string): ReadonlySet<string> {
  return new Set(value.split(',').map((each) => each.trim().toLowerCase()))
}
