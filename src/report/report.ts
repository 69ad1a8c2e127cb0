import type { Exempted, Finding, FindingSeverity } from '../engine/finding.ts'
import type { Profile } from '../engine/settings.ts'
import type { ObjectRef } from '../sdk/objects.ts'
import type { Related } from '../sdk/policy.ts'

/** All that a run has to say; every format is made from it and from nothing else. */
export interface Report {
  readonly tool: { readonly name: string; readonly version: string }
  readonly profile: Profile
  readonly summary: Summary
  /** By file, line and column. */
  readonly findings: readonly ReportedFinding[]
  readonly unresolved: readonly ReportedUnresolved[]
  readonly exempted: readonly (Exempted & Placed & { readonly object: ObjectRef })[]
  readonly problems: readonly ReportedProblem[]
  readonly skipped: readonly { readonly file: string; readonly reason: string; readonly count: number }[]
}

export interface Summary {
  /** Files opened. */
  readonly files: number
  /** Objects read: those checked and those that no rule covers. */
  readonly objects: number
  readonly checked: number
  readonly notCovered: number
  /** Documents and files that hold no object. */
  readonly skipped: number
  readonly unresolved: number
  readonly exempted: number
  readonly findings: { readonly [S in FindingSeverity]: number }
  readonly problems: { readonly error: number; readonly warning: number }
}

/** A place in a file, line and column counted from 1. */
export interface FilePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Placed extends FilePlace {
  /** The place in the text that was read, where `file` names the template or source that it was rendered from. */
  readonly rendered?: FilePlace
}

export interface ReportedFinding extends Omit<Finding, 'related'>, Placed {
  readonly related: readonly ReportedRelated[]
}

/** Another object or place. `change` says what a kustomization does there to the object of the finding. */
export interface ReportedRelated extends Related, Partial<FilePlace> {
  readonly change?: 'set' | 'removed'
}

/** A rule that could not decide about an object, because objects of a kind, or a value of its own, are not known. */
export interface ReportedUnresolved {
  readonly rule: string
  readonly kind: string
  /** The objects of the kind are there, and what they say decides nothing: variants, variables, autoscalers that fight. */
  readonly known?: true
  readonly object: ObjectRef
  readonly file: string
}

/** What could not be read, or was read with a doubt. */
export interface ReportedProblem {
  readonly level: 'error' | 'warning'
  readonly code: string
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly message: string
}
