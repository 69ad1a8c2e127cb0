import type { AnyObject } from '../sdk/objects.ts'
import { memberOf, recordOf } from '../sdk/shape.ts'

/**
 * What the live inventory holds of an object: all that a rule may ask for, without what only the API server and its
 * clients need, which is most of it. Of a Pod, which only an audit looks up, what is left is who it is, its labels, its
 * owners, its phase, its ports and what makes it Ready. The argument stays as it is.
 */
export function trim(object: AnyObject): AnyObject {
  const { kind, metadata, status } = object as AnyObject & { readonly status?: object | null }
  if (kind === 'Pod') return outlineOfPod(object)
  return {
    ...without(object, withStatus.has(kind ?? '') ? nothing : statusOnly),
    ...(metadata ? { metadata: trimMetadata(metadata) } : {}),
    ...(kind === 'Node' && status ? { status: without(status, nodeLists) } : {}),
    ...(kind === 'Deployment' ? scaleOfDeployment(status) : {}),
  }
}

// The kinds whose status a rule reads: what is used, bound, allocatable, or scaled to.
const withStatus: ReadonlySet<string> = new Set([
  'HorizontalPodAutoscaler',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'ResourceQuota',
])

// A node lists every image it holds, which is more than all the rest, and each volume attached to it.
const nodeLists: ReadonlySet<string> = new Set(['images', 'volumesAttached', 'volumesInUse'])

/** How many pods there are is part of what a quota counts; conditions are not looked at. */
function scaleOfDeployment(status: unknown): object {
  const replicas = memberOf(status, 'replicas')
  return replicas === undefined ? {} : { status: { replicas } }
}

const statusOnly: ReadonlySet<string> = new Set(['status'])
const managedFields: ReadonlySet<string> = new Set(['managedFields'])
const lastApplied: ReadonlySet<string> = new Set(['kubectl.kubernetes.io/last-applied-configuration'])
const nothing: ReadonlySet<string> = new Set()

// There are more Pods than of all other kinds together, and they are looked up for whose they are, whether they run, on
// which ports, and when they count as Ready; what else stands in their spec is judged page by page.
function outlineOfPod({ apiVersion, kind, metadata, ...rest }: AnyObject): AnyObject {
  const { annotations: _, ...kept } = trimMetadata(metadata ?? {})
  const { spec, status } = rest as { readonly spec?: unknown; readonly status?: unknown }
  const phase = memberOf(status, 'phase')
  const given = recordOf(spec)
  // A cluster holds no Pod without a spec, and readers of pod specs look for one.
  const outline = { apiVersion, kind, metadata: kept, spec: given && servingOnly(given), status: { phase } }
  return outline as AnyObject
}

function servingOnly(spec: object): object {
  const lists = ['containers', 'initContainers'].flatMap((field) => {
    const list = memberOf(spec, field)
    if (!Array.isArray(list)) return []
    const outlines = list.map((container: unknown) =>
      Object.fromEntries(Object.entries(recordOf(container) ?? {}).filter(([key]) => ofContainer.has(key))),
    )
    return [[field, outlines] as const]
  })
  return Object.fromEntries([...Object.entries(spec).filter(([key]) => ofSpec.has(key)), ...lists])
}

// A sidecar is an init container with a restart policy.
const ofContainer: ReadonlySet<string> = new Set(['name', 'ports', 'readinessProbe', 'restartPolicy'])
const ofSpec: ReadonlySet<string> = new Set(['hostNetwork', 'readinessGates'])

function trimMetadata(metadata: NonNullable<AnyObject['metadata']>): NonNullable<AnyObject['metadata']> {
  const { annotations } = metadata
  const kept = without(metadata, managedFields)
  return annotations ? { ...kept, annotations: without(annotations, lastApplied) } : kept
}

// A copy rather than a deletion: V8 keeps an object that lost a property as a hash table, at several times the memory.
// fromEntries defines own properties, so an annotation named `__proto__` stays one.
function without<T extends object>(object: T, names: ReadonlySet<string>): T {
  // Every property of T that can be named here is optional.
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name))) as T
}
