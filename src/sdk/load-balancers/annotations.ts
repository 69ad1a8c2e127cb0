import { unknown, type Unknown } from '../inventory.ts'
import { pointer } from '../pointer.ts'
import { memberOf } from '../shape.ts'
import { isVariable } from '../variables.ts'

/** An annotation that tells a controller how to make a load balancer, and where it stands. */
export interface Annotation {
  readonly key: string
  /** JSON pointer of the value. */
  readonly path: string
  readonly value: string | Unknown
}

/** The first of these annotations that the object has. Unknown stands for a `${VARIABLE}` and for what is no text. */
export function annotationOf(object: unknown, ...keys: readonly string[]): Annotation | undefined {
  const annotations = memberOf(memberOf(object, 'metadata'), 'annotations')
  for (const key of keys) {
    const value = memberOf(annotations, key)
    if (value === undefined || value === null) continue
    const known = typeof value === 'string' && !isVariable(value)
    return { key, path: annotationPath(key), value: known ? value : unknown }
  }
  return undefined
}

export function annotationPath(key: string): string {
  return pointer('metadata', 'annotations', key)
}

/** The value as Go's strconv reads a whole number; undefined where it is none. */
export function wholeNumber(text: string): number | undefined {
  return /^[+-]?[0-9]{1,9}$/.test(text) ? Number(text) : undefined
}
