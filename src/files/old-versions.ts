import { memberOf, recordOf } from '../sdk/shape.ts'

type Json = { readonly [key: string]: unknown }

/**
 * An object of an old version with the meaning that its version gave it, in the words of the present one. Only what
 * the rules read is converted; everything else has kept its place.
 */
export function asCurrent(apiVersion: string, object: Json): Json {
  const spec = recordOf(object['spec'])
  if (!spec) return object
  if (defaultsSelector.has(apiVersion) && (spec['selector'] ?? null) === null) {
    // The first versions made the selector from the template's labels (pkg/apis/extensions/v1beta1/defaults.go).
    const labels = memberOf(memberOf(spec['template'], 'metadata'), 'labels')
    return labels === undefined ? object : { ...object, spec: { ...spec, selector: { matchLabels: labels } } }
  }
  return object
}

const defaultsSelector: ReadonlySet<string> = new Set(['extensions/v1beta1', 'apps/v1beta1'])
