import { podRequest, type EffectiveResources } from './effective-resources.ts'
import { unknown, type Unknown } from './inventory.ts'
import { lastAsked } from './last-asked.ts'
import type { Kinds } from './objects.ts'
import type { PodSpec } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { hasPodLevelResources } from './quota-scopes.ts'
import { valueOf } from './resource-values.ts'
import { listOf, memberOf, stringOf } from './shape.ts'

/** A metric that is a share of what was requested. */
export interface UtilizationMetric {
  readonly resource: string
  /** The one container that it looks at; undefined for all of the pod. */
  readonly container?: string
  /** JSON pointer from the root of the autoscaler. */
  readonly path: string
}

/**
 * The metrics of an autoscaler that are measured against requests. Without any metric the API server sets cpu at 80%
 * (kubernetes/pkg/apis/autoscaling/v2/defaults.go). Unknown for autoscaling/v1 with metrics in an annotation.
 */
export function utilizationMetrics(
  autoscaler: Kinds['HorizontalPodAutoscaler'],
): readonly UtilizationMetric[] | Unknown {
  return metricsOf(autoscaler, undefined)
}

const metricsOf = lastAsked((autoscaler: Kinds['HorizontalPodAutoscaler'], _: undefined) => {
  const { spec, metadata, apiVersion } = autoscaler
  if (apiVersion === 'autoscaling/v1') {
    if (memberOf(metadata?.annotations, 'autoscaling.alpha.kubernetes.io/metrics') !== undefined) return unknown
    return [{ resource: 'cpu', path: '/spec/targetCPUUtilizationPercentage' }]
  }
  const metrics = listOf(spec?.metrics)
  if (metrics.length === 0) return [{ resource: 'cpu', path: '/spec/metrics' }]
  return metrics.flatMap((metric, index) => {
    const type = memberOf(metric, 'type')
    const field = type === 'Resource' ? 'resource' : type === 'ContainerResource' ? 'containerResource' : undefined
    const source = field && memberOf(metric, field)
    const resource = stringOf(memberOf(source, 'name'))
    if (!field || resource === undefined || memberOf(memberOf(source, 'target'), 'type') !== 'Utilization') return []
    const path = pointer('spec', 'metrics', index, field)
    const container = stringOf(memberOf(source, 'container')) ?? ''
    return [{ resource, path, ...(field === 'containerResource' ? { container } : {}) }]
  })
})

/** What a metric lacks in the pods of a template. */
export type Lack =
  | { readonly lack: 'container-absent' }
  /** JSON pointer of the container, and its name. */
  | { readonly lack: 'request'; readonly path: string; readonly name: string }
  | { readonly lack: 'unknown' }

/**
 * Why the controller cannot compute a metric: the named container is missing, or containers and sidecars without a
 * request. Where the pod as a whole requests anything, also another resource, its sum counts, to which one container
 * is enough; but not where one container is named (kubernetes/pkg/controller/podautoscaler/replica_calculator.go calculateRequests).
 */
export function lacksOf(metric: UtilizationMetric, spec: PodSpec, resources: EffectiveResources): readonly Lack[] {
  const { resource, container: named } = metric
  const { containers } = resources
  const together = named === undefined && hasPodLevelResources(spec) ? podRequest(resources, resource) : undefined
  if (together !== undefined) return together === unknown ? [{ lack: 'unknown' }] : []
  const counted = containers.filter(({ class: role }) => role !== 'init')
  const measured = named === undefined ? counted : counted.filter(({ container }) => container.name === named)
  if (measured.length === 0) return named === undefined ? [] : [{ lack: 'container-absent' }]
  return measured.flatMap(({ requests, path, name }): readonly Lack[] => {
    const request = valueOf(requests, resource)
    if (request?.quantity === unknown) return request.origin === 'explicit' ? [] : [{ lack: 'unknown' }]
    return request ? [] : [{ lack: 'request', path, name }]
  })
}
