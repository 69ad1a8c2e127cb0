import type { AnyObject } from '../sdk/objects.ts'
import { segmentsOf } from '../sdk/pointer.ts'
import { memberOf } from '../sdk/shape.ts'

/**
 * Names a finding independently of where in a list it stands: rule, reason and path, each list index replaced by the
 * `name` of the element there, or dropped where it has none. Reordered containers keep their fingerprints.
 */
export function fingerprint(rule: string, reason: string, path: string, object: AnyObject): string {
  return `${rule} ${reason} ${stablePath(path, object)}`
}

/** How often each fingerprint occurs: the ratchet compares multisets. */
export class FingerprintCounts {
  readonly #counts = new Map<string, number>()

  add(print: string): void {
    this.#counts.set(print, (this.#counts.get(print) ?? 0) + 1)
  }

  /** Takes one occurrence out; false if there was none left. */
  take(print: string): boolean {
    const count = this.#counts.get(print) ?? 0
    if (count === 0) return false
    this.#counts.set(print, count - 1)
    return true
  }
}

function stablePath(path: string, object: AnyObject): string {
  if (!/\/\d+(\/|$)/.test(path)) return path
  let at: unknown = object
  const steps: string[] = []
  for (const key of segmentsOf(path) ?? []) {
    if (Array.isArray(at) && /^\d+$/.test(key)) {
      at = at[Number(key)]
      const name = memberOf(at, 'name')
      if (typeof name === 'string') steps.push(`[${name}]`)
      continue
    }
    at = memberOf(at, key)
    steps.push(key)
  }
  return steps.join('/')
}
