import type { Handled } from '../admission/handle.ts'
import type { Finding } from '../engine/finding.ts'
import type { Log, LogFields } from './log.ts'

/**
 * Writes the line of one review. What a user was told (or would have been, but for the mode or an exemption) is told
 * at info; the rest at debug. Never an object, never a message of a finding: ids, names and places only.
 */
export function logReview(log: Log, handled: Handled, ms: number): void {
  const { outcome, evaluation, fault } = handled
  if (fault !== undefined) {
    log.error(
      { ...fieldsOf(handled, ms), error: fault },
      'internal fault while judging: the setting onPolicyError decided',
    )
    return
  }
  for (const { rule, error } of evaluation?.policyErrors ?? [])
    log.error({ ...traceOf(handled), rule, error }, `policy ${rule} failed by a fault of its own`)
  const isTold = outcome === 'denied' || outcome === 'warned' || (evaluation && isLowered(evaluation))
  const level = isTold ? 'info' : 'debug'
  if (log.isLevelEnabled(level)) log[level](fieldsOf(handled, ms), `review ${outcome}`)
}

function isLowered({ findings, exempted }: NonNullable<Handled['evaluation']>): boolean {
  return exempted.length > 0 || findings.some(({ capped }) => capped !== undefined)
}

function traceOf({ trace }: Handled): LogFields {
  return {
    trace_id: trace.id,
    trace_src: trace.source,
    ...(trace.spanId === undefined ? {} : { span_id: trace.spanId }),
  }
}

// Container runtimes split lines at 16 KiB; names are short where the API server made the request, but not else.
const longestName = 253
const mostFindings = 32

function fieldsOf(handled: Handled, ms: number): LogFields {
  const { request, outcome, evaluation } = handled
  const { uid, operation, subresource, kind, namespace, name, generateName, username, info } = request
  const findings = evaluation?.findings ?? []
  return {
    ...traceOf(handled),
    uid: short(uid),
    operation: short(operation),
    ...(subresource === '' ? {} : { subresource: short(subresource) }),
    subject: {
      kind: info?.kind ?? short(kind),
      namespace: short(namespace),
      name: short(name),
      ...(name === '' && generateName !== '' ? { generateName: short(generateName) } : {}),
    },
    user: short(username),
    verdict: outcome,
    rules: [...new Set(findings.map(({ rule }) => rule))],
    ...(findings.length > 0 ? { findings: findings.slice(0, mostFindings).map(compact) } : {}),
    ...(evaluation && evaluation.exempted.length > 0
      ? { exempted: [...new Set(evaluation.exempted.map(({ rule }) => rule))] }
      : {}),
    ...(evaluation && evaluation.unresolved.length > 0 ? { unresolved: evaluation.unresolved.length } : {}),
    ms: Math.round(ms * 100) / 100,
  }
}

function compact({ rule, reason, severity, path, capped, preExisting, stale }: Finding): object {
  return {
    rule,
    reason,
    severity,
    path: short(path),
    ...(capped ? { from: capped.from, by: capped.by } : {}),
    ...(preExisting ? { preExisting } : {}),
    ...(stale ? { stale } : {}),
  }
}

function short(text: string): string {
  return text.length <= longestName ? text : text.slice(0, longestName)
}
