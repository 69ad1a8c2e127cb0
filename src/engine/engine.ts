import { kinds } from '../sdk/kinds.ts'
import type { KindName } from '../sdk/objects.ts'
import type { Operation, Policy, Target } from '../sdk/policy.ts'
import { paramsOf, type Settings } from './settings.ts'

/** A policy with the parameters that the settings give it. */
export interface ConfiguredPolicy {
  readonly policy: Policy
  readonly params: { readonly [name: string]: unknown }
}

/** The policies under one settings file, ready to judge. Build a new one when the settings change. */
export interface Engine {
  readonly settings: Settings
  readonly policies: ReadonlyMap<string, Policy>
  /** The policies that judge this kind, subresource ('' for the object itself) and operation, by id. */
  policiesFor(kind: KindName, subresource: string, operation: Operation): readonly ConfiguredPolicy[]
}

/** Prepares the policies. Throws where two of them share an id or one names a kind that does not exist: a fault of ours. */
export function createEngine(policies: readonly Policy[], settings: Settings): Engine {
  const byId = new Map<string, Policy>()
  const byTarget = new Map<string, ConfiguredPolicy[]>()
  for (const policy of [...policies].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (byId.has(policy.id)) throw new Error(`two policies are called ${policy.id}`)
    byId.set(policy.id, policy)
    const configured = { policy, params: paramsOf(policy, settings) }
    for (const { kind, subresource, operations } of targetsOf(policy)) {
      if (!kinds.has(kind)) throw new Error(`${policy.id} judges ${kind}, which no table knows`)
      for (const operation of operations) {
        const key = targetKey(kind, subresource, operation)
        const there = byTarget.get(key) ?? []
        if (!there.includes(configured)) byTarget.set(key, [...there, configured])
      }
    }
  }
  return {
    settings,
    policies: byId,
    policiesFor: (kind, subresource, operation) => byTarget.get(targetKey(kind, subresource, operation)) ?? [],
  }
}

/** A target with everything said. */
export interface FullTarget {
  readonly kind: KindName
  readonly subresource: string
  readonly operations: readonly Operation[]
}

/** What a policy judges: the webhook's rules are made from it. A subresource is only ever updated. */
export function targetsOf(policy: Policy): FullTarget[] {
  return policy.on.map((target) => fullTarget(target))
}

function fullTarget(target: Target): FullTarget {
  if (typeof target === 'string') return { kind: target, subresource: '', operations: ['CREATE', 'UPDATE'] }
  const subresource = target.subresource ?? ''
  return {
    kind: target.kind,
    subresource,
    operations: target.operations ?? (subresource === '' ? ['CREATE', 'UPDATE'] : ['UPDATE']),
  }
}

function targetKey(kind: KindName, subresource: string, operation: Operation): string {
  return `${kind}/${subresource}/${operation}`
}
