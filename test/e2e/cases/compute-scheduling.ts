import { sound, type Case } from '../support/case.ts'
import { apart } from '../support/objects.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'compute-hard-anti-affinity',
    nodes: true,
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /required anti-affinity on topology\.kubernetes\.io\/region, 2 replicas, 1 domain/,
    // All nodes are of one region.
    bad: (name) => sound(name, { pod: apart(name, 'topology.kubernetes.io/region') }),
    good: (name) => sound(name, { pod: apart(name, 'kubernetes.io/hostname') }),
  },
]

export const unproven: Unproven = []
