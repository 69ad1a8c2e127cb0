import type { Finding, FindingSeverity } from '../engine/finding.ts'
import type { Paint, Style } from './paint.ts'
import { clean } from './words.ts'

const styles: { readonly [S in FindingSeverity]: Style } = { deny: 'red', warn: 'yellow', audit: 'blue' }

/**
 * A finding for people, indented below its object. Causes and snippets are said once, for which `explained` remembers
 * them: a second finding of the kind needs its place, its numbers and its fix. Of snippets that differ by the names in
 * them the first few of a reason are shown.
 */
export function findingLines(
  finding: Pick<Finding, 'rule' | 'reason' | 'severity' | 'message' | 'fix' | 'why' | 'snippet'>,
  place: string,
  marks: readonly string[],
  explained: Set<string>,
  paint: Paint,
): string {
  const { rule, severity, message, fix, why, snippet } = finding
  const remarks = marks.length > 0 ? ` (${marks.join('; ')})` : ''
  const lines = [
    `    ${place}  ${paint(styles[severity], severity)}  ${paint('bold', rule)}${remarks}`,
    `      ${clean(message)}`,
  ]
  if (why !== '' && isNew(`${rule} ${why}`, explained)) lines.push(`      ${paint('dim', 'why:')} ${clean(why)}`)
  lines.push(`      ${paint('green', 'fix:')} ${clean(fix)}`)
  if (snippet !== undefined && isNew(snippet, explained) && isAmongFirst(finding, explained)) {
    lines.push(
      ...snippet
        .trimEnd()
        .split('\n')
        .map((line) => `        ${paint('dim', clean(line))}`),
    )
  }
  return `${lines.join('\n')}\n`
}

/** What lowered the severity of a finding, or makes it less certain. */
export function marksOf({ capped, preExisting, stale }: Pick<Finding, 'capped' | 'preExisting' | 'stale'>): string[] {
  return [
    ...(capped ? [`${capped.from} lowered by ${clean(capped.by)}`] : []),
    ...(preExisting ? ['was there before'] : []),
    ...(stale ? ['on stale context'] : []),
  ]
}

const mostSnippets = 3

function isAmongFirst({ rule, reason }: Pick<Finding, 'rule' | 'reason'>, explained: Set<string>): boolean {
  const ways = Array.from({ length: mostSnippets }, (_, index) => `${rule} ${reason} snippet ${index}`)
  return ways.some((way) => isNew(way, explained))
}

function isNew(text: string, said: Set<string>): boolean {
  const before = said.size
  return said.add(text).size > before
}
