import { unknown, type Unknown } from './inventory.ts'
import type { KindName } from './objects.ts'
import { memberOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** True for a Job or CronJob that makes no pods until somebody resumes it; unknown for a `${VARIABLE}`. */
export function isSuspended(kind: KindName, object: unknown): boolean | Unknown {
  if (kind !== 'CronJob' && kind !== 'Job') return false
  const suspend = memberOf(memberOf(object, 'spec'), 'suspend')
  return isVariable(suspend) ? unknown : suspend === true
}
