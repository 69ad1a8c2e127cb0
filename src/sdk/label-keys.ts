import { lastAsked } from './last-asked.ts'
import type { KindName } from './objects.ts'
import { isControllerLabel } from './pod-labels.ts'
import { podSpecOf, usesTemplateOfAnother } from './pod-specs.ts'
import { recordOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** The key of what may match anything, and so has to be looked at every time. */
export const anyKey = '*'

/**
 * Keys, one of which is among those of all labels that the selector selects or may select: those of one requirement
 * that says which values it takes. Undefined where no requirement does.
 */
export function selectorKeys(selector: unknown): readonly string[] | undefined {
  const fields = recordOf(selector)
  const own = tellingLabel(recordOf(fields?.['matchLabels']) ?? {})
  if (own) return [own]
  const expressions = fields?.['matchExpressions']
  for (const entry of Array.isArray(expressions) ? (expressions as readonly unknown[]) : []) {
    const { key, operator, values } = recordOf(entry) ?? {}
    if (operator !== 'In' || typeof key !== 'string' || !Array.isArray(values) || values.length === 0) continue
    const wanted: readonly unknown[] = values
    const plain = wanted.flatMap((value) => (isPlain(key, value) ? [keyOf(key, value)] : []))
    if (plain.length === wanted.length) return plain
  }
  return undefined
}

/** The label of a selector that fewest others are likely to name; undefined where it names none. */
function tellingLabel(labels: { readonly [key: string]: unknown }): string | undefined {
  let fallback: string | undefined
  for (const [key, value] of Object.entries(labels)) {
    if (!isPlain(key, value)) continue
    if (!isShared(key)) return keyOf(key, value)
    fallback ??= keyOf(key, value)
  }
  return fallback
}

// What the workloads of a namespace, a release or a team have in common: filed under it all lie in one drawer.
function isShared(key: string): boolean {
  return sharedLabels.test(key.slice(key.lastIndexOf('/') + 1))
}

const sharedLabels =
  /^(part-of|managed-by|created-by|component|version|instance|release|heritage|chart|tier|role|env|environment|stage|team|owner|track|type|kind|cluster|region|zone|namespace|project|product|system|domain|tenant)$/

/** The keys of the labels of an object's pods; undefined also where its template is that of another. */
export function podLabelKeys(kind: KindName, object: unknown): readonly string[] | undefined {
  return keysOfPods(kind, object)
}

// Whoever asks for Services, budgets and policies over the object under review asks by these.
const keysOfPods = lastAsked((kind: KindName, object: unknown): readonly string[] | undefined =>
  usesTemplateOfAnother(kind, object) ? undefined : labelKeys(podSpecOf(kind, object)?.metadata.labels),
)

/** The keys of labels; undefined where a `${VARIABLE}` makes them more than they show. */
export function labelKeys(labels: unknown): readonly string[] | undefined {
  const keys: string[] = []
  for (const [key, value] of Object.entries(recordOf(labels) ?? {})) {
    if (typeof value !== 'string' || isVariable(value) || isVariable(key)) return undefined
    keys.push(keyOf(key, value))
  }
  return keys
}

// The value of a label that a controller sets is in no template, so nothing is found by it.
function isPlain(key: string, value: unknown): value is string {
  return typeof value === 'string' && !isVariable(value) && !isVariable(key) && !isControllerLabel(key)
}

function keyOf(key: string, value: string): string {
  return `${key}=${value}`
}
