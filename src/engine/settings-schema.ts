import type { Policy } from '../sdk/policy.ts'
import { defaultSettings, exemptionRule } from './settings.ts'

export const settingsApiVersion = 'day2-admission.dev/v1alpha1'

/**
 * The JSON Schema of a settings file, assembled from the parameters of the policies. Published for editors. With `named`
 * the rules that a file does not name are left unspecified: compiling what nobody asks costs a second.
 */
export function settingsSchema(policies: readonly Policy[], named?: ReadonlySet<string>): object {
  const specified = (policy: Policy) => (!named || named.has(policy.id) ? ruleSchema(policy) : true)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Settings of day2-admission',
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind'],
    properties: {
      apiVersion: { const: settingsApiVersion },
      kind: { const: 'Settings' },
      profile: {
        description: 'Which of the two severities of every reason counts.',
        enum: ['baseline', 'strict'],
        default: defaultSettings.profile,
      },
      mode: {
        description: 'Caps every severity: begin with audit, go on to warn, end with enforce.',
        ...mode,
        default: defaultSettings.mode,
      },
      modes: {
        description: 'Modes of single namespaces. The first entry that matches wins over mode.',
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['mode'],
          anyOf: [{ required: ['namespaces'] }, { required: ['namespaceLabels'] }],
          properties: {
            mode,
            namespaces: { description: 'Names or globs such as team-*.', ...names },
            namespaceLabels: { description: 'Labels that the Namespace must carry.', ...labels },
          },
        },
      },
      onPolicyError: {
        description: 'What happens to a request when a policy fails by a fault of its own.',
        enum: ['allow', 'deny'],
        default: defaultSettings.onPolicyError,
      },
      annotationExemptions: {
        description: 'Whether objects may exempt themselves by annotation.',
        type: 'boolean',
        default: defaultSettings.annotationExemptions,
      },
      maxExemptionDays: {
        description: 'The longest an exemption by annotation may last, in days from now.',
        type: 'integer',
        minimum: 1,
        maximum: 3650,
        default: defaultSettings.maxExemptionDays,
      },
      exemptNamespaces: {
        description: 'Namespaces whose findings are never more than audit.',
        ...names,
        default: defaultSettings.exemptNamespaces,
      },
      exemptUsers: {
        description: 'Users whose findings are never more than audit: names or globs.',
        ...names,
        default: defaultSettings.exemptUsers,
      },
      exemptGroups: {
        description: 'Groups whose findings are never more than audit: names or globs.',
        ...names,
        default: [],
      },
      rules: {
        description: 'Settings of single rules.',
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries<object | true>([
          ...policies.map((policy) => [policy.id, specified(policy)] as const),
          [exemptionRule, { ...object({ severity }), description: 'Exemptions that do not count.' }],
        ]),
      },
    },
  }
}

function ruleSchema(policy: Policy): object {
  const reasons = Object.keys(policy.reasons).map((reason) => [reason, severity] as const)
  return {
    description: policy.summary,
    ...object({
      severity: { description: 'The severity of every reason of the rule.', ...severity },
      reasons: { description: 'The severity of single reasons.', ...object(Object.fromEntries(reasons)) },
      params: object(policy.params),
      exemptions: { type: 'array', items: exemption },
    }),
  }
}

function object(properties: object): object {
  return { type: 'object', additionalProperties: false, properties }
}

const severity = { enum: ['deny', 'warn', 'audit', 'off'] }
const mode = { enum: ['enforce', 'warn', 'audit'] }
const names = { type: 'array', items: { type: 'string', minLength: 1 } }
const labels = { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } }
const date = '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:\\d{2}))?$'

const exemption = {
  ...object({
    reason: { description: 'Why the rule does not hold here. Shown in every report.', type: 'string', minLength: 1 },
    until: { description: 'Date after which the exemption no longer counts.', type: 'string', pattern: date },
    namespaces: { description: 'Names or globs.', ...names },
    names: { description: 'Names or globs of objects.', ...names },
    users: { description: 'Names or globs of users.', ...names },
    groups: { description: 'Names or globs of groups.', ...names },
    labels: { description: 'Labels that the object must carry.', ...labels },
    operations: { type: 'array', items: { enum: ['CREATE', 'UPDATE'] } },
  }),
  required: ['reason'],
}
