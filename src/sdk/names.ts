import { memberOf, stringOf } from './shape.ts'

/** The name of an object; '' where it has none, or none that is text. */
export function nameOf(object: unknown): string {
  return stringOf(memberOf(memberOf(object, 'metadata'), 'name')) ?? ''
}
