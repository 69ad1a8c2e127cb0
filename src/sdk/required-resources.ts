import { effectiveResources, type ContainerResources, type EffectiveResources } from './effective-resources.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { podKinds } from './kinds.ts'
import { assumedDefaults, containerDefaults } from './limit-ranges.ts'
import { controllerOf } from './owners.ts'
import type { Params } from './params.ts'
import { podSpecOf } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { unresolved, type Review, type Unresolved } from './policy.ts'
import { isPositive, valueOf, type ResourceValue } from './resource-values.ts'
import { memberOf } from './shape.ts'

/** The kinds whose requests and limits are judged; a Pod also where it is resized in place. */
export const resourceTargets = [
  'CronJob',
  'DaemonSet',
  'Deployment',
  'Job',
  'Pod',
  'PodTemplate',
  'ReplicaSet',
  'ReplicationController',
  'Rollout',
  'StatefulSet',
  { kind: 'Pod', subresource: 'resize', operations: ['UPDATE'] },
] as const

/** What to type instead, for every rule about requests and limits: following one of them raises none of the others. */
export const soundResources = `resources: # an example: keep what the container has and write what it lacks
  requests: { cpu: 100m, memory: 128Mi }
  limits: { cpu: 500m, memory: 128Mi } # no cpu where the platform lets it burst
`

/** What the examples of these rules have in common. */
export const resourceExamples = {
  mirror: {
    name: 'the mirror of a static pod is a file on its node',
    object: `{ kind: Pod, metadata: { name: proxy-n1, annotations: { kubernetes.io/config.mirror: 6c1f }, ownerReferences: [{ apiVersion: v1, kind: Node, name: n1, controller: true }] }, spec: { nodeName: n1, containers: [{ name: proxy }] } }`,
  },
  /** A Pod of a controller. */
  owned: `{ kind: Pod, metadata: { name: proxy-n1, ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: proxy, controller: true }] }, spec: { containers: [{ name: proxy }] } }`,
  unreadableDefaults: {
    name: 'a LimitRange whose amounts nobody can read',
    object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web }] } } } }`,
    inventory: `{ kind: LimitRange, spec: { limits: [{ type: Container, default: { cpu: 1x, memory: 1GB } }] } }`,
    frontEnd: 'check',
    finds: ['unresolved LimitRange'],
  },
} as const

/** The parameters that these rules share; `includeInit` differs in its default. */
export const resourceParams = {
  podLevelResources: {
    type: 'boolean',
    default: true,
    description:
      'Values of the whole pod (spec.resources, Kubernetes 1.34 and later) stand in for those of its containers.',
  },
  assumeLimitRange: {
    type: 'string',
    enum: ['none', 'namespace-list', 'all'],
    default: 'none',
    description: 'Where a LimitRange is taken to give what is missing although it is not seen, as in files without it.',
  },
  limitRangeNamespaces: {
    type: 'array',
    items: { type: 'string' },
    default: [],
    description: 'The namespaces of assumeLimitRange: namespace-list.',
  },
} as const

/** The parameters of rules that judge only what is seen, and say nothing of what is missing. */
export const asSeen: Params<typeof resourceParams> = {
  podLevelResources: true,
  assumeLimitRange: 'none',
  limitRangeNamespaces: [],
}

interface Input {
  readonly kind: (typeof podKinds)[number]
  readonly object: object
  readonly namespace: string
  readonly params: Params<typeof resourceParams>
  readonly review: Review
  readonly inventory: Inventory<'LimitRange'>
}

/** The resources under review, and whether a LimitRange could give what they lack: ', or define a LimitRange'. */
export interface ResourcesUnderReview {
  readonly resources: EffectiveResources
  /** JSON pointer of the pod spec. */
  readonly path: string
  /** To be added to a fix. */
  readonly orLimitRange: string
}

/**
 * The effective resources of the object under review. LimitRanges are simulated for templates, and for Pods in files: a
 * Pod in the cluster has been through LimitRanger already, so what it lacks is missing. Where LimitRanges are not known
 * it is as if there were none. Undefined without a pod spec, and for mirror pods, which are files on a node.
 */
export function resourcesUnderReview(input: Input): ResourcesUnderReview | undefined {
  const { kind, object, namespace, params, review, inventory } = input
  const view = podSpecOf(kind, object)
  if (!view || isMirror(kind, object)) return undefined
  const { path } = view
  if (kind === 'Pod' && review.frontEnd !== 'check') {
    return { resources: effectiveResources(view), path, orLimitRange: '' }
  }
  const { assumeLimitRange, limitRangeNamespaces } = params
  if (
    assumeLimitRange === 'all' ||
    (assumeLimitRange === 'namespace-list' && limitRangeNamespaces.includes(namespace))
  ) {
    return { resources: effectiveResources(view, assumedDefaults), path, orLimitRange: '' }
  }
  const known = inventory.list('LimitRange', namespace)
  const ranges = known === unknown ? [] : known
  const defaults = containerDefaults(ranges, (range) => inventory.uncertain(range))
  const orLimitRange = review.frontEnd === 'check' && ranges.length === 0 ? ', or define a LimitRange' : ''
  return { resources: effectiveResources(view, defaults), path, orLimitRange }
}

/** One value of one container, as a rule must judge it. */
export interface RequiredValue {
  readonly container: ContainerResources
  readonly value: ResourceValue | undefined
  /** JSON pointer to the value, or to where it belongs. */
  readonly path: string
}

/**
 * A request or limit of each container that must have its own: not of init containers unless `includeInit`, and of none
 * where the pod has the value as a whole. Of values that are not known it is said what they depend on, unless the
 * settings have said that they are there.
 */
export function requiredValues(
  { resources }: ResourcesUnderReview,
  field: 'requests' | 'limits',
  resource: string,
  options: { readonly includeInit: boolean; readonly podLevelResources: boolean },
): readonly (RequiredValue | Unresolved)[] {
  const found: (RequiredValue | Unresolved)[] = []
  const ofPod = options.podLevelResources ? valueOf(resources.pod[field], resource) : undefined
  // The sum of the containers is what some of them ask for: it stands in for none of the others.
  if (ofPod && ofPod.origin !== 'containers') {
    if (ofPod.quantity === unknown) return [unresolved('value')]
    if (isPositive(ofPod)) return found
  }
  const place = pointer('resources', field, resource)
  for (const container of resources.containers) {
    if (container.class === 'init' && !options.includeInit) continue
    const value = valueOf(container[field], resource)
    if (value?.quantity !== unknown) {
      found.push({ container, value, path: container.path + place })
    } else if (value.origin !== 'assumed')
      found.push(unresolved(value.origin === 'limitRange' ? 'LimitRange' : 'value'))
  }
  return found
}

// A kubelet makes mirror Pods and owns them by its Node. The annotation alone is anybody's to set, and no template is one.
function isMirror(kind: string, object: object): boolean {
  const annotations = memberOf(memberOf(object, 'metadata'), 'annotations')
  if (kind !== 'Pod' || memberOf(annotations, 'kubernetes.io/config.mirror') === undefined) return false
  return controllerOf(object)?.kind === 'Node'
}
