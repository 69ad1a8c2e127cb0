import { context, sound, type Case } from '../support/case.ts'
import { deployment } from '../support/objects.ts'
import type { Unproven } from '../support/unproven.ts'

const role = 'arn:aws:iam::111122223333:role/app'

/** A Deployment whose template carries the annotations. */
function annotated(name: string, annotations: object): object {
  const labels = { app: name }
  const plain = deployment({ name, container: { env: context } }) as { spec: { template: object } }
  return { ...plain, spec: { ...plain.spec, template: { ...plain.spec.template, metadata: { labels, annotations } } } }
}

function account(annotations: object, rest: object = {}): object {
  // The metadata of a case are its name; what a rule reads of them joins it there.
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { annotations }, ...rest }
}

export const cases: readonly Case[] = [
  {
    rule: 'identity-role-annotation-malformed',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /names a user, not a role/,
    bad: () => account({ 'eks.amazonaws.com/role-arn': role.replace(':role/', ':user/') }),
    good: () => account({ 'eks.amazonaws.com/role-arn': role }),
  },
  {
    rule: 'identity-role-annotation-malformed',
    kind: 'template',
    baseline: 'warn',
    strict: 'warn',
    says: /role-arn on Deployment .* does nothing/,
    bad: (name) => annotated(name, { 'eks.amazonaws.com/role-arn': role }),
    good: (name) => sound(name),
  },
]

export const unproven: Unproven = [
  [
    'identity-role-annotation-malformed',
    'no cloud and no identity webhook: it injects what the annotation says, and the cloud refuses it (amazon-eks-pod-identity-webhook `pkg/cache/cache.go`, which only logs `arn is invalid`)',
  ],
]
