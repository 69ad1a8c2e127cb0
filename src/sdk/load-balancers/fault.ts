import type { Unknown } from '../inventory.ts'
import type { Backend } from '../services.ts'
import type { Ingress } from '../ingress-backends.ts'
import type { Service } from '../services.ts'

export type HealthCheckReason =
  | 'aws-local-tcp'
  | 'aws-port-unresolvable'
  | 'aws-path-without-http'
  | 'aws-port-vs-nodeport'
  | 'aws-port-vs-container'
  | 'aws-path-mismatch'
  | 'timing'
  | 'azure-approtocol-root'
  | 'azure-interval-product'
  | 'azure-probe-port'
  | 'gce-probe-not-inferable'
  | 'gce-backendconfig-json'
  | 'gce-backendconfig-missing'
  | 'gce-hc-port'
  | 'agic-path'
  | 'host-routed'

/** A place in a workload that a fault is about. */
export interface WorkloadPlace {
  readonly backend: Backend
  /** JSON pointer. */
  readonly path: string
}

/**
 * What is wrong between a health check and what it asks, with its place in each of the objects that it lies between. An
 * object without a place has no part in it.
 */
export interface HealthCheckFault {
  readonly reason: HealthCheckReason
  readonly message: string
  readonly fix: string
  /** JSON pointers. */
  readonly service?: string
  readonly ingress?: string
  readonly workloads?: readonly WorkloadPlace[]
}

/** A fault, or that a `${VARIABLE}` decides. */
export type Found = HealthCheckFault | Unknown

/** One way into a Service: by its own load balancer, or by an Ingress that sends to one of its ports. */
export interface Route {
  readonly service: Service
  /** All that the Service selects. */
  readonly backends: readonly Backend[]
  readonly ingress?: Ingress
  /** JSON pointer of the Ingress's backend. */
  readonly backendPath?: string
  /** The port that the Ingress sends to, by number or name. */
  readonly port?: number | string | undefined
}
