import { findKind, findResource, type KindInfo } from '../sdk/kinds.ts'
import { memberOf, stringOf } from '../sdk/shape.ts'

/** The request of an AdmissionReview, as far as it could be read. Missing or wrongly typed fields are ''. */
export interface AdmissionRequest {
  readonly uid: string
  readonly operation: string
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resourceGroup: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly generateName: string
  readonly username: string
  readonly groups: readonly string[]
  /** Nothing will be stored. */
  readonly dryRun: boolean
  readonly object: unknown
  readonly oldObject: unknown
  /** The kind that the rules know the object by; for a scale request that of the workload. */
  readonly info: KindInfo | undefined
}

/** What the log and the metrics may know of a request: everything but the objects. */
export type RequestFacts = Omit<AdmissionRequest, 'object' | 'oldObject'>

export function factsOf({ object: _object, oldObject: _oldObject, ...facts }: AdmissionRequest): RequestFacts {
  return facts
}

/** Reads the request, never failing: what cannot be read cannot be judged, and the caller decides what that means. */
export function readRequest(request: unknown, uid: string): AdmissionRequest {
  const text = (value: unknown, key: string) => stringOf(memberOf(value, key)) ?? ''
  const kind = memberOf(request, 'kind')
  const resource = memberOf(request, 'resource')
  const user = memberOf(request, 'userInfo')
  const groups = memberOf(user, 'groups')
  const object = memberOf(request, 'object')
  const metadata = memberOf(object, 'metadata')
  const read = {
    uid,
    operation: text(request, 'operation'),
    group: text(kind, 'group'),
    version: text(kind, 'version'),
    kind: text(kind, 'kind'),
    resourceGroup: text(resource, 'group'),
    resource: text(resource, 'resource'),
    subresource: text(request, 'subResource'),
    namespace: text(request, 'namespace') || text(metadata, 'namespace'),
    // Older API servers leave the name out where it is still to be generated.
    name: text(request, 'name') || text(metadata, 'name'),
    generateName: text(metadata, 'generateName'),
    username: text(user, 'username'),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
    dryRun: memberOf(request, 'dryRun') === true,
    object,
    oldObject: memberOf(request, 'oldObject'),
  }
  return { ...read, info: infoOf(read) }
}

function infoOf(request: Omit<AdmissionRequest, 'info'>): KindInfo | undefined {
  if (request.subresource !== 'scale') return findKind(request.group, request.kind)
  const workload = findResource(request.resourceGroup, request.resource)
  return workload?.scalable && request.kind === 'Scale' ? workload : undefined
}
