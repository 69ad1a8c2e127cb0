import type { Arbitrary } from 'fast-check'
import type { Place } from './place.ts'

/** What we say of the objects of a case beside what the control plane does with them. */
export interface Comparison<Plan> {
  readonly name: string
  /** Plans are plain data: the same plan gives the same objects. */
  readonly plans: Arbitrary<Plan>
  /** Applies a plan, waits until the control plane has done with it, and compares. */
  readonly compare: (plan: Plan, place: Place) => Promise<readonly Verdict[]>
}

/**
 * One claim, tried once. `broken` is a failure. `unclaimed` is counted only: something goes wrong there, or may, and
 * the rules do not claim to see it.
 */
export interface Verdict {
  readonly claim: string
  readonly outcome: 'held' | 'broken' | 'unclaimed'
  /** What was said and what was seen, for whoever reads a failure. */
  readonly detail: string
  /** What is needed to see it, beside what was created. */
  readonly objects?: readonly object[]
}

/** A claim that must hold. */
export function claim(claim: string, holds: boolean, detail: string, objects: readonly object[] = []): Verdict {
  return { claim, outcome: holds ? 'held' : 'broken', detail, objects }
}

/** Something that no rule claims to see. */
export function unclaimed(claim: string, detail: string): Verdict {
  return { claim, outcome: 'unclaimed', detail }
}
