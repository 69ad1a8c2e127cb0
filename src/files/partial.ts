import { templateKinds } from '../sdk/kinds.ts'
import type { KindName } from '../sdk/objects.ts'
import { isPart, podSpecOf, usesTemplateOfAnother } from '../sdk/pod-specs.ts'
import { listOf, memberOf } from '../sdk/shape.ts'

const workloads: ReadonlySet<KindName> = new Set<KindName>([...templateKinds, 'Pod'])

/**
 * True for an object that can only be a patch, since no API server takes it while kustomize patches look like that: a
 * workload without a selector in which no container names an image, or a Service without ports that needs them.
 */
export function isPartial(kind: KindName, object: unknown): boolean {
  if (kind === 'Service') return lacksPorts(memberOf(object, 'spec'))
  if (!workloads.has(kind) || memberOf(memberOf(object, 'spec'), 'selector') !== undefined) return false
  const view = podSpecOf(kind, object)
  return view ? isPart(view.spec) : !usesTemplateOfAnother(kind, object)
}

// kubernetes/pkg/apis/core/validation ValidateService: only a headless Service and a name do without.
function lacksPorts(spec: unknown): boolean {
  if (memberOf(spec, 'clusterIP') === 'None' || memberOf(spec, 'type') === 'ExternalName') return false
  return listOf(memberOf(spec, 'ports')).length === 0
}
