import type { Operation, Policy, Severity } from '../sdk/policy.ts'

export type Profile = 'baseline' | 'strict'
export type Mode = 'enforce' | 'warn' | 'audit'

/** How a platform wants the rules applied. `parseSettings` makes one from YAML; `defaultSettings` is what no file means. */
export interface Settings {
  readonly profile: Profile
  /** Caps every severity where no entry of `modes` matches. */
  readonly mode: Mode
  /** The first entry that matches an object's namespace decides its mode. */
  readonly modes: readonly ModeOverride[]
  readonly onPolicyError: 'allow' | 'deny'
  readonly annotationExemptions: boolean
  readonly maxExemptionDays: number
  readonly exemptNamespaces: readonly string[]
  readonly exemptUsers: readonly string[]
  readonly exemptGroups: readonly string[]
  readonly rules: ReadonlyMap<string, RuleSettings>
}

export interface ModeOverride {
  readonly mode: Mode
  /** Names or globs. */
  readonly namespaces?: readonly string[]
  /** Every label must be on the Namespace with this value. */
  readonly namespaceLabels?: { readonly [key: string]: string }
}

export interface RuleSettings {
  readonly severity?: Severity
  readonly reasons?: { readonly [reason: string]: Severity }
  readonly params?: { readonly [name: string]: unknown }
  readonly exemptions?: readonly SettingsExemption[]
}

/** Everything that is given must match; an exemption that gives nothing but a reason matches every object. */
export interface SettingsExemption {
  readonly reason: string
  /** RFC 3339 date or date-time after which it no longer counts. */
  readonly until?: string
  readonly namespaces?: readonly string[]
  readonly names?: readonly string[]
  readonly users?: readonly string[]
  readonly groups?: readonly string[]
  readonly labels?: { readonly [key: string]: string }
  readonly operations?: readonly Operation[]
}

export const defaultSettings: Settings = Object.freeze({
  profile: 'baseline',
  mode: 'enforce',
  modes: [],
  onPolicyError: 'allow',
  annotationExemptions: true,
  maxExemptionDays: 90,
  exemptNamespaces: ['kube-system', 'kube-public', 'kube-node-lease'],
  exemptUsers: [],
  exemptGroups: [],
  rules: new Map(),
})

/** The id of the engine's own rule about exemptions that do not count. */
export const exemptionRule = 'exemption-invalid'

/** Settings over the defaults of a policy, as its `check` receives them. Settings were validated before. */
export function paramsOf(policy: Policy, settings: Settings): { readonly [name: string]: unknown } {
  const given = settings.rules.get(policy.id)?.params ?? {}
  return Object.freeze(
    Object.fromEntries(
      Object.entries(policy.params).map(([name, schema]) => [
        name,
        Object.hasOwn(given, name) ? given[name] : schema.default,
      ]),
    ),
  )
}
