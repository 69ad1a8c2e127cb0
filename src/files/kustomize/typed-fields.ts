import { pointer } from '../../sdk/pointer.ts'
import { listOf, memberOf, recordOf } from '../../sdk/shape.ts'

/**
 * The place of the first value in a kustomization that is of another type than its field takes, so that kustomize refuses
 * the whole of it: it reads its own file as kubectl does, and `on`, `1.10` and `0777` are no text there. Null is left out.
 */
export function mistypedField(kustomization: unknown): string | undefined {
  return mistyped(kustomization, fields, '')
}

/** What a field takes: text, a whole number, a map of texts, a list, or a map with some such fields. */
type Shape = 'text' | 'count' | 'texts' | readonly [Shape] | { readonly [field: string]: Shape }

const options: Shape = { labels: 'texts', annotations: 'texts' }
const generator: Shape = {
  ...{ name: 'text', namespace: 'text', behavior: 'text', type: 'text', env: 'text' },
  ...{ literals: ['text'], files: ['text'], envs: ['text'], options },
}
const image: Shape = { name: 'text', newName: 'text', newTag: 'text', tagSuffix: 'text', digest: 'text' }

const fields: Shape = {
  ...{ namePrefix: 'text', nameSuffix: 'text', namespace: 'text' },
  ...{ commonLabels: 'texts', commonAnnotations: 'texts' },
  ...{ resources: ['text'], bases: ['text'], components: ['text'], patchesStrategicMerge: ['text'] },
  labels: [{ pairs: 'texts' }],
  patches: [{ path: 'text', patch: 'text' }],
  patchesJson6902: [{ path: 'text', patch: 'text' }],
  images: [image],
  replicas: [{ name: 'text', count: 'count' }],
  configMapGenerator: [generator],
  secretGenerator: [generator],
  generatorOptions: options,
}

function mistyped(value: unknown, shape: Shape, path: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (shape === 'text') return typeof value === 'string' ? undefined : path
  if (shape === 'count') return typeof value === 'number' && Number.isInteger(value) ? undefined : path
  if (shape === 'texts') return among(Object.entries(recordOf(value) ?? {}), () => 'text', path)
  if (isList(shape)) return among([...listOf(value).entries()], () => shape[0], path)
  const known = Object.entries(shape).map(([field]) => [field, memberOf(value, field)] as const)
  return among(known, (field) => shape[field] ?? 'text', path)
}

function among(
  members: readonly (readonly [string | number, unknown])[],
  shapeOf: (key: string) => Shape,
  path: string,
): string | undefined {
  for (const [key, member] of members) {
    const found = mistyped(member, shapeOf(String(key)), path + pointer(key))
    if (found !== undefined) return found
  }
  return undefined
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape)
}
