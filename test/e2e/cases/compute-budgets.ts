import { context, sound, type Case } from '../support/case.ts'
import { autoscaler, budget, daemonSet } from '../support/objects.ts'
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
  {
    rule: 'compute-pdb-unhealthy-policy',
    baseline: 'audit',
    strict: 'deny',
    says: /needs 0 healthy pods/,
    bad: (name) => budget({ minAvailable: 0 }, name),
    good: (name) => budget({ minAvailable: 0, unhealthyPodEvictionPolicy: 'AlwaysAllow' }, name),
  },
  {
    rule: 'compute-pdb-unscalable-owner',
    baseline: 'deny',
    strict: 'deny',
    says: /covers DaemonSet\/.*, which has no scale/,
    bad: (name) => budget({ maxUnavailable: 1 }, name),
    good: (name) => budget({ minAvailable: 1 }, name),
    beside: (name) => [sound(name), { ...agent(name), metadata: { name: `${name}-agent` } }],
  },
  {
    rule: 'compute-pdb-unscalable-owner',
    kind: 'daemonset',
    baseline: 'warn',
    strict: 'deny',
    says: /covers DaemonSet\/.*, which has no scale/,
    bad: (name) => agent(name),
    good: (name) => agent(`${name}-agent`),
    beside: (name) => [sound(name), budget({ maxUnavailable: 1 }, name)],
    immutable: true,
  },
  {
    rule: 'compute-pdb-overlap',
    baseline: 'deny',
    strict: 'deny',
    says: /pods of Deployment\/.* match PDBs .*: no eviction is served/,
    bad: (name) => budget({ maxUnavailable: 1 }, name),
    good: (name) => budget({ maxUnavailable: 1, selector: { matchLabels: { app: 'elsewhere' } } }, name),
    beside: (name) => [sound(name), { ...budget({ maxUnavailable: 1 }, name), metadata: { name: `${name}-other` } }],
  },
  {
    rule: 'compute-pdb-missing',
    baseline: 'audit',
    strict: 'warn',
    says: /with 2 replicas, and no PDB covers them/,
    bad: (name) => sound(name),
    good: (name) => sound(`${name}-unserved`),
    beside: (name) => [service(name)],
    immutable: true,
  },
  {
    rule: 'compute-single-replica',
    baseline: 'audit',
    strict: 'warn',
    says: /and has one replica/,
    bad: (name) => sound(name, { replicas: 1 }),
    good: (name) => sound(name),
    beside: (name) => [service(name)],
  },
  {
    rule: 'compute-hpa-target-missing',
    baseline: 'warn',
    strict: 'warn',
    says: /target DaemonSet\/.* has no scale/,
    bad: (name) => scaling(name, { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name } }),
    good: (name) => scaling(name),
    beside: (name) => [sound(name)],
  },
  {
    rule: 'compute-hpa-metric-without-requests',
    baseline: 'warn',
    strict: 'deny',
    says: /measures container wbe, which Deployment\/.* does not have/,
    bad: (name) => scaling(name, measuring('wbe')),
    good: (name) => scaling(name, measuring('web')),
    beside: (name) => [sound(name)],
  },
  {
    rule: 'compute-hpa-replicas-conflict',
    baseline: 'deny',
    strict: 'deny',
    says: /count the same pods, of Deployment\/.*: none of them scales/,
    bad: (name) => scaling(name),
    good: (name) => scaling(`${name}-alone`),
    beside: (name) => [sound(name), sound(`${name}-alone`), scaling(name, {}, `${name}-other`)],
  },
  {
    rule: 'compute-hpa-replicas-conflict',
    kind: 'deployment',
    baseline: 'warn',
    strict: 'warn',
    says: /has replicas 9, and HPA web keeps it between 2 and 5/,
    bad: () => sound('web', { replicas: 9 }),
    good: () => sound('web', { replicas: 3 }),
    beside: () => [scaling('web')],
    name: 'web',
    immutable: true,
  },
]

/** A DaemonSet whose pods have the labels of an app. */
function agent(app: string): object {
  return daemonSet({ app, container: { env: context } })
}

function service(app: string): object {
  const spec = { selector: { app }, ports: [{ port: 80 }] }
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: app }, spec }
}

/** An autoscaler of the Deployment of a name. */
function scaling(target: string, spec: object = {}, name = target): object {
  return autoscaler({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target }, ...spec }, name)
}

function measuring(container: string): object {
  const target = { type: 'Utilization', averageUtilization: 80 }
  return { metrics: [{ type: 'ContainerResource', containerResource: { name: 'cpu', container, target } }] }
}

export const unproven: Unproven = [
  [
    'compute-pdb-missing',
    'no kube-proxy: pods are replaced here as fast as they are evicted (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/)',
  ],
  ['compute-single-replica', 'no kube-proxy: as for `compute-pdb-missing`'],
]
