import type { SubjectWord } from '../sdk/kinds.ts'
import type { FrontEnd, Level, Operation, Policy, Severity } from '../sdk/policy.ts'
import type { Settings } from './settings.ts'

/** The severity of a reason for one subject: settings of the reason, else of the rule, else the table of the profile. */
export function severityOf(
  policy: Policy,
  reasonName: string,
  settings: Settings,
  subject: { readonly word: SubjectWord; readonly operation: Operation; readonly frontEnd: FrontEnd },
): Severity {
  const reason = policy.reasons[reasonName]
  if (!reason) throw new Error(`${policy.id} has no reason ${reasonName}`)
  const set = settings.rules.get(policy.id)
  const chosen = ownValue(set?.reasons, reasonName) ?? set?.severity
  if (reason.api) return subject.frontEnd === 'check' && chosen !== 'off' ? 'deny' : 'off'
  if (chosen) return chosen
  const level = settings.profile === 'strict' ? (reason.strict ?? reason.baseline) : reason.baseline
  return pick(level, subject)
}

/** The lower of two severities. */
export function capped<S extends Severity>(severity: S, cap: S): S {
  return rank[severity] > rank[cap] ? cap : severity
}

export const rank: { readonly [S in Severity]: number } = { off: 0, audit: 1, warn: 2, deny: 3 }

function pick(level: Level, subject: { word: SubjectWord; operation: Operation; frontEnd: FrontEnd }): Severity {
  if (typeof level === 'string') return level
  return (
    level[subject.frontEnd] ?? level[`${subject.word}:${subject.operation}`] ?? level[subject.word] ?? level.default
  )
}

function ownValue<T>(record: { readonly [key: string]: T } | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}
