import { alphanumeric, bounded } from './characters.ts'

/**
 * How the settings write a detector of their own, `id=pattern`: at least three literal characters, then literals and
 * classes of a fixed number of characters, as in `acme-token=acme_[A-Za-z0-9]{32}`. No star, no choice, no group: what
 * can be written this way takes linear time.
 */
export const customDetectorPattern =
  '^[a-z][a-z0-9-]{0,31}=[A-Za-z0-9_]{3}(?:[A-Za-z0-9_.:/@~-]|\\[(?:A-Z|a-z|0-9|a-f|A-F|2-7|[_+/.~=-])+\\](?:\\{[1-9][0-9]{0,2}\\})?)*$'

export interface CustomDetector {
  readonly id: string
  readonly pattern: RegExp
}

/** Reads detectors from settings; what does not follow the form is left out, for the schema has refused it. */
export function customDetectors(definitions: readonly string[]): readonly CustomDetector[] {
  const known = compiled.get(definitions)
  if (known) return known
  const detectors = definitions.filter((definition) => form.test(definition)).map(compile)
  compiled.set(definitions, detectors)
  return detectors
}

/** Offset of the first token of a detector that stands by itself, -1 where there is none. */
export function findCustom({ pattern }: CustomDetector, text: string): number {
  pattern.lastIndex = 0
  for (let hit = pattern.exec(text); hit !== null; hit = pattern.exec(text)) {
    if (bounded(text, hit.index, pattern.lastIndex, alphanumeric)) return hit.index
    pattern.lastIndex = hit.index + 1
  }
  return -1
}

const form = new RegExp(customDetectorPattern)

// The settings hand over the same list for every object.
const compiled = new WeakMap<readonly string[], readonly CustomDetector[]>()

function compile(definition: string): CustomDetector {
  const equals = definition.indexOf('=')
  const source = definition.slice(equals + 1).replace(/\[[^\]]*\](?:\{\d+\})?|[.~/-]/g, (piece) => {
    return piece.startsWith('[') ? piece : `\\${piece}`
  })
  return { id: definition.slice(0, equals), pattern: new RegExp(source, 'g') }
}
