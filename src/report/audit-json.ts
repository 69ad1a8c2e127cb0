import type { AuditReport } from './audit-report.ts'

/** Version of the JSON that `auditJson` writes: `docs/reference/audit-report.schema.json`. Fields are added, never changed. */
export const auditSchemaVersion = 'day2-admission.dev/audit/v1'

/** The whole report as JSON, indented, with a line break at its end. */
export function auditJson(report: AuditReport): string {
  const { tool, cluster, profile, namespaces, secrets, summary } = report
  const { findings, unresolved, exempted, scanned, unread, faults } = report
  const head = { schemaVersion: auditSchemaVersion, tool, cluster, profile, namespaces, secrets, summary }
  return `${JSON.stringify({ ...head, findings, unresolved, exempted, scanned, unread, faults }, undefined, 2)}\n`
}
