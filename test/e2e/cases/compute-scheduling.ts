import { sound, type Case } from '../support/case.ts'
import { apart, oneByOne, spread } from '../support/objects.ts'
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
    bad: (name) => sound(name, { strategy: oneByOne, pod: apart(name, 'topology.kubernetes.io/region') }),
    good: (name) => sound(name, { strategy: oneByOne, pod: apart(name, 'kubernetes.io/hostname') }),
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
    kind: 'label',
    nodes: true,
    baseline: 'deny',
    strict: 'deny',
    says: /DoNotSchedule on day2\.test\/rack, which none of \d+ nodes for it carries/,
    bad: (name) => sound(name, { pod: spread(name, { topologyKey: 'day2.test/rack' }) }),
    good: (name) =>
      sound(name, { pod: spread(name, { topologyKey: 'day2.test/rack', whenUnsatisfiable: 'ScheduleAnyway' }) }),
  },
  {
    rule: 'compute-node-pinning',
    baseline: 'deny',
    strict: 'deny',
    says: /is pinned to node node-0 past the scheduler/,
    bad: (name) => sound(name, { pod: { nodeName: 'node-0' } }),
    good: (name) => sound(name),
  },
  {
    rule: 'compute-node-pinning',
    kind: 'zone',
    baseline: 'warn',
    strict: 'deny',
    says: /is pinned to zone zone-0/,
    bad: (name) => sound(name, { pod: { nodeSelector: { 'topology.kubernetes.io/zone': 'zone-0' } } }),
    good: (name) => sound(name, { pod: { nodeSelector: { 'topology.kubernetes.io/region': 'region-1' } } }),
  },
  {
    rule: 'compute-request-exceeds-node',
    nodes: true,
    baseline: 'warn',
    strict: 'deny',
    says: /requests 16 cpu per pod; the largest node for it allocates 8/,
    bad: (name) =>
      sound(name, { resources: { requests: { cpu: '16', memory: '1Gi' }, limits: { cpu: '16', memory: '1Gi' } } }),
    good: (name) =>
      sound(name, { resources: { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } } }),
  },
  {
    rule: 'compute-rollout-deadlock',
    baseline: 'warn',
    strict: 'deny',
    says: /of 2 replicas none may go first and no pod more fits \(quota team/,
    bad: (name) => sound(name),
    good: (name) => sound(name, { strategy: oneByOne }),
    beside: () => [
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' }, spec: { hard: { pods: '2' } } },
    ],
  },
  {
    rule: 'compute-do-not-evict',
    baseline: 'warn',
    strict: 'warn',
    says: /safe-to-evict: "false" keeps its nodes from being emptied/,
    bad: (name) => sound(name, { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } }),
    good: (name) => sound(name, { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' } }),
  },
]

export const unproven: Unproven = [
  [
    'compute-do-not-evict',
    'no node autoscaler: it is the cluster autoscaler or Karpenter that leaves the node alone (autoscaler/cluster-autoscaler/FAQ.md; karpenter.sh/docs/concepts/disruption)',
  ],
]
