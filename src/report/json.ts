import type { Report } from './report.ts'

/** Version of the JSON that `jsonReport` writes: `docs/reference/report.schema.json`. Fields are added, never changed. */
export const schemaVersion = 'day2-admission.dev/report/v1'

/** The whole report as JSON, indented, with a line break at its end. */
export function jsonReport(report: Report): string {
  const { tool, profile, summary, findings, unresolved, exempted, problems, skipped } = report
  const json = { schemaVersion, tool, profile, summary, findings, unresolved, exempted, problems, skipped }
  return `${JSON.stringify(json, undefined, 2)}\n`
}
