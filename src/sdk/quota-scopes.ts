import { isPodLevel, type EffectiveResources } from './effective-resources.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import type { PodSpec } from './pod-specs.ts'
import { isPositive, valueOf, type ResourceValues } from './resource-values.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

type Quota = Kinds['ResourceQuota']

/** What scopes look at. The priority class is '' where the pod has none, also not by default. */
export interface ScopedPod {
  readonly terminating: boolean | Unknown
  readonly bestEffort: boolean | Unknown
  readonly priorityClass: string | Unknown
  readonly crossNamespaceAffinity: boolean
}

/** How quotas see a pod, once it is admitted (kubernetes/pkg/quota/v1/evaluator/core/pods.go podMatchesScopeFunc). */
export function scopedPod(
  spec: PodSpec,
  resources: EffectiveResources,
  inventory: Inventory<'PriorityClass'>,
): ScopedPod {
  return scopedAs(resources, inventory, spec)
}

// Several rules ask, each for all quotas; the resources are those of one pod.
const scopedAs = oncePerReview(
  (resources: EffectiveResources, inventory: Inventory<'PriorityClass'>, spec: PodSpec): ScopedPod => {
    const deadline: unknown = spec.activeDeadlineSeconds ?? undefined
    return {
      terminating: isVariable(deadline) ? unknown : typeof deadline === 'number' && deadline >= 0,
      bestEffort: isBestEffort(spec, resources),
      priorityClass: priorityClassOf(spec, inventory),
      crossNamespaceAffinity: ['podAffinity', 'podAntiAffinity'].some((field) =>
        reachesOut(memberOf(spec.affinity, field)),
      ),
    }
  },
)

/** Whether all scopes of a quota hold for a pod. */
export function matchesPod(quota: Quota, pod: ScopedPod): boolean | Unknown {
  return matches(quota, ({ scopeName, operator, values }) => {
    switch (scopeName) {
      case 'Terminating':
        return pod.terminating
      case 'NotTerminating':
        return not(pod.terminating)
      case 'BestEffort':
        return pod.bestEffort
      case 'NotBestEffort':
        return not(pod.bestEffort)
      case 'PriorityClass':
        return pod.priorityClass === unknown ? unknown : selects(operator, values, pod.priorityClass)
      case 'CrossNamespacePodAffinity':
        return pod.crossNamespaceAffinity
      default:
        return false
    }
  })
}

/** Whether all scopes of a quota hold for a claim: only its VolumeAttributesClass is looked at. */
export function matchesClaim(quota: Quota, claimSpec: unknown): boolean | Unknown {
  const name: unknown = memberOf(claimSpec, 'volumeAttributesClassName')
  return matches(quota, ({ scopeName, operator, values }) => {
    if (scopeName !== 'VolumeAttributesClass') return false
    return isVariable(name) ? unknown : selects(operator, values, stringOf(name) ?? '')
  })
}

interface Requirement {
  readonly scopeName: unknown
  readonly operator: unknown
  readonly values: readonly unknown[]
}

function matches(quota: Quota, test: (requirement: Requirement) => boolean | Unknown): boolean | Unknown {
  // Most quotas have none.
  if (!quota.spec?.scopes && !quota.spec?.scopeSelector) return true
  const scopes = listOf(quota.spec?.scopes).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] }))
  const selected = listOf(memberOf(quota.spec?.scopeSelector, 'matchExpressions')).map((expression) => ({
    scopeName: memberOf(expression, 'scopeName'),
    operator: memberOf(expression, 'operator'),
    values: listOf(memberOf(expression, 'values')),
  }))
  let result: boolean | Unknown = true
  for (const requirement of [...scopes, ...selected]) {
    const holds = test(requirement)
    if (holds === false) return false
    if (holds === unknown) result = unknown
  }
  return result
}

// '' is no value: Exists and In fail, DoesNotExist and NotIn hold (labels.Requirement Matches).
function selects(operator: unknown, values: readonly unknown[], value: string): boolean | Unknown {
  switch (operator) {
    case 'Exists':
      return value !== ''
    case 'DoesNotExist':
      return value === ''
    case 'In':
      return values.some(isVariable) ? unknown : value !== '' && values.includes(value)
    case 'NotIn':
      return values.some(isVariable) ? unknown : value === '' || !values.includes(value)
    default:
      return unknown
  }
}

function not(holds: boolean | Unknown): boolean | Unknown {
  return holds === unknown ? unknown : !holds
}

// kubernetes/pkg/apis/core/v1/helper/qos: the pod as a whole decides where it says anything, else its containers.
function isBestEffort(spec: PodSpec, { containers, pod }: EffectiveResources): boolean | Unknown {
  const whole = hasPodLevelResources(spec)
  const holders: readonly { requests: ResourceValues; limits: ResourceValues }[] = whole ? [pod] : containers
  let result: boolean | Unknown = true
  for (const { requests, limits } of holders) {
    for (const resource of ['cpu', 'memory']) {
      for (const value of [valueOf(requests, resource), valueOf(limits, resource)]) {
        if (isPositive(value)) return false
        if (value?.quantity === unknown) result = unknown
      }
    }
  }
  return result
}

/** True if the pod as a whole has any request or limit that it can have (IsPodLevelResourcesSet). */
export function hasPodLevelResources(spec: PodSpec): boolean {
  if ((spec.resources ?? undefined) === undefined || memberOf(spec.os, 'name') === 'windows') return false
  return ['requests', 'limits'].some((field) =>
    Object.keys(recordOf(memberOf(spec.resources, field)) ?? {}).some(isPodLevel),
  )
}

// A pod without a class gets the global default; of several the one of least value
// (kubernetes/plugin/pkg/admission/priority/admission.go).
function priorityClassOf(spec: PodSpec, inventory: Inventory<'PriorityClass'>): string | Unknown {
  const named: unknown = spec.priorityClassName ?? ''
  if (named !== '') return typeof named === 'string' && !isVariable(named) ? named : unknown
  const classes = inventory.list('PriorityClass')
  if (classes === unknown) return unknown
  const defaults = classes.filter(({ globalDefault }) => globalDefault === true)
  if (defaults.some((each) => inventory.uncertain(each))) return unknown
  let least = defaults[0]
  for (const each of defaults) if (rankOf(each) < (least ? rankOf(least) : 0)) least = each
  return least ? nameOf(least) : ''
}

function rankOf({ value }: Kinds['PriorityClass']): number {
  return typeof value === 'number' ? value : 0
}

function reachesOut(affinity: unknown): boolean {
  const required = listOf(memberOf(affinity, 'requiredDuringSchedulingIgnoredDuringExecution'))
  const preferred = listOf(memberOf(affinity, 'preferredDuringSchedulingIgnoredDuringExecution'))
  const terms = [...required, ...preferred.map((each) => memberOf(each, 'podAffinityTerm'))]
  return terms.some(
    (term) => listOf(memberOf(term, 'namespaces')).length > 0 || (memberOf(term, 'namespaceSelector') ?? null) !== null,
  )
}
