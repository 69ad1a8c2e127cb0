import type { KindName } from '../sdk/objects.ts'
import { memberOf, recordOf } from '../sdk/shape.ts'

type Json = { readonly [key: string]: unknown }

/**
 * An object of an old version with the meaning that its version gave it, in the words of the present one. Only what
 * the rules read is converted; everything else has kept its place.
 */
export function asCurrent(kind: KindName, apiVersion: string, object: Json): Json {
  const spec = recordOf(object['spec'])
  if (!spec) return object
  if (kind === 'PodDisruptionBudget' && apiVersion === 'policy/v1beta1' && isEmpty(spec['selector'])) {
    // An empty selector selected nothing in v1beta1; in v1 it selects every Pod (pkg/apis/policy/v1beta1/conversion.go).
    return { ...object, spec: { ...spec, selector: null } }
  }
  if (defaultsSelector.has(apiVersion) && (spec['selector'] ?? null) === null) {
    // The first versions made the selector from the template's labels (pkg/apis/extensions/v1beta1/defaults.go).
    const labels = memberOf(memberOf(spec['template'], 'metadata'), 'labels')
    return labels === undefined ? object : { ...object, spec: { ...spec, selector: { matchLabels: labels } } }
  }
  return object
}

const defaultsSelector: ReadonlySet<string> = new Set(['extensions/v1beta1', 'apps/v1beta1'])

function isEmpty(selector: unknown): boolean {
  const record = recordOf(selector)
  return record !== undefined && Object.values(record).every((part) => part === null || isEmptyPart(part))
}

function isEmptyPart(part: unknown): boolean {
  return Array.isArray(part) ? part.length === 0 : Object.keys(recordOf(part) ?? { present: true }).length === 0
}
