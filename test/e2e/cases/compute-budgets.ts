import { context, sound, type Case } from '../support/case.ts'
import { budget, podSpec } from '../support/objects.ts'
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
]

/** A DaemonSet whose pods have the labels of an app. */
function agent(app: string): object {
  const labels = { app, role: 'agent' }
  const template = { metadata: { labels }, spec: podSpec({ container: { env: context } }) }
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: { selector: { matchLabels: labels }, template } }
}

export const unproven: Unproven = []
