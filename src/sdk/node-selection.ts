import { unknown, type Unknown } from './inventory.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { labelSelector, type Selector } from './selectors.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** Tells whether a pod may be on a node by its labels and its name. Unknown as a label selector is. */
export type NodeTest = (node: Kinds['Node']) => boolean | Unknown

/**
 * What `nodeSelector` and the required node affinity of a pod spec ask for, together: terms are ORed, the requirements
 * within a term ANDed, and a term without any matches nothing
 * (component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go). Undefined where the pod asks for no node.
 */
export function nodeTestOf(spec: unknown): NodeTest | undefined {
  const selected = memberOf(spec, 'nodeSelector') ?? undefined
  const required = requiredNodeAffinity(spec)
  const tests: NodeTest[] = []
  if (selected !== undefined) {
    const selector = labelSelector({ matchLabels: selected })
    tests.push((node) => selector(node.metadata?.labels))
  }
  if (required !== undefined) tests.push(anyTerm(memberOf(required, 'nodeSelectorTerms')))
  const [first, ...others] = tests
  return first && others.length > 0 ? allOf(tests) : first
}

/** `requiredDuringSchedulingIgnoredDuringExecution` of the node affinity; undefined where there is none. */
export function requiredNodeAffinity(spec: unknown): unknown {
  const affinity = memberOf(memberOf(spec, 'affinity'), 'nodeAffinity')
  return memberOf(affinity, 'requiredDuringSchedulingIgnoredDuringExecution') ?? undefined
}

const undecided: NodeTest = () => unknown
const nothing: NodeTest = () => false

// The API server refuses an affinity without a term.
function anyTerm(terms: unknown): NodeTest {
  if (!Array.isArray(terms) || terms.length === 0) return undecided
  const tests = terms.map(termTest)
  return (node) => {
    let result: boolean | Unknown = false
    for (const test of tests) {
      const holds = test(node)
      if (holds === true) return true
      if (holds === unknown) result = unknown
    }
    return result
  }
}

function termTest(term: unknown): NodeTest {
  const fields = recordOf(term ?? {})
  if (!fields) return undecided
  const { matchExpressions = null, matchFields = null } = fields
  if (!isList(matchExpressions) || !isList(matchFields)) return undecided
  const expressions = listOf(matchExpressions)
  const names = listOf(matchFields)
  if (expressions.length === 0 && names.length === 0) return nothing
  const [numeric, plain] = [expressions.filter(isNumeric), expressions.filter((each) => !isNumeric(each))]
  const selector: Selector = labelSelector({ matchExpressions: plain })
  return allOf([(node) => selector(node.metadata?.labels), ...numeric.map(numericTest), ...names.map(nameTest)])
}

function allOf(tests: readonly NodeTest[]): NodeTest {
  return (node) => {
    let result: boolean | Unknown = true
    for (const test of tests) {
      const holds = test(node)
      if (holds === false) return false
      if (holds === unknown) result = unknown
    }
    return result
  }
}

function isList(value: unknown): boolean {
  return value === null || Array.isArray(value)
}

function isNumeric(expression: unknown): boolean {
  const operator = memberOf(expression, 'operator')
  return operator === 'Gt' || operator === 'Lt'
}

/** One label compared with one whole number; a label that is none does not match (labels.Requirement.Matches). */
function numericTest(expression: unknown): NodeTest {
  const key = stringOf(memberOf(expression, 'key'))
  const [value, ...others] = listOf(memberOf(expression, 'values'))
  const bound = wholeNumber(value)
  if (key === undefined || isVariable(key) || bound === undefined || others.length > 0) return undecided
  const greater = memberOf(expression, 'operator') === 'Gt'
  return (node) => {
    const label = memberOf(node.metadata?.labels, key)
    if (isVariable(label)) return unknown
    const number = wholeNumber(label)
    return number !== undefined && (greater ? number > bound : number < bound)
  }
}

/** `matchFields` knows the name of the node alone, and one value. */
function nameTest(expression: unknown): NodeTest {
  const operator = memberOf(expression, 'operator')
  const [name, ...others] = listOf(memberOf(expression, 'values'))
  if (memberOf(expression, 'key') !== 'metadata.name' || typeof name !== 'string' || others.length > 0) return undecided
  if ((operator !== 'In' && operator !== 'NotIn') || isVariable(name)) return undecided
  return (node) => (nameOf(node) === name) === (operator === 'In')
}

/** As Go's ParseInt reads an int64 to the base of ten. */
function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || !/^[+-]?\d{1,32}$/.test(value)) return undefined
  const number = BigInt(value.replace('+', ''))
  return BigInt.asIntN(64, number) === number ? number : undefined
}
