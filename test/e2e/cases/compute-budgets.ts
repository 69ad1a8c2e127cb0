import { sound, type Case } from '../support/case.ts'
import { budget } from '../support/objects.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'compute-pdb-blocks-all',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /allows 0 disruptions/,
    bad: (name) => budget({ maxUnavailable: 0 }, name),
    good: (name) => budget({ maxUnavailable: 1 }, name),
  },
  {
    rule: 'compute-pdb-deadlock',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /covers 2 replicas of Deployment\/.*: 0 disruptions allowed/,
    bad: (name) => budget({ minAvailable: 2 }, name),
    good: (name) => budget({ minAvailable: 1 }, name),
    beside: (name) => [sound(name)],
  },
]

export const unproven: Unproven = []
