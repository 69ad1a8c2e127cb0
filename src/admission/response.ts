import type { Evaluation } from '../engine/finding.ts'
import type { Subject } from '../engine/subject.ts'
import type { Verdict } from '../engine/verdict.ts'
import { auditAnnotations } from './audit-annotations.ts'
import type { RequestFacts } from './request.ts'
import { causesOf, denialMessage, type StatusCause } from './denial.ts'
import { warningsOf } from './warnings.ts'

/** What goes back to the API server. Never a patch: from a validating webhook it would count as a failed call. */
export interface ReviewResponse {
  readonly apiVersion: 'admission.k8s.io/v1'
  readonly kind: 'AdmissionReview'
  readonly response: AdmissionResponse
}

export interface AdmissionResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: {
    readonly status: 'Failure'
    readonly code: 403
    /** kubectl prints the message of Forbidden in full; with Invalid it would drop it. */
    readonly reason: 'Forbidden'
    readonly message: string
    readonly details: {
      readonly name: string
      readonly group: string
      readonly kind: string
      readonly causes: readonly StatusCause[]
    }
  }
  readonly warnings?: readonly string[]
  readonly auditAnnotations?: { readonly [key: string]: string }
}

/** Lets a request pass without having judged it. */
export function allow(uid: string, warnings: readonly string[] = []): ReviewResponse {
  return envelope({ uid, allowed: true, ...(warnings.length > 0 ? { warnings } : {}) })
}

/** Refuses a request that could not be judged. */
export function refuse({ uid, name, group, resource }: RequestFacts, message: string): ReviewResponse {
  const details = { name, group, kind: resource, causes: [] }
  return envelope({
    uid,
    allowed: false,
    status: { status: 'Failure', code: 403, reason: 'Forbidden', message, details },
  })
}

/** Answers with a verdict. */
export function respond(
  uid: string,
  subject: Subject,
  evaluation: Evaluation,
  verdict: Verdict,
  traceId: string,
): ReviewResponse {
  const warnings = warningsOf(verdict.warnings)
  return envelope({
    uid,
    allowed: verdict.allowed,
    ...(verdict.allowed ? {} : { status: statusOf(subject, verdict, traceId) }),
    ...(warnings.length > 0 ? { warnings } : {}),
    auditAnnotations: auditAnnotations(evaluation, traceId),
  })
}

function statusOf(subject: Subject, { denials, failed }: Verdict, traceId: string) {
  const { info, name, generateName } = subject
  return {
    status: 'Failure' as const,
    code: 403 as const,
    reason: 'Forbidden' as const,
    message: denialMessage(denials, failed, traceId),
    details: {
      name: name || (generateName ?? ''),
      group: info.group,
      kind: info.resource,
      causes: causesOf(denials),
    },
  }
}

function envelope(response: AdmissionResponse): ReviewResponse {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }
}
