import { unknown, type Unknown } from './inventory.ts'
import { requiredNodeAffinity } from './node-selection.ts'
import { pointer } from './pointer.ts'
import { listOf, memberOf, recordOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** The values of some labels that nodeSelector and required node affinity leave. */
export interface PinnedValues {
  readonly values: ReadonlySet<string>
  /** JSON pointer, from the pod spec, of what asks for them. */
  readonly path: string
}

/**
 * The values that a pod spec leaves of labels that say the same (`isKey`), by `nodeSelector` and by the `In` of required
 * node affinity; of several terms one must hold, so the values of all count. `isField` tells which `matchFields` are
 * meant too. Undefined where some node is left whatever its value, unknown where a `${VARIABLE}` decides.
 */
export function pinnedValues(
  spec: unknown,
  isKey: (key: unknown) => boolean,
  isField: (key: unknown) => boolean = () => false,
): PinnedValues | Unknown | undefined {
  const labels = Object.entries(recordOf(memberOf(spec, 'nodeSelector')) ?? {}).filter(([key]) => isKey(key))
  const selected = labels.map(([, value]) => setOf([value])).reduce<Values>(meet, undefined)
  const terms = listOf(memberOf(requiredNodeAffinity(spec), 'nodeSelectorTerms'))
  const required = terms.length === 0 ? undefined : anyOf(terms.flatMap((term) => valuesOfTerm(term, isKey, isField)))
  const values = meet(selected, required)
  if (values === undefined || values === unknown) return values
  const path = labels[0] ? pointer('nodeSelector', labels[0][0]) : affinityPath
  return { values, path }
}

type Values = ReadonlySet<string> | Unknown | undefined

const affinityPath = pointer('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')

/** In a list, because a term that asks for nothing matches no node and leaves nothing. */
function valuesOfTerm(term: unknown, isKey: (key: unknown) => boolean, isField: (key: unknown) => boolean): Values[] {
  const expressions = listOf(memberOf(term, 'matchExpressions'))
  const fields = listOf(memberOf(term, 'matchFields'))
  if (expressions.length === 0 && fields.length === 0) return []
  const meant = [
    ...expressions.filter((each) => isKey(memberOf(each, 'key'))),
    ...fields.filter((each) => isField(memberOf(each, 'key'))),
  ].filter((each) => memberOf(each, 'operator') === 'In')
  return [meant.map((each) => setOf(listOf(memberOf(each, 'values')))).reduce<Values>(meet, undefined)]
}

function anyOf(all: readonly Values[]): Values {
  const found = new Set<string>()
  let varies = false
  for (const values of all) {
    if (values === undefined) return undefined
    if (values === unknown) varies = true
    else for (const value of values) found.add(value)
  }
  return varies ? unknown : found
}

function meet(a: Values, b: Values): Values {
  if (a === undefined || b === undefined) return a ?? b
  return a === unknown || b === unknown ? unknown : new Set([...a].filter((value) => b.has(value)))
}

function setOf(values: readonly unknown[]): Values {
  const texts = values.filter((value) => typeof value === 'string')
  return texts.length < values.length || texts.some(isVariable) ? unknown : new Set(texts)
}
