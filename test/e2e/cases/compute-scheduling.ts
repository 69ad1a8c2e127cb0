import { sound, type Case } from '../support/case.ts'
import { apart, spread } from '../support/objects.ts'
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
  {
    rule: 'compute-hard-topology-spread',
    nodes: true,
    baseline: 'warn',
    strict: 'deny',
    says: /DoNotSchedule on kubernetes\.io\/hostname/,
    bad: (name) => sound(name, { pod: spread(name, { topologyKey: 'kubernetes.io/hostname' }) }),
    good: (name) =>
      sound(name, {
        pod: spread(name, { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' }),
      }),
  },
  {
    rule: 'compute-hard-topology-spread',
    kind: 'missing label',
    nodes: true,
    baseline: 'deny',
    strict: 'deny',
    says: /DoNotSchedule on day2\.test\/rack, which none of \d+ nodes for it carries/,
    bad: (name) => sound(name, { pod: spread(name, { topologyKey: 'day2.test/rack' }) }),
    good: (name) =>
      sound(name, { pod: spread(name, { topologyKey: 'day2.test/rack', whenUnsatisfiable: 'ScheduleAnyway' }) }),
  },
]

export const unproven: Unproven = []
