import type { Exempted, Finding, FindingSeverity } from '../engine/finding.ts'
import type { Profile } from '../engine/settings.ts'
import type { ObjectRef } from '../sdk/objects.ts'

/** All that an audit has to say; every format is made from it and from nothing else. */
export interface AuditReport {
  readonly tool: { readonly name: string; readonly version: string }
  /** Address of the API server. */
  readonly cluster: string
  readonly profile: Profile
  /** The namespaces asked for; empty for the whole cluster. */
  readonly namespaces: readonly string[]
  /** Whether Secrets were read. */
  readonly secrets: boolean
  readonly summary: AuditSummary
  /** By namespace and object. */
  readonly findings: readonly AuditReportFinding[]
  readonly unresolved: readonly { readonly rule: string; readonly kind: string; readonly objects: number }[]
  readonly exempted: readonly (Exempted & { readonly object: ObjectRef })[]
  readonly scanned: readonly {
    readonly kind: string
    readonly resource: string
    readonly listed: number
    readonly judged: number
  }[]
  readonly unread: readonly AuditUnread[]
  /** Policies that failed by a fault of their own. */
  readonly faults: readonly {
    readonly rule: string
    readonly error: string
    readonly objects: number
    readonly object: ObjectRef
  }[]
}

export interface AuditSummary {
  readonly listed: number
  readonly judged: number
  readonly findings: { readonly [S in FindingSeverity]: number }
  readonly unresolved: number
  readonly exempted: number
  /** Kinds, or kinds in a namespace, with a gap. */
  readonly unread: number
}

export interface AuditReportFinding extends Finding {
  readonly owner?: ObjectRef & { readonly apiVersion: string }
  readonly count?: number
}

export interface AuditUnread {
  readonly kind: string
  readonly resource: string
  readonly namespace?: string
  /** A `note` is no gap: the kind does not exist there, or nobody asked for it. */
  readonly level: 'error' | 'note'
  readonly code: string
  readonly reason: string
}
