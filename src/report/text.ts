import { findingLines, marksOf } from './finding-lines.ts'
import { groupBy } from './group-by.ts'
import type { Paint, TextOptions } from './paint.ts'
import type { Report, ReportedFinding, ReportedProblem } from './report.ts'
import { summaryLines } from './text-summary.ts'
import { clean, placeText } from './words.ts'

/** The report for people: findings by file and object, then what was counted, and what it comes to. */
export function textReport(report: Report, options: TextOptions): string {
  const shown = report.findings.filter(({ severity }) => options.verbose || severity !== 'audit')
  const explained = new Set<string>()
  const files = groupBy(shown, ({ file }) => file)
  const blocks = [...files].map(([file, findings]) => fileBlock(file, findings, explained, options.paint))
  const problems = report.problems.map((problem) => `${problemLine(problem, options.paint)}\n`).join('')
  return [...(problems ? [problems] : []), ...blocks, summaryLines(report, options)].join('\n')
}

/** `file:line:column: error: message (CODE)`, on one line. */
export function problemLine({ level, code, file, line, column, message }: ReportedProblem, paint: Paint): string {
  const place = line === undefined ? clean(file) : placeText({ file, line, column: column ?? 1 })
  return `${place}: ${paint(level === 'error' ? 'red' : 'yellow', level)}: ${clean(message)} (${code})`
}

function fileBlock(file: string, findings: readonly ReportedFinding[], explained: Set<string>, paint: Paint): string {
  const rendered = findings[0]?.rendered
  const header = paint('bold', clean(file)) + (rendered ? paint('dim', ` (rendered in ${clean(rendered.file)})`) : '')
  const objects = groupBy(findings, ({ object }) => nameOf(object))
  const blocks = [...objects].map(
    ([name, group]) => `  ${name}\n${group.map((finding) => linesOf(finding, explained, paint)).join('')}`,
  )
  return `${header}\n${blocks.join('')}`
}

function linesOf(finding: ReportedFinding, explained: Set<string>, paint: Paint): string {
  const marks = [...marksOf(finding), ...relatedPlaces(finding)]
  return findingLines(finding, placeText(finding.rendered ?? finding), marks, explained, paint)
}

// Places of other objects, and other places of this one.
function relatedPlaces({ object, related }: ReportedFinding): string[] {
  return related.flatMap((other) => {
    const same = other.kind === object.kind && other.namespace === object.namespace && other.name === object.name
    if ((same && other.path === undefined) || other.file === undefined) return []
    const place = placeText({ file: other.file, line: other.line ?? 1, column: other.column ?? 1 })
    return [other.change ? `${other.change} by ${place}` : `see ${place}`]
  })
}

function nameOf({ kind, namespace, name }: ReportedFinding['object']): string {
  return clean(`${kind} ${namespace === '' ? '' : `${namespace}/`}${name === '' ? '(no name)' : name}`)
}
