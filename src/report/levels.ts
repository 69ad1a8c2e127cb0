import type { Level, Policy, Severity } from '../sdk/policy.ts'

/** A severity in words: one, or the default with its exceptions: `warn, budget deny`. */
export function levelText(level: Level): string {
  if (typeof level === 'string') return level
  const exceptions = Object.entries(level).filter(([key]) => key !== 'default')
  return [level.default, ...exceptions.map(([key, severity]) => `${key} ${severity}`)].join(', ')
}

/** The strongest severity that any reason of a rule has anywhere in a profile, but for what the API server refuses. */
export function strongest({ reasons }: Policy, profile: 'baseline' | 'strict' = 'baseline'): Severity {
  const levels = Object.values(reasons).flatMap((reason) =>
    reason.api ? [] : [profile === 'strict' ? (reason.strict ?? reason.baseline) : reason.baseline],
  )
  const used = new Set(levels.flatMap((level) => (typeof level === 'string' ? level : Object.values(level))))
  return (['deny', 'warn', 'audit'] as const).find((severity) => used.has(severity)) ?? 'off'
}
