import { context, sound, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'observability-context-env',
    baseline: 'audit',
    strict: 'deny',
    says: /web.* cannot log .*zone/,
    bad: (name) => sound(name, { container: { env: context.slice(0, 3) } }),
    good: (name) => sound(name),
  },
  {
    rule: 'observability-otel-attributes-order',
    baseline: 'warn',
    strict: 'warn',
    says: /OTEL_RESOURCE_ATTRIBUTES of container web refers to \$\(LATER\), defined after it/,
    bad: (name) => sound(name, { container: { env: [...context, attributes, later] } }),
    good: (name) => sound(name, { container: { env: [...context, later, attributes] } }),
  },
  {
    rule: 'observability-propagators',
    baseline: 'warn',
    strict: 'warn',
    says: /OTEL_PROPAGATORS lacks tracecontext/,
    bad: (name) => sound(name, { container: { env: [...context, { name: 'OTEL_PROPAGATORS', value: 'b3' }] } }),
    good: (name) =>
      sound(name, { container: { env: [...context, { name: 'OTEL_PROPAGATORS', value: 'tracecontext,b3' }] } }),
  },
  {
    rule: 'observability-zone-source',
    baseline: 'warn',
    strict: 'warn',
    says: /the pods say themselves in which zone they are/,
    bad: (name) => labelled(sound(name), { app: name, 'topology.kubernetes.io/zone': 'zone-0' }),
    good: (name) => sound(name),
  },
]

const attributes = { name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'team=$(LATER)' }
const later = { name: 'LATER', value: 'shop' }

/** A Deployment whose pods have these labels. */
function labelled(deployment: object, labels: object): object {
  const { spec, ...rest } = deployment as { spec: { template: object } }
  return { ...rest, spec: { ...spec, template: { ...spec.template, metadata: { labels } } } }
}

export const unproven: Unproven = [
  [
    'observability-context-env',
    'no kubelet: it resolves the environment of a container (kubernetes/pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables)',
  ],
  [
    'observability-otel-attributes-order',
    'no kubelet: it expands the environment of a container, in the order of the list (kubernetes/pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables)',
  ],
  [
    'observability-propagators',
    'no tracing SDK runs here: it reads OTEL_PROPAGATORS when it starts (OpenTelemetry specification, SDK environment variables)',
  ],
  [
    'observability-zone-source',
    'no kubelet: a label that is missing gives an empty variable (kubernetes/pkg/fieldpath/fieldpath.go, ExtractFieldPathAsString)',
  ],
]
