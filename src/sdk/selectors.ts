import { unknown, type Unknown } from './inventory.ts'
import { recordOf } from './shape.ts'
import { isVariable } from './variables.ts'

/**
 * Tells whether labels are selected. `unknown` where a `${VARIABLE}` decides, or where the selector is one that the API
 * server refuses (an operator that does not exist, values of the wrong type): such an object selects nothing yet.
 * `added` are labels that join them later.
 */
export type Selector = (labels: unknown, added?: ReadonlyMap<string, string>) => boolean | Unknown

/**
 * A metav1.LabelSelector: missing or null selects nothing, `{}` everything; all requirements must hold
 * (apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector, apimachinery/pkg/labels/selector.go Matches).
 */
export function labelSelector(selector: unknown): Selector {
  if (selector === undefined || selector === null) return nothing
  const fields = recordOf(selector)
  if (!fields) return undecided
  const known = compiled.get(fields)
  if (known) return known
  const fresh = compile([...equalities(fields['matchLabels']), ...expressions(fields['matchExpressions'])])
  compiled.set(fields, fresh)
  return fresh
}

/** The selector of a Service or ReplicationController: equality only; missing, null and `{}` select nothing. */
export function equalitySelector(selector: unknown): Selector {
  if (selector === undefined || selector === null) return nothing
  const labels = recordOf(selector)
  if (!labels) return undecided
  const known = compiledLabels.get(labels)
  if (known) return known
  const requirements = equalities(labels)
  const fresh = requirements.length === 0 ? nothing : compile(requirements)
  compiledLabels.set(labels, fresh)
  return fresh
}

/** True for a metav1.LabelSelector without any requirement, as `{}`. */
export function selectsEverything(selector: unknown): boolean {
  const fields = recordOf(selector)
  if (!fields) return false
  const { matchLabels, matchExpressions } = fields
  const labels = recordOf(matchLabels ?? {})
  return labels !== undefined && Object.keys(labels).length === 0 && isEmptyList(matchExpressions ?? [])
}

/** A requirement on one label: `value` is undefined where the label is missing. */
interface Requirement {
  readonly key: string
  readonly test: (value: unknown) => boolean | Unknown
}

// Objects are never changed, so what was read of one stays true for as long as it lives.
const compiled = new WeakMap<object, Selector>()
const compiledLabels = new WeakMap<object, Selector>()

const nothing: Selector = () => false
const undecided: Selector = () => unknown
const refused = undecided

function compile(requirements: readonly Requirement[]): Selector {
  return (labels, added) => {
    const own = recordOf(labels) ?? noLabels
    // Read once, and only if a label is missing: there may be many of either.
    let hides: boolean | undefined
    let result: boolean | Unknown = true
    for (const { key, test } of requirements) {
      const value = Object.hasOwn(own, key) ? own[key] : added?.get(key)
      const holds = value === undefined && (hides ??= hidden(own)) ? unknown : test(value)
      if (holds === false) return false
      if (holds === unknown) result = unknown
    }
    return result
  }
}

const noLabels: { readonly [key: string]: unknown } = Object.freeze({})

// A label whose key is a variable may be any label that seems to be missing.
function hidden(labels: { readonly [key: string]: unknown }): boolean {
  for (const key in labels) if (isVariable(key)) return true
  return false
}

function equalities(matchLabels: unknown): Requirement[] {
  if (matchLabels === undefined || matchLabels === null) return []
  const labels = recordOf(matchLabels)
  if (!labels) return [{ key: '', test: refused }]
  return Object.entries(labels).map(([key, value]) => ({ key, test: isVariable(key) ? undecided : oneOf([value]) }))
}

function expressions(matchExpressions: unknown): Requirement[] {
  if (matchExpressions === undefined || matchExpressions === null) return []
  if (!Array.isArray(matchExpressions)) return [{ key: '', test: refused }]
  return matchExpressions.map((entry: unknown) => {
    const expression = recordOf(entry)
    const key = expression?.['key']
    if (typeof key !== 'string' || isVariable(key)) return { key: '', test: undecided }
    return { key, test: operation(expression?.['operator'], expression?.['values'] ?? []) }
  })
}

// Values beside Exists, and none beside In, are refused (labels.NewRequirement).
function operation(operator: unknown, values: unknown): Requirement['test'] {
  if (!Array.isArray(values)) return refused
  switch (operator) {
    case 'In':
      return values.length > 0 ? oneOf(values) : refused
    case 'NotIn':
      return values.length > 0 ? not(oneOf(values)) : refused
    case 'Exists':
      return values.length === 0 ? exists : refused
    case 'DoesNotExist':
      return values.length === 0 ? not(exists) : refused
    default:
      return refused
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

const exists: Requirement['test'] = (value) => value !== undefined

function oneOf(values: readonly unknown[]): Requirement['test'] {
  const wanted: ReadonlySet<unknown> = new Set(values)
  if (![...wanted].every((value) => typeof value === 'string')) return refused
  const varies = [...wanted].some(isVariable)
  return (value) => {
    if (value === undefined) return false
    // The same variable gives the same text on both sides.
    if (wanted.has(value)) return true
    return varies || typeof value !== 'string' || isVariable(value) ? unknown : false
  }
}

function not(test: Requirement['test']): Requirement['test'] {
  return (value) => {
    const holds = test(value)
    return holds === unknown ? unknown : !holds
  }
}
