import { unknown, type Unknown } from './inventory.ts'
import type { Kinds } from './objects.ts'
import { labelSelector, selectsEverything, type Selector } from './selectors.ts'
import { isVariable } from './variables.ts'

/** A whole number, or whole percents of the number of replicas. */
export type Amount = { readonly unit: 'count' | 'percent'; readonly value: number }

/** What a PodDisruptionBudget asks for. `unspecified` is valid and allows no disruption at all. */
export type Budget =
  { readonly form: 'minAvailable' | 'maxUnavailable'; readonly amount: Amount } | { readonly form: 'unspecified' }

/**
 * An int-or-percent as PodDisruptionBudgets take it: an integer of 0 or more, or a string of digits and `%` up to 100
 * (`00%` is 0). Undefined for what the API server refuses, unknown for a `${VARIABLE}`
 * (kubernetes/pkg/apis/policy/validation, apimachinery/pkg/api/validation IsValidPercent).
 */
export function amountOf(value: unknown): Amount | Unknown | undefined {
  if (isVariable(value)) return unknown
  if (typeof value === 'number') return isCount(value) ? { unit: 'count', value } : undefined
  if (typeof value !== 'string' || !percent.test(value)) return undefined
  const number = Number(value.slice(0, -1))
  return number <= 100 ? { unit: 'percent', value: number } : undefined
}

/** What a budget asks for; undefined for what the API server refuses (both fields, a malformed amount). */
export function budgetOf(spec: Kinds['PodDisruptionBudget']['spec']): Budget | Unknown | undefined {
  const minAvailable = spec?.minAvailable ?? undefined
  const maxUnavailable = spec?.maxUnavailable ?? undefined
  if (minAvailable === undefined && maxUnavailable === undefined) return { form: 'unspecified' }
  if (minAvailable !== undefined && maxUnavailable !== undefined) return undefined
  const amount = amountOf(minAvailable ?? maxUnavailable)
  if (amount === undefined || amount === unknown) return amount
  return { form: minAvailable === undefined ? 'maxUnavailable' : 'minAvailable', amount }
}

/** Why the API server refuses what a budget asks for, in its own words, and the field that it names. */
export interface Refusal {
  readonly reason: 'both-fields' | 'percent'
  readonly field: 'minAvailable' | 'maxUnavailable'
  readonly words: string
}

/** What the API server refuses of a budget's amounts (kubernetes/pkg/apis/policy/validation/validation.go). */
export function refusalsOf(spec: Kinds['PodDisruptionBudget']['spec']): readonly Refusal[] {
  const given = (['minAvailable', 'maxUnavailable'] as const).filter(
    (field) => (spec?.[field] ?? undefined) !== undefined,
  )
  const both: Refusal = {
    reason: 'both-fields',
    field: 'maxUnavailable',
    words: 'minAvailable and maxUnavailable cannot be both set',
  }
  const malformed = given.filter((field) => amountOf(spec?.[field]) === undefined)
  return [
    ...(given.length > 1 ? [both] : []),
    ...malformed.map((field) => ({ reason: 'percent' as const, field, words: refusalOf(spec?.[field]) })),
  ]
}

/** The budget as its author wrote it: `minAvailable 67%`. */
export function describeBudget(budget: Budget): string {
  if (budget.form === 'unspecified') return 'neither minAvailable nor maxUnavailable'
  return `${budget.form} ${budget.amount.value}${budget.amount.unit === 'percent' ? '%' : ''}`
}

/**
 * How many of `replicas` pods must be healthy (kubernetes/pkg/controller/disruption/disruption.go
 * getExpectedPodCount). Both percentages round up.
 */
export function desiredHealthy(budget: Budget, replicas: number): number {
  if (budget.form === 'unspecified') return 0
  const amount = scaled(budget.amount, replicas)
  return budget.form === 'minAvailable' ? amount : Math.max(0, replicas - amount)
}

/** How many pods may be evicted while all `replicas` are healthy (updatePdbStatus: none where none is expected). */
export function allowedDisruptions(budget: Budget, replicas: number): number {
  if (budget.form === 'unspecified') return 0
  return Math.max(0, replicas - desiredHealthy(budget, replicas))
}

/** The smallest number of replicas that lets one pod go; undefined where no number does. */
export function replicasToDrain(budget: Budget): number | undefined {
  if (budget.form === 'unspecified') return undefined
  const { unit, value } = budget.amount
  if (budget.form === 'maxUnavailable') return value === 0 ? undefined : 1
  if (unit === 'count') return value + 1
  return value === 100 ? undefined : Math.ceil(100 / (100 - value))
}

/** The pods that a budget selects. */
export function budgetSelector(budget: Kinds['PodDisruptionBudget']): Selector {
  return labelSelector(selectsNothing(budget) ? undefined : budget.spec?.selector)
}

/**
 * True if a budget can select no pod at all: it then blocks nothing and protects nothing. In policy/v1beta1 `{}` selects
 * none either (kubernetes/pkg/apis/policy/v1beta1/conversion.go).
 */
export function selectsNothing(budget: Kinds['PodDisruptionBudget']): boolean {
  const selector = budget.spec?.selector ?? undefined
  return selector === undefined || (budget.apiVersion === 'policy/v1beta1' && selectsEverything(selector))
}

/** True if a budget selects every pod of its namespace. */
export function selectsAll(budget: Kinds['PodDisruptionBudget']): boolean {
  return !selectsNothing(budget) && selectsEverything(budget.spec?.selector)
}

/**
 * So many budgets over the same pods are a crowd: no eviction of these is served anyhow, which is one fault, and what
 * each of them would allow is not asked.
 */
export const crowd = 16

const percent = /^[0-9]+%$/
const maxInt32 = 2 ** 31 - 1

function refusalOf(value: unknown): string {
  if (typeof value !== 'string') return 'must be greater than or equal to 0, and an integer'
  if (percent.test(value)) return 'must not be greater than 100%'
  return "a valid percent string must be a numeric string followed by an ending '%'"
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maxInt32
}

// intstr.GetScaledValueFromIntOrPercent with roundUp, in whole numbers: Go's floats agree for all p ≤ 100, n ≤ 5000.
function scaled({ unit, value }: Amount, replicas: number): number {
  return unit === 'count' ? value : Math.floor((value * replicas + 99) / 100)
}
