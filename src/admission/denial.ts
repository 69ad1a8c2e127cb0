import { fieldPath } from '../engine/field-path.ts'
import type { Finding } from '../engine/finding.ts'
import { oneLine } from '../engine/one-line.ts'
import { cut } from './warnings.ts'

/**
 * What a refused user reads: all rule ids, then by rule and reason what is wrong and where, why it will hurt, and what
 * to type instead. Bounded, because kubectl prints all of it and the API server logs it.
 */
export function denialMessage(denials: readonly Finding[], failed: readonly string[], traceId: string): string {
  const rules = [...new Set([...denials.map((finding) => finding.rule), ...failed])]
  const groups = groupsOf(denials)
  const shown = describe(groups.slice(0, mostGroups))
  if (groups.length > mostGroups) shown.push(`+${groups.length - mostGroups} more, see audit annotation`)
  for (const rule of failed)
    shown.push(`[${rule}] could not judge the object by a fault of its own, and the settings say to refuse it then`)
  return [rules.join(', '), ...shown, `(trace ${traceId})`].join('\n')
}

/** One cause a finding, as `status.details.causes` of the API. */
export interface StatusCause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

/** The causes of a denial, for clients that read the status instead of the message. */
export function causesOf(denials: readonly Finding[]): StatusCause[] {
  return denials.slice(0, mostCauses).map((finding) => ({
    reason: finding.rule,
    message: cut(oneLine(`${finding.message}; ${finding.fix}`), longestLine),
    field: cut(oneLine(fieldPath(finding.path)), longestLine),
  }))
}

const mostGroups = 12
const mostPlaces = 8
const mostSnippets = 2
const mostCauses = 64
const longestLine = 512

function groupsOf(denials: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>()
  for (const finding of denials) {
    const key = `${finding.rule} ${finding.reason}`
    const group = groups.get(key)
    if (group) group.push(finding)
    else groups.set(key, [finding])
  }
  return [...groups.values()]
}

// What several groups have in common, the YAML above all, is said once.
function describe(groups: readonly (readonly Finding[])[]): string[] {
  const said = new Set<string>()
  const isNew = (text: string) => !said.has(text) && said.add(text)
  return groups.map((group) => {
    const shown = group.slice(0, mostPlaces)
    const why = shown[0]?.why ?? ''
    const lines = shown.map((finding) => `[${finding.rule}] ${line(finding.message)}${at(finding)}`)
    if (group.length > mostPlaces) lines.push(`  +${group.length - mostPlaces} more of the same`)
    if (why !== '' && isNew(why)) lines.push(`  why: ${line(why)}`)
    for (const { fix } of shown) if (isNew(fix)) lines.push(`  fix: ${line(fix)}`)
    // Those of one reason differ only by the names in them.
    const snippets = new Set(shown.map(({ snippet = '' }) => snippet))
    for (const snippet of [...snippets].slice(0, mostSnippets)) {
      if (snippet !== '' && isNew(snippet)) lines.push(indent(snippet))
    }
    return lines.join('\n')
  })
}

function at({ path }: Finding): string {
  return path === '' ? '' : ` (${line(fieldPath(path))})`
}

function line(text: string): string {
  return cut(oneLine(text), longestLine)
}

function indent(snippet: string): string {
  const lines = snippet.trimEnd().split('\n')
  return lines.map((text) => `    ${oneLine(text)}`.trimEnd()).join('\n')
}
