import type { SubjectWord } from '../sdk/kinds.ts'
import type { FrontEnd, Operation, Severity } from '../sdk/policy.ts'
import type { Finding, FindingSeverity } from './finding.ts'
import { capOf, capped } from './severity.ts'
import type { Mode } from './settings.ts'

/** What surrounds a subject and bears on every severity. */
export interface Circumstances {
  readonly word: SubjectWord
  readonly operation: Operation
  readonly frontEnd: FrontEnd
  /** The inventory is complete: absence is evidence. */
  readonly complete: boolean
  /** A controller made the object. */
  readonly owned: boolean
  /** Names the namespace, user or group that is exempt, if one is. */
  readonly exempt: string | undefined
  readonly mode: Mode
}

/** What bears on one finding. */
export interface FindingCircumstances extends Circumstances {
  readonly absence: boolean
  readonly stale: boolean
  readonly preExisting: boolean
}

/**
 * Lowers a severity by everything that forbids a denial. Never raises one. Undefined where there is no finding at all:
 * something missing from files that nobody called complete.
 */
export function caps(
  severity: FindingSeverity,
  at: FindingCircumstances,
): Pick<Finding, 'severity' | 'capped'> | undefined {
  if (at.absence && at.frontEnd === 'check' && !at.complete) return undefined
  let now: Severity = severity
  const by: string[] = []
  const lower = (cap: Severity, name?: string) => {
    const next = capped(now, cap)
    if (next !== now && name) by.push(name)
    now = next
  }
  if (at.absence && at.frontEnd === 'webhook') lower('warn')
  if (at.stale || at.preExisting) lower('warn')
  const from = now
  if (at.owned) lower('warn', 'owned by a controller')
  if (at.exempt) lower('audit', at.exempt)
  lower(capOf[at.mode], `mode ${at.mode}`)
  // Caps end at audit, so what was a finding stays one.
  const result = now
  return by.length > 0 ? { severity: result, capped: { from: from, by: by.join(', ') } } : { severity: result }
}
