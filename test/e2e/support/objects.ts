import type { Cluster } from '../../control-plane/cluster.ts'
import type { NodeOptions } from '../../control-plane/nodes.ts'

const poolLabel = 'day2.test/pool'

/** Nodes that only the Pods of one test are placed on, one in each zone given: `<pool>-0`, `<pool>-1`, … */
export async function addPool(cluster: Cluster, pool: string, zones: readonly string[], cpu = '4'): Promise<string[]> {
  const names = zones.map((_, index) => `${pool}-${index}`)
  await Promise.all(
    zones.map((zone, index) =>
      cluster.addNode({
        name: names[index] ?? pool,
        zone,
        cpu,
        ...poolOf(pool),
      }),
    ),
  )
  return names
}

/** Label and taint of the nodes of a pool. */
export function poolOf(pool: string): Pick<NodeOptions, 'labels' | 'taints'> {
  return { labels: { [poolLabel]: pool }, taints: [{ key: poolLabel, value: pool, effect: 'NoSchedule' }] }
}

/** The part of a pod spec that puts its Pods on the nodes of a pool. */
export function inPool(pool: string): object {
  return { nodeSelector: { [poolLabel]: pool }, tolerations: [{ key: poolLabel, value: pool }] }
}

/** The part of a pod spec that keeps the Pods of an app apart by a topology key. */
export function apart(app: string, topologyKey: string, more: object = {}): object {
  const term = { topologyKey, labelSelector: { matchLabels: { app } }, ...more }
  return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }
}

/** The part of a pod spec that spreads the Pods of an app, each revision by itself. */
export function spread(app: string, fields: object): object {
  const constraint = {
    maxSkew: 1,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app } },
    matchLabelKeys: ['pod-template-hash'],
    ...fields,
  }
  return { topologySpreadConstraints: [constraint] }
}

/** Requests and limits with which no rule finds anything. */
export const soundResources = { requests: { cpu: '10m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } }

export interface WorkloadOptions {
  readonly name?: string
  readonly replicas?: number
  readonly resources?: object
  /** Further fields of the pod spec, of the container and of the template's metadata. */
  readonly pod?: object
  readonly container?: object
  readonly annotations?: object
  readonly strategy?: object
}

/** One Pod goes before the next one comes. */
export const oneByOne = { rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } }

export function podSpec({ resources = soundResources, pod = {}, container = {} }: WorkloadOptions = {}): object {
  return { ...pod, containers: [{ name: 'web', image: 'registry.example/web:1.0', resources, ...container }] }
}

/** A sound Deployment named `web`, unless told otherwise; its Pods are labelled `app: <name>`. */
export function deployment(options: WorkloadOptions = {}): object {
  const { name = 'web', replicas = 2 } = options
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      ...(options.strategy ? { strategy: options.strategy } : {}),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, ...(options.annotations ? { annotations: options.annotations } : {}) },
        spec: podSpec(options),
      },
    },
  }
}

export function budget(spec: object, name = 'web'): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, ...spec },
  }
}

interface AppOptions extends WorkloadOptions {
  /** The value of the label `app` of its Pods; by default the name. */
  readonly app?: string
}

/** A DaemonSet, by default on every node that lets it. */
export function daemonSet({ name = 'agent', app = name, ...options }: AppOptions = {}): object {
  const labels = { app, role: 'agent' }
  const template = { metadata: { labels }, spec: podSpec(options) }
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template },
  }
}

/** A Job of one Pod, which ends as soon as it runs. */
export function job({ name = 'migrate', app = name, pod = {}, ...options }: AppOptions = {}): object {
  const spec = podSpec({ ...options, pod: { restartPolicy: 'Never', ...pod } })
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { metadata: { labels: { app } }, spec } },
  }
}

/** An autoscaler of the Deployment `web`, named `web`, unless told otherwise. */
export function autoscaler(spec: object, name = 'web'): object {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: { minReplicas: 2, maxReplicas: 5, scaleTargetRef, ...spec },
  }
}

/** A LimitRange of one item. */
export function limitRange(item: object, name = 'defaults'): object {
  return { apiVersion: 'v1', kind: 'LimitRange', metadata: { name }, spec: { limits: [item] } }
}

/** A ResourceQuota named `team`. */
export function quota(hard: object, scopes: object = {}): object {
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' }, spec: { hard, ...scopes } }
}
