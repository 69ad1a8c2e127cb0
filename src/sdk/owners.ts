import type { V1OwnerReference } from '@kubernetes/client-node'
import type { Wire } from './objects.ts'
import { listOf, memberOf, recordOf } from './shape.ts'

/** The owner that controls the object (`ownerReferences[].controller: true`); undefined where a human keeps it. */
export function controllerOf(object: unknown): Wire<V1OwnerReference> | undefined {
  const owners = listOf(memberOf(memberOf(object, 'metadata'), 'ownerReferences'))
  // Wire says already that any field may be missing; what was found is an object, which is all that it claims.
  return owners.find((owner) => recordOf(owner)?.['controller'] === true) as Wire<V1OwnerReference> | undefined
}
