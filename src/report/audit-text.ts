import { fieldPath } from '../engine/field-path.ts'
import type { AuditReport, AuditReportFinding } from './audit-report.ts'
import { auditSummary } from './audit-text-summary.ts'
import { findingLines, marksOf } from './finding-lines.ts'
import { groupBy } from './group-by.ts'
import type { Paint, TextOptions } from './paint.ts'
import { clean } from './words.ts'

/** The report for people: findings by namespace and by the object at the top, then what was read and what was not. */
export function auditText(report: AuditReport, options: TextOptions): string {
  const shown = report.findings.filter((finding) => options.verbose || isShown(finding))
  const explained = new Set<string>()
  const namespaces = groupBy(shown, ({ object }) => object.namespace)
  const blocks = [...namespaces].map(([namespace, findings]) =>
    namespaceBlock(namespace, findings, explained, options.paint),
  )
  return [...blocks, auditSummary(report, options)].join('\n')
}

// In audit mode every severity is audit: what would have been told is what the report is read for.
function isShown({ severity, capped }: AuditReportFinding): boolean {
  return severity !== 'audit' || (capped !== undefined && /(^|, )mode audit$/.test(capped.by))
}

function namespaceBlock(
  namespace: string,
  findings: readonly AuditReportFinding[],
  explained: Set<string>,
  paint: Paint,
): string {
  const objects = groupBy(findings, ({ object, owner }) => nameOf(owner ?? object))
  const blocks = [...objects].map(
    ([name, group]) => `  ${name}\n${group.map((finding) => linesOf(finding, explained, paint)).join('')}`,
  )
  return `${paint('bold', namespace === '' ? '(cluster)' : clean(namespace))}\n${blocks.join('')}`
}

function linesOf(finding: AuditReportFinding, explained: Set<string>, paint: Paint): string {
  const { object, owner, count = 1, path, related } = finding
  const field = clean(fieldPath(path))
  const others = related.flatMap((other) => {
    const same = other.kind === object.kind && other.namespace === object.namespace && other.name === object.name
    return same ? [] : [`see ${nameOf(other)}${other.namespace === object.namespace ? '' : ` in ${other.namespace}`}`]
  })
  const made = owner ? `${nameOf(object)}${count > 1 ? ` and ${String(count - 1)} more` : ''}: ` : ''
  return findingLines(finding, `${made}${field}`, [...marksOf(finding), ...others], explained, paint)
}

function nameOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return clean(`${kind} ${name}`)
}
