import type { ObjectRef } from '../sdk/objects.ts'
import type { Loop, Missing, Related, Severity, Signature } from '../sdk/policy.ts'

/** The severity of a finding that exists; what is `off` is never a finding. */
export type FindingSeverity = Exclude<Severity, 'off'>

/** What a policy yielded, completed by the engine. The same shape leaves every front end as JSON. */
export interface Finding {
  readonly rule: string
  readonly loop: Loop | 'engine'
  readonly signatures: readonly Signature[]
  readonly severity: FindingSeverity
  readonly reason: string
  readonly object: ObjectRef & { readonly apiVersion: string }
  /** JSON pointer into the object. */
  readonly path: string
  readonly message: string
  readonly why: string
  readonly fix: string
  readonly snippet?: string
  readonly related: readonly Related[]
  /** The object had this finding before the UPDATE: it warns instead of denying. */
  readonly preExisting: boolean
  /** Decided on an inventory that was not synced or not fresh: it warns instead of denying. */
  readonly stale: boolean
  /** Set where something lowered the severity: what it was, and what lowered it ("mode audit"). */
  readonly capped?: { readonly from: FindingSeverity; readonly by: string }
}

/** An exemption that took effect, or would have. Leaves a trace in every report. */
export interface Exempted {
  readonly rule: string
  readonly reason: string
  readonly path: string
  readonly by: 'annotation' | 'settings'
  /** Why it was granted, in the words of whoever granted it. */
  readonly because: string
  readonly until?: string
}

/** All that is to be said of one subject. */
export interface Evaluation {
  /** Sorted: deny before warn before audit, then by rule id, reason and path. */
  readonly findings: readonly Finding[]
  /** `there`: objects of the kind are there, and what they say does not decide. */
  readonly unresolved: readonly { readonly rule: string; readonly kind: Missing; readonly there?: true }[]
  readonly exempted: readonly Exempted[]
  /** Policies that threw: the rule and the error's class. Never its text, which may quote a value. */
  readonly policyErrors: readonly { readonly rule: string; readonly error: string }[]
}
