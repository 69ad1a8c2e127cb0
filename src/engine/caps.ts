import type { SubjectWord } from '../sdk/kinds.ts'
import type { FrontEnd, Operation } from '../sdk/policy.ts'
import type { Finding, FindingSeverity } from './finding.ts'
import { capped } from './severity.ts'
import type { Mode } from './settings.ts'

/** What surrounds a subject and bears on every severity. */
export interface Circumstances {
  readonly word: SubjectWord
  readonly operation: Operation
  readonly frontEnd: FrontEnd
  /** The inventory is complete: absence is evidence. */
  readonly complete: boolean
  /** The request is on a scale subresource. */
  readonly scaling: boolean
  /** A controller made the object. */
  readonly owned: boolean
  /** What lands may differ from what is judged. */
  readonly unsure: boolean
  /** Names the namespace, user or group that is exempt, if one is. */
  readonly exempt: string | undefined
  readonly mode: Mode
}

/** What bears on one finding. */
export interface FindingMarks {
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
  at: Circumstances,
  { absence, stale, preExisting }: FindingMarks,
): Pick<Finding, 'severity' | 'capped'> | undefined {
  if (absence && at.frontEnd === 'check' && !at.complete) return undefined
  const mayDeny = !stale && !preExisting && !(absence && at.frontEnd === 'webhook')
  const from = mayDeny ? severity : capped(severity, 'warn')
  let result = from
  const by: string[] = []
  const lower = (cap: FindingSeverity, name: string) => {
    const lowered = capped(result, cap)
    if (lowered === result) return
    by.push(name)
    result = lowered
  }
  if (at.scaling) lower('warn', 'scaling')
  if (at.owned) lower('warn', 'owned by a controller')
  if (at.unsure) lower('warn', 'a kustomization that changes it in a way not understood')
  if (at.exempt) lower('audit', at.exempt)
  if (at.mode !== 'enforce') lower(at.mode, `mode ${at.mode}`)
  return by.length > 0 ? { severity: result, capped: { from, by: by.join(', ') } } : { severity: result }
}
