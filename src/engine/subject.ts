import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import type { Operation } from '../sdk/policy.ts'

/** One object to judge, from whichever front end it came. Objects of kinds that no rule knows never become a subject. */
export interface Subject {
  readonly info: KindInfo
  readonly apiVersion: string
  /** '' for cluster-scoped kinds. */
  readonly namespace: string
  /** May be '' where the API server has not made the name yet; then `generateName` tells who it is. */
  readonly name: string
  readonly generateName?: string
  readonly operation: Operation
  /** '' for the object itself. For `scale` the object is the workload with its replicas replaced. */
  readonly subresource: string
  readonly object: AnyObject
  /** Present on UPDATE: what the ratchet compares with. */
  readonly oldObject?: AnyObject
  readonly user?: { readonly username: string; readonly groups: readonly string[] }
  /** A patch or another partial object: judged only for what it says. */
  readonly partial?: true
  /** Something changes it before it lands, in a way that is not known: nothing about it is certain enough to deny. */
  readonly unsure?: true
}
