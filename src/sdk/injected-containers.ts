import { memberOf, stringOf } from './shape.ts'
import type { PodSpecView } from './pod-specs.ts'

/**
 * True where the template asks a webhook of the cluster for a sidecar: the pod will have containers, and ports with
 * names, that the template does not show. What a namespace asks for all of its pods is not seen here.
 */
export function asksForSidecar({ metadata }: Pick<PodSpecView, 'metadata'>): boolean {
  return askingKeys.some((key) => {
    const value = stringOf(memberOf(metadata.annotations, key) ?? memberOf(metadata.labels, key))
    return value !== undefined && value !== '' && !refusals.has(value)
  })
}

// Dapr, Istio, Linkerd, Vault, Consul, the operators of OpenTelemetry and Jaeger: the keys in their documentation.
const askingKeys = [
  'dapr.io/enabled',
  'sidecar.istio.io/inject',
  'linkerd.io/inject',
  'vault.hashicorp.com/agent-inject',
  'consul.hashicorp.com/connect-inject',
  'sidecar.opentelemetry.io/inject',
  'sidecar.jaegertracing.io/inject',
]

const refusals: ReadonlySet<string> = new Set(['false', 'disabled', 'no', 'off'])
