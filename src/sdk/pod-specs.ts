import type { V1Container, V1ObjectMeta, V1PodSpec } from '@kubernetes/client-node'
import { readEnvironment, type Environment } from './environment.ts'
import { lastAsked } from './last-asked.ts'
import { brief } from './names.ts'
import type { Wire } from './objects.ts'
import { pointer } from './pointer.ts'
import { listOf, memberOf, recordOf } from './shape.ts'

export type PodSpec = Wire<V1PodSpec>
export type Container = Wire<V1Container>

/** The pod spec of an object, its own (Pod) or that of its template, and where it stands. */
export interface PodSpecView {
  /** JSON pointer of the pod spec from the root of the object. */
  readonly path: string
  readonly spec: PodSpec
  /** JSON pointer of the metadata that the pods get. */
  readonly metadataPath: string
  /** Empty where the template has none. */
  readonly metadata: Wire<V1ObjectMeta>
}

/**
 * `init` runs to its end before the others start; `sidecar` is an init container with `restartPolicy: Always`.
 * `ephemeral` containers carry no resources, ports, probes or lifecycle (core validation refuses them).
 */
export type ContainerClass = 'main' | 'init' | 'sidecar' | 'ephemeral'

export interface ContainerView {
  readonly container: Container
  /** JSON pointer of the container from the root of the object. */
  readonly path: string
  readonly class: ContainerClass
  /** Its name for messages, or its place (`containers[0]`, which no container can be called) where it has none. */
  readonly name: string
  readonly environment: Environment
}

/** The pod spec in an object of any kind that holds one. Undefined if the kind has none, or it is missing or no object. */
export function podSpecOf(kind: string, object: unknown): PodSpecView | undefined {
  const place = places.get(kind)
  return place && viewAt(place, object)
}

/** True for a Rollout whose template is that of another object (`workloadRef`): of its pods it says but how many. */
export function usesTemplateOfAnother(kind: string, object: unknown): boolean {
  return kind === 'Rollout' && recordOf(memberOf(memberOf(object, 'spec'), 'workloadRef')) !== undefined
}

const viewAt = lastAsked((place: Place, object: unknown): PodSpecView | undefined => {
  let holder: unknown = object
  for (const key of place.keys) holder = memberOf(holder, key)
  const spec = recordOf(memberOf(holder, 'spec'))
  if (!spec) return undefined
  // Wire promises no field to be there or well typed beyond what the compiler can check; readers stay careful.
  const metadata = (recordOf(memberOf(holder, 'metadata')) ?? {}) as Wire<V1ObjectMeta>
  return { path: place.path, spec: spec, metadataPath: place.metadataPath, metadata }
})

/**
 * True for the pod spec of a patch: none of its containers names an image, which no API server takes. What it leaves out
 * stands elsewhere.
 */
export function isPart({ containers }: PodSpec): boolean {
  return listOf(containers).every((container) => memberOf(container, 'image') === undefined)
}

/** Every container, in the order main, init and sidecar, ephemeral. Entries that are no objects are left out. */
export function containersOf({ path, spec }: Pick<PodSpecView, 'path' | 'spec'>): readonly ContainerView[] {
  return containersAt(path, spec)
}

const containersAt = lastAsked((path: string, spec: PodSpec): readonly ContainerView[] => {
  const found: ContainerView[] = []
  for (const field of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    listOf(spec[field]).forEach((entry, index) => {
      const container = recordOf(entry) as Container | undefined
      if (!container) return
      const name = typeof container.name === 'string' && container.name !== '' ? container.name : `${field}[${index}]`
      found.push(new Entry(container, `${path}/${field}/${index}`, classOf(field, container), brief(name)))
    })
  }
  return found
})

class Entry implements ContainerView {
  readonly container: Container
  readonly path: string
  readonly class: ContainerClass
  readonly name: string
  #environment: Environment | undefined

  constructor(container: Container, path: string, role: ContainerClass, name: string) {
    this.container = container
    this.path = path
    this.class = role
    this.name = name
  }

  // Read when it is asked for: of most containers of an inventory it never is.
  get environment(): Environment {
    return (this.#environment ??= readEnvironment(this.container.env))
  }
}

function classOf(field: 'containers' | 'initContainers' | 'ephemeralContainers', container: Container): ContainerClass {
  if (field === 'containers') return 'main'
  if (field === 'ephemeralContainers') return 'ephemeral'
  return container.restartPolicy === 'Always' ? 'sidecar' : 'init'
}

interface Place {
  /** Keys that lead from the object to the holder of `spec` and `metadata`. */
  readonly keys: readonly string[]
  readonly path: string
  readonly metadataPath: string
}

const places: ReadonlyMap<string, Place> = new Map([
  ...['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'Rollout', 'StatefulSet'].map(
    (kind) => [kind, placeOf('spec', 'template')] as const,
  ),
  ['CronJob', placeOf('spec', 'jobTemplate', 'spec', 'template')],
  ['Pod', placeOf()],
  ['PodTemplate', placeOf('template')],
])

function placeOf(...keys: string[]): Place {
  return { keys, path: pointer(...keys, 'spec'), metadataPath: pointer(...keys, 'metadata') }
}
