import { fieldPath } from '../engine/field-path.ts'
import type { Evaluation, Finding } from '../engine/finding.ts'
import { cut } from './warnings.ts'

/**
 * What the audit log of the API server keeps of a review: findings and exemptions as compact JSON, without a word of
 * the object. The API server puts the webhook's name before each key.
 */
export function auditAnnotations(evaluation: Evaluation, traceId: string): { readonly [key: string]: string } {
  const { findings, exempted, unresolved, policyErrors } = evaluation
  return {
    'trace-id': traceId,
    ...(findings.length > 0 ? { findings: list(findings, compact) } : {}),
    ...(exempted.length > 0
      ? { exemptions: list(exempted, ({ rule, reason, by, until }) => ({ rule, reason, by, until })) }
      : {}),
    ...(unresolved.length > 0 ? { unresolved: list(unresolved, (entry) => entry) } : {}),
    ...(policyErrors.length > 0 ? { 'policy-errors': list(policyErrors, ({ rule }) => ({ rule })) } : {}),
  }
}

// Audit backends cut events at 100 KB; four annotations of this size stay far below.
const mostBytes = 8192

function compact({ rule, reason, severity, path, preExisting, stale, capped }: Finding): object {
  return {
    rule,
    reason,
    severity,
    field: cut(fieldPath(path), 256),
    ...(preExisting ? { preExisting } : {}),
    ...(stale ? { stale } : {}),
    ...(capped ? { from: capped.from, by: capped.by } : {}),
  }
}

function list<T>(entries: readonly T[], toJson: (entry: T) => object): string {
  const parts: string[] = []
  let size = 0
  for (const entry of entries) {
    const part = JSON.stringify(toJson(entry))
    size += part.length + 1
    if (size > mostBytes) {
      parts.push(JSON.stringify({ more: entries.length - parts.length }))
      break
    }
    parts.push(part)
  }
  return `[${parts.join(',')}]`
}
