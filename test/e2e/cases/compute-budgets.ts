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
  {
    rule: 'compute-pdb-selector',
    baseline: 'warn',
    strict: 'deny',
    says: /selects every pod of the namespace/,
    bad: (name) => budget({ maxUnavailable: 1, selector: {} }, name),
    good: (name) => budget({ maxUnavailable: 1 }, name),
  },
  {
    rule: 'compute-pdb-selector',
    kind: 'budget-without-selector',
    baseline: 'warn',
    strict: 'warn',
    says: /has no selector: it protects no pod/,
    bad: (name) => budget({ maxUnavailable: 1, selector: null }, name),
    good: (name) => budget({ maxUnavailable: 1 }, name),
  },
]

export const unproven: Unproven = []
