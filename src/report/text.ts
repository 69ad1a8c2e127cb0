import type { FindingSeverity } from '../engine/finding.ts'
import { clean, placeText } from './words.ts'
import type { Paint, Style, TextOptions } from './paint.ts'
import type { Report, ReportedFinding, ReportedProblem } from './report.ts'
import { summaryLines } from './text-summary.ts'

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

const styles: { readonly [S in FindingSeverity]: Style } = { deny: 'red', warn: 'yellow', audit: 'blue' }

function fileBlock(file: string, findings: readonly ReportedFinding[], explained: Set<string>, paint: Paint): string {
  const rendered = findings[0]?.rendered
  const header = paint('bold', clean(file)) + (rendered ? paint('dim', ` (rendered in ${clean(rendered.file)})`) : '')
  const objects = groupBy(findings, ({ object }) => nameOf(object))
  const blocks = [...objects].map(
    ([name, group]) => `  ${name}\n${group.map((finding) => findingLines(finding, explained, paint)).join('')}`,
  )
  return `${header}\n${blocks.join('')}`
}

// Causes and snippets are said once: a second finding of the kind needs its place, its numbers and its fix.
function findingLines(finding: ReportedFinding, explained: Set<string>, paint: Paint): string {
  const { rule, severity, message, fix, why, snippet, rendered } = finding
  const marks = marksOf(finding)
  const lines = [
    `    ${placeText(rendered ?? finding)}  ${paint(styles[severity], severity)}  ${paint('bold', rule)}${marks}`,
    `      ${clean(message)}`,
  ]
  if (why !== '' && isNew(`${rule} ${why}`, explained)) lines.push(`      ${paint('dim', 'why:')} ${clean(why)}`)
  lines.push(`      ${paint('green', 'fix:')} ${clean(fix)}`)
  if (snippet !== undefined && isNew(snippet, explained)) {
    lines.push(
      ...snippet
        .trimEnd()
        .split('\n')
        .map((line) => `        ${paint('dim', clean(line))}`),
    )
  }
  return `${lines.join('\n')}\n`
}

function isNew(text: string, said: Set<string>): boolean {
  const before = said.size
  return said.add(text).size > before
}

function marksOf(finding: ReportedFinding): string {
  const { capped, preExisting, stale } = finding
  const marks = [
    ...(capped ? [`${capped.from} lowered by ${clean(capped.by)}`] : []),
    ...(preExisting ? ['was there before'] : []),
    ...(stale ? ['on stale context'] : []),
    ...relatedPlaces(finding).map((place) => `see ${place}`),
  ]
  return marks.length > 0 ? ` (${marks.join('; ')})` : ''
}

// Places of other objects, and other places of this one.
function relatedPlaces({ object, related }: ReportedFinding): string[] {
  return related.flatMap((other) => {
    const same = other.kind === object.kind && other.namespace === object.namespace && other.name === object.name
    if ((same && other.path === undefined) || other.file === undefined) return []
    return [placeText({ file: other.file, line: other.line ?? 1, column: other.column ?? 1 })]
  })
}

function nameOf({ kind, namespace, name }: ReportedFinding['object']): string {
  return clean(`${kind} ${namespace === '' ? '' : `${namespace}/`}${name === '' ? '(no name)' : name}`)
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
