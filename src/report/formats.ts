import { auditJson } from './audit-json.ts'
import type { AuditReport } from './audit-report.ts'
import { auditText } from './audit-text.ts'
import { jsonReport } from './json.ts'
import type { Report } from './report.ts'
import type { TextOptions } from './paint.ts'
import { textReport } from './text.ts'

/** A report as a string, with a line break at its end. Formats for machines ignore the options. */
export type Format<R> = (report: R, options: TextOptions) => string

/** Every format of `day2 check` by the name that `--output` takes. A new one is a file and a line here. */
export const formats: ReadonlyMap<string, Format<Report>> = new Map<string, Format<Report>>([
  ['text', textReport],
  ['json', jsonReport],
])

/** The same for `day2 audit`. */
export const auditFormats: ReadonlyMap<string, Format<AuditReport>> = new Map<string, Format<AuditReport>>([
  ['text', auditText],
  ['json', auditJson],
])
