import type { AnyObject } from '../sdk/objects.ts'
import { listOf, memberOf, recordOf, stringOf } from '../sdk/shape.ts'
import type { Manifest } from './manifest.ts'

/** The HorizontalPodAutoscaler that KEDA makes of a ScaledObject. */
export interface MadeAutoscaler {
  readonly name: string
  readonly object: AnyObject
  /** KEDA is told to pause: the replicas stay where somebody left them. */
  readonly uncertain: boolean
}

/**
 * The autoscaler that KEDA will make of an object in a file; undefined for all that is no `keda.sh` ScaledObject. In a
 * cluster the autoscaler itself is there, so nobody reads ScaledObjects, which few clusters serve
 * (https://keda.sh/docs/latest/reference/scaledobject-spec: defaults of the target and of both counts).
 */
export function autoscalerOf({ apiVersion, kind, name, object }: Manifest): MadeAutoscaler | undefined {
  if (kind !== 'ScaledObject' || !apiVersion.startsWith('keda.sh/') || name === '') return undefined
  const spec = memberOf(object, 'spec')
  const target = memberOf(spec, 'scaleTargetRef')
  const config = memberOf(memberOf(spec, 'advanced'), 'horizontalPodAutoscalerConfig')
  const made = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: stringOf(memberOf(config, 'name')) || `keda-hpa-${name}` },
    spec: {
      minReplicas: memberOf(spec, 'minReplicaCount') ?? 0,
      maxReplicas: memberOf(spec, 'maxReplicaCount') ?? 100,
      metrics: listOf(memberOf(spec, 'triggers')).map(metricOf),
      scaleTargetRef: {
        apiVersion: memberOf(target, 'apiVersion') || 'apps/v1',
        kind: memberOf(target, 'kind') || 'Deployment',
        name: memberOf(target, 'name'),
      },
    },
  }
  return { name: made.metadata.name, object: made, uncertain: isPaused(object) }
}

// KEDA serves what it reads as external metrics; cpu and memory it leaves to the autoscaler.
function metricOf(trigger: unknown): object {
  const name = memberOf(trigger, 'type')
  const type = memberOf(trigger, 'metricType') ?? memberOf(memberOf(trigger, 'metadata'), 'type')
  if (name !== 'cpu' && name !== 'memory') return { type: 'External' }
  const container = memberOf(memberOf(trigger, 'metadata'), 'containerName')
  if (typeof container !== 'string') return { type: 'Resource', resource: { name, target: { type } } }
  return { type: 'ContainerResource', containerResource: { name, container, target: { type } } }
}

function isPaused(object: AnyObject): boolean {
  const annotations = recordOf(object.metadata?.annotations) ?? {}
  return Object.keys(annotations).some((key) => key.startsWith('autoscaling.keda.sh/paused'))
}
