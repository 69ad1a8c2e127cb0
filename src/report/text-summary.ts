import type { Report, ReportedUnresolved } from './report.ts'
import type { TextOptions } from './paint.ts'
import { clean, count, needed } from './words.ts'

/** The lines that close a text report: what was read, what stayed open, and what it comes to. */
export function summaryLines(report: Report, { paint, verbose }: TextOptions): string {
  const { summary, profile } = report
  const { deny, warn, audit } = summary.findings
  const read = [
    `${count(summary.objects, 'object')} in ${count(summary.files, 'file')}`,
    `${String(summary.checked)} checked`,
  ]
  if (summary.notCovered > 0) read.push(`${String(summary.notCovered)} not covered by a rule`)
  if (summary.skipped > 0) read.push(`${String(summary.skipped)} skipped (${reasons(report)})`)
  const counts = [
    paint(deny > 0 ? 'red' : 'dim', `${String(deny)} deny`),
    paint(warn > 0 ? 'yellow' : 'dim', `${String(warn)} warn`),
    `${String(audit)} audit${audit > 0 && !verbose ? ' (--verbose shows them)' : ''}`,
    ...(summary.problems.error > 0 ? [paint('red', count(summary.problems.error, 'unreadable input'))] : []),
  ]
  const lines = [read.join(', '), ...unresolvedLines(report, verbose), ...exemptedLines(report)]
  return [...lines, `${counts.join(', ')} (profile ${profile})`].map((line) => `${line}\n`).join('')
}

function reasons({ skipped }: Report): string {
  const counts = new Map<string, number>()
  for (const { reason, count: number } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + number)
  return [...counts].map(([reason, number]) => `${String(number)} ${reason}`).join(', ')
}

function unresolvedLines({ unresolved }: Report, verbose: boolean): string[] {
  if (unresolved.length === 0) return []
  const counts = new Map<string, number>()
  for (const each of unresolved) {
    const key = lack(each)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const why = unresolved.every(({ known }) => known)
    ? 'what these files say does not decide it'
    : 'what a rule needs is not among these files (--context DIR adds it)'
  const head = `${String(unresolved.length)} unresolved: ${why}`
  if (!verbose) return [head, ...[...counts].map(([key, number]) => `  ${key} (${count(number, 'object')})`)]
  return [head, ...unresolved.map((each) => `  ${clean(each.file)}: ${lack(each)} for ${clean(each.object.name)}`)]
}

function lack({ rule, kind, known }: ReportedUnresolved): string {
  return known ? `${rule} finds no answer in what is said of ${kind}` : `${rule} needs ${needed(kind)}`
}

// Always in full: what nobody is told of is what stays exempt for ever.
function exemptedLines({ exempted }: Report): string[] {
  if (exempted.length === 0) return []
  return [
    `${String(exempted.length)} exempted`,
    ...exempted.map(
      ({ rule, file, line, by, because, until }) =>
        `  ${clean(file)}:${String(line)} ${rule} by ${by}: ${clean(because)}${until === undefined ? '' : ` (until ${clean(until)})`}`,
    ),
  ]
}
