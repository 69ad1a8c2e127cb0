import type { FindingSeverity } from '../engine/finding.ts'

/** What `--fail-on` takes. */
export const failLevels = ['deny', 'warn', 'audit', 'never'] as const

/** Whether there are findings at or above a level. */
export function isFailed(
  { deny, warn, audit }: { readonly [S in FindingSeverity]: number },
  failOn: (typeof failLevels)[number],
): boolean {
  if (failOn === 'never') return false
  return deny > 0 || (failOn !== 'deny' && warn > 0) || (failOn === 'audit' && audit > 0)
}
