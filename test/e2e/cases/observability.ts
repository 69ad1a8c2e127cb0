import { context, sound, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'observability-context-env',
    baseline: 'audit',
    strict: 'deny',
    says: /web.* cannot log .*zone/,
    bad: (name) => sound(name, { container: { env: context.slice(0, 3) } }),
    good: (name) => sound(name),
  },
]

export const unproven: Unproven = [
  [
    'observability-context-env',
    'no kubelet: it resolves the environment of a container (kubernetes/pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables)',
  ],
]
