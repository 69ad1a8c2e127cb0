import type { AnyObject } from '../sdk/objects.ts'
import { memberOf } from '../sdk/shape.ts'

/** Whether an UPDATE leaves all but metadata and status as it was: then only policies that read metadata can have news. */
export function sameContent(before: AnyObject, after: AnyObject): boolean {
  return same(contentOf(before), contentOf(after))
}

function contentOf(object: AnyObject): object {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...rest } = object
  return Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'status'))
}

// Recursion is safe: whoever takes objects in (the webhook, the files) limits their nesting first.
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]))
  }
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && same(memberOf(a, key), memberOf(b, key)))
}
