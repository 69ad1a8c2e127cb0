import { unknown, type Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { memberOf } from './shape.ts'

/** How many pods a rolling update may take away before, and add beyond, the replicas. */
export interface RolloutStep {
  readonly unavailable: number
  readonly surge: number
}

/**
 * The step of a Deployment's rolling update: `maxUnavailable` of the replicas rounded down, `maxSurge` rounded up, 25%
 * each where they are left out; if both come to 0, one may go (ResolveFenceposts in
 * kubernetes/pkg/controller/deployment/util/deployment_util.go). Undefined for the strategy Recreate, unknown for what
 * nobody can read.
 */
export function rolloutStep(deployment: Kinds['Deployment'], replicas: number): RolloutStep | Unknown | undefined {
  const strategy: unknown = deployment.spec?.strategy
  const type = memberOf(strategy, 'type') ?? 'RollingUpdate'
  if (type !== 'RollingUpdate') return type === 'Recreate' ? undefined : unknown
  const unavailable = amountOf(memberOf(strategy, 'rollingUpdate'), 'maxUnavailable', replicas, Math.floor)
  const surge = amountOf(memberOf(strategy, 'rollingUpdate'), 'maxSurge', replicas, Math.ceil)
  if (unavailable === unknown || surge === unknown) return unknown
  return unavailable === 0 && surge === 0 ? { unavailable: 1, surge } : { unavailable, surge }
}

/** True for a rolling update that says 0 of both, in whatever spelling: the API server refuses it. */
export function neverMoves({ spec }: Kinds['Deployment']): boolean {
  const rollingUpdate = memberOf(spec?.strategy, 'rollingUpdate')
  return ['maxUnavailable', 'maxSurge'].every((field) => {
    const value = memberOf(rollingUpdate, field)
    return value === 0 || (typeof value === 'string' && /^0+%$/.test(value))
  })
}

function amountOf(
  rollingUpdate: unknown,
  field: string,
  replicas: number,
  round: (amount: number) => number,
): number | Unknown {
  const value = memberOf(rollingUpdate, field) ?? '25%'
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : unknown
  const percent = typeof value === 'string' ? /^(\d{1,5})%$/.exec(value)?.[1] : undefined
  return percent === undefined ? unknown : round((Number(percent) * replicas) / 100)
}
