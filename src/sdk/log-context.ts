import { lastAsked } from './last-asked.ts'
import type { ContainerView, PodSpec } from './pod-specs.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** What every log line must be able to say of where it comes from. */
export const contextFields = ['namespace', 'pod', 'node', 'zone'] as const
export type ContextField = (typeof contextFields)[number]

/** The environment variable in which OpenTelemetry hands attributes over. */
export const attributesVariable = 'OTEL_RESOURCE_ATTRIBUTES'

/**
 * The fields that a container can read through the downward API: by `fieldRef` in its environment, or from a downward
 * API volume that it mounts. Names of variables do not matter. `HOSTNAME` is not accepted for the pod: hostNetwork and
 * `hostname` change it. The node has no path in volumes (core validation: env paths, volume paths).
 */
export function downwardFields({ container, environment }: ContainerView, spec: PodSpec): ReadonlySet<ContextField> {
  const found = new Set<ContextField>()
  for (const place of environment.sourced)
    add(found, envPaths, memberOf(memberOf(environment.entries[place], 'valueFrom'), 'fieldRef'))
  const volumes = volumeFields(spec, undefined)
  if (volumes.size === 0) return found
  for (const mount of listOf(container.volumeMounts)) {
    for (const field of volumes.get(memberOf(mount, 'name')) ?? []) found.add(field)
  }
  return found
}

/** The label of a node with its zone, which Kubernetes copies to pods from 1.35 on. */
export const zoneLabel = 'topology.kubernetes.io/zone'

/** True for a container that reads that label of its pod by `fieldRef`, in its environment or in a volume that it mounts. */
export function readsZoneLabel(view: ContainerView, spec: PodSpec): boolean {
  return downwardFields(view, spec).has('zone')
}

/** The fields that the resource attributes of OpenTelemetry name; all of them where a `${VARIABLE}` may name more. */
export function attributeFields({ environment }: ContainerView): ReadonlySet<ContextField> {
  const place = environment.places.get(attributesVariable)
  if (place === undefined) return noFields
  const value = stringOf(memberOf(environment.entries[place], 'value')) ?? ''
  if (value === '') return noFields
  const names = new Set(value.split(',').map((pair) => pair.slice(0, Math.max(0, pair.indexOf('='))).trim()))
  return new Set(contextFields.filter((field) => isVariable(value) || names.has(attributes[field])))
}

/** True for a pod, or a namespace, whose annotations have the OpenTelemetry operator inject what the SDKs need. */
export function injectsTelemetry(annotations: unknown): boolean {
  return Object.entries(recordOf(annotations) ?? {}).some(
    ([key, value]) =>
      (key === 'sidecar.opentelemetry.io/inject' || key.startsWith('instrumentation.opentelemetry.io/inject-')) &&
      value !== 'false' &&
      value !== '',
  )
}

const noFields: ReadonlySet<ContextField> = new Set()

// The semantic conventions of OpenTelemetry for resources.
const attributes: { readonly [F in ContextField]: string } = {
  namespace: 'k8s.namespace.name',
  pod: 'k8s.pod.name',
  node: 'k8s.node.name',
  zone: 'cloud.availability_zone',
}

const common = [
  ['metadata.namespace', 'namespace'],
  ['metadata.name', 'pod'],
  ["metadata.labels['topology.kubernetes.io/zone']", 'zone'],
] as const
const envPaths: ReadonlyMap<unknown, ContextField> = new Map([...common, ['spec.nodeName', 'node']])
const volumePaths: ReadonlyMap<unknown, ContextField> = new Map([...common, ['metadata.labels', 'zone']])

/** The fields in each downward API volume, by the name of the volume: read once for all containers of a pod. */
const volumeFields = lastAsked((spec: PodSpec, _: undefined): ReadonlyMap<unknown, ReadonlySet<ContextField>> => {
  const volumes = new Map<unknown, Set<ContextField>>()
  for (const volume of listOf(spec.volumes)) {
    const name = memberOf(volume, 'name')
    addVolume(volumes, name, volume)
    for (const source of listOf(memberOf(memberOf(volume, 'projected'), 'sources'))) addVolume(volumes, name, source)
  }
  return volumes
})

function add(found: Set<ContextField>, paths: ReadonlyMap<unknown, ContextField>, fieldRef: unknown): void {
  const field = paths.get(memberOf(fieldRef, 'fieldPath'))
  if (field) found.add(field)
}

function addVolume(volumes: Map<unknown, Set<ContextField>>, name: unknown, source: unknown): void {
  const items = listOf(memberOf(memberOf(source, 'downwardAPI'), 'items'))
  if (items.length === 0) return
  const fields = volumes.get(name) ?? new Set()
  for (const item of items) add(fields, volumePaths, memberOf(item, 'fieldRef'))
  volumes.set(name, fields)
}
