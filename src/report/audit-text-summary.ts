import type { AuditReport } from './audit-report.ts'
import type { TextOptions } from './paint.ts'
import { clean, count, needed } from './words.ts'

/** The lines that close the text of an audit: what was read, what was not, what stayed open, and what it comes to. */
export function auditSummary(report: AuditReport, options: TextOptions): string {
  const { paint, verbose } = options
  const { summary, profile, scanned } = report
  const { deny, warn, audit } = summary.findings
  const where = report.namespaces.length > 0 ? ` in ${report.namespaces.map(clean).join(', ')}` : ''
  const counts = [
    paint(deny > 0 ? 'red' : 'dim', `${String(deny)} deny`),
    paint(warn > 0 ? 'yellow' : 'dim', `${String(warn)} warn`),
    `${String(audit)} audit${audit > 0 && !verbose ? ' (--verbose shows all)' : ''}`,
    ...(summary.unread > 0 ? [paint('red', `${String(summary.unread)} not read`)] : []),
  ]
  const lines = [
    `${count(summary.listed, 'object')} of ${count(scanned.length, 'kind')} read${where}, ${String(summary.judged)} judged`,
    ...(verbose
      ? scanned.map(({ resource, listed, judged }) => `  ${resource}: ${String(listed)} read, ${String(judged)} judged`)
      : []),
    ...(report.secrets ? ['Secrets were read, page by page; no value of them was kept'] : []),
    ...unreadLines(report, options),
    ...unresolvedLines(report),
    ...exemptedLines(report, verbose),
    ...report.faults.map(
      ({ rule, error, objects, object }) =>
        `the rule ${rule} failed by a fault of its own (${error}) on ${count(objects, 'object')}, first ${clean(`${object.kind} ${object.namespace}/${object.name}`)}; please report it`,
    ),
    `${counts.join(', ')} (profile ${profile})`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function unreadLines({ unread }: AuditReport, { paint }: TextOptions): string[] {
  // Nobody has all that a rule may look for: what is not installed is one line.
  const isNotServed = ({ level, code }: AuditReport['unread'][number]) => level === 'note' && code === notServed
  const absent = [...new Set(unread.filter(isNotServed).map(({ kind }) => kind))]
  const lines = unread
    .filter((each) => !isNotServed(each))
    .map(({ kind, namespace, level, code, reason }) => {
      const what = `${kind}${namespace === undefined ? '' : ` in ${clean(namespace)}`}`
      return `${paint(level === 'error' ? 'red' : 'dim', 'not read')} ${what}: ${clean(reason)} (${code})`
    })
  if (absent.length === 0) return lines
  return [...lines, `${paint('dim', 'not served')} by this API server, so there are none: ${absent.join(', ')}`]
}

const notServed = 'D2_NOT_SERVED'

function unresolvedLines({ unresolved, summary }: AuditReport): string[] {
  if (unresolved.length === 0) return []
  return [
    `${String(summary.unresolved)} unresolved: what a rule needs could not be read`,
    ...unresolved.map(({ rule, kind, objects }) => `  ${rule} needs ${needed(kind)} (${count(objects, 'object')})`),
  ]
}

function exemptedLines({ exempted }: AuditReport, verbose: boolean): string[] {
  if (exempted.length === 0) return []
  const head = `${String(exempted.length)} exempted${verbose ? '' : ' (--verbose shows them)'}`
  if (!verbose) return [head]
  return [
    head,
    ...exempted.map(
      ({ rule, object, by, because, until }) =>
        `  ${clean(`${object.kind} ${object.namespace}/${object.name}`)} ${rule} by ${by}: ${clean(because)}${until === undefined ? '' : ` (until ${clean(until)})`}`,
    ),
  ]
}
