import { jsonReport } from './json.ts'
import type { Report } from './report.ts'
import type { TextOptions } from './paint.ts'
import { textReport } from './text.ts'

/** A report as a string, with a line break at its end. Formats for machines ignore the options. */
export type Format = (report: Report, options: TextOptions) => string

/** Every format by the name that `--output` takes. A new one is a file and a line here. */
export const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['text', textReport],
  ['json', jsonReport],
])
