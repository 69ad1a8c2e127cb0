import type {
  V1ConfigMap,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1DeploymentSpec,
  V1Ingress,
  V1IngressClass,
  V1Job,
  V1LimitRange,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodTemplate,
  V1PriorityClass,
  V1ReplicaSet,
  V1ReplicationController,
  V1ResourceQuota,
  V1RuntimeClass,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V1StorageClass,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node'

/**
 * The JSON that the API server sends: any field may be missing or null, dates are strings, nothing may be changed.
 * The typed models of client-node serve the compiler only; objects stay as they came (docs/decisions/0001).
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer U)[]
    ? readonly Wire<U>[]
    : T extends object
      ? { readonly [K in keyof T as K extends `_${infer R}` ? R : K]?: Wire<NonNullable<T[K]>> | null }
      : T

/** A custom resource: no model of client-node tells its fields, so whatever is read of it is checked as it is read. */
export type Custom = AnyObject & { readonly spec?: unknown; readonly status?: unknown }

/**
 * A Rollout of Argo: a Deployment but for its strategy. With a `workloadRef` its template is that of another object
 * (argo-rollouts pkg/apis/rollouts/v1alpha1/types.go).
 */
export type Rollout = Omit<Wire<V1Deployment>, 'spec' | 'status'> & {
  readonly spec?: (Omit<Wire<V1DeploymentSpec>, 'strategy'> & { readonly workloadRef?: unknown }) | null
  readonly status?: unknown
}

/** Every kind that a policy can judge or look up. Adding one takes a line here and one in kinds.ts. */
export interface Kinds {
  BackendConfig: Custom
  ConfigMap: Wire<V1ConfigMap>
  CronJob: Wire<V1CronJob>
  DaemonSet: Wire<V1DaemonSet>
  Deployment: Wire<V1Deployment>
  EC2NodeClass: Custom
  FelixConfiguration: Custom
  GRPCRoute: Custom
  HTTPRoute: Custom
  HorizontalPodAutoscaler: Wire<V2HorizontalPodAutoscaler>
  IPPool: Custom
  Ingress: Wire<V1Ingress>
  IngressClass: Wire<V1IngressClass>
  IngressClassParams: Custom
  Installation: Custom
  Job: Wire<V1Job>
  LimitRange: Wire<V1LimitRange>
  MutatingWebhookConfiguration: Wire<V1MutatingWebhookConfiguration>
  Namespace: Wire<V1Namespace>
  Network: Custom
  NetworkPolicy: Wire<V1NetworkPolicy>
  Node: Wire<V1Node>
  PersistentVolume: Wire<V1PersistentVolume>
  PersistentVolumeClaim: Wire<V1PersistentVolumeClaim>
  Pod: Wire<V1Pod>
  PodDisruptionBudget: Wire<V1PodDisruptionBudget>
  PodTemplate: Wire<V1PodTemplate>
  PriorityClass: Wire<V1PriorityClass>
  ReferenceGrant: Custom
  ReplicaSet: Wire<V1ReplicaSet>
  ReplicationController: Wire<V1ReplicationController>
  ResourceQuota: Wire<V1ResourceQuota>
  Rollout: Rollout
  RuntimeClass: Wire<V1RuntimeClass>
  Secret: Wire<V1Secret>
  Service: Wire<V1Service>
  ServiceAccount: Wire<V1ServiceAccount>
  StatefulSet: Wire<V1StatefulSet>
  StorageClass: Wire<V1StorageClass>
  VerticalPodAutoscaler: Custom
}

export type KindName = keyof Kinds

/** What every object has. */
export interface AnyObject {
  readonly apiVersion?: string | null
  readonly kind?: string | null
  readonly metadata?: Wire<V1ObjectMeta> | null
}

/** Names an object. `namespace` is '' for cluster-scoped kinds. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}
