import { nameOf } from '../names.ts'
import type { KindName, ObjectRef } from '../objects.ts'
import { memberOf, stringOf } from '../shape.ts'
import type { HealthCheckFault, Route } from './fault.ts'

/** Where a fault stands in the object under review; undefined where it has no part in it. */
export function placeIn(fault: HealthCheckFault, kind: KindName, object: object): string | undefined {
  if (kind === 'Service') return fault.service
  if (kind === 'Ingress') return fault.ingress
  return fault.workloads?.find(({ backend }) => backend.object === object)?.path
}

/** The other objects between which a fault lies, with the places there. */
export function relatedOf(
  fault: HealthCheckFault,
  { service, ingress }: Route,
  object: object,
): readonly (ObjectRef & { readonly path?: string })[] {
  const [workload] = fault.workloads ?? []
  const all = [
    { kind: 'Service', object: service, path: fault.service },
    ...(ingress ? [{ kind: 'Ingress', object: ingress, path: fault.ingress }] : []),
    ...(workload ? [{ kind: workload.backend.kind, object: workload.backend.object, path: workload.path }] : []),
  ]
  return all
    .filter((each) => each.object !== object)
    .map(({ kind, object: other, path }) => ({
      kind,
      namespace: stringOf(memberOf(memberOf(other, 'metadata'), 'namespace')) ?? '',
      name: nameOf(other),
      ...(path ? { path } : {}),
    }))
}
