import { readFileSync } from 'node:fs'
import { join } from 'node:path'

// Compiled tests lie in build/; the fixtures stay in the source tree.
const folder = join(import.meta.dirname, '../../../test/fixtures/reviews')

/** The text of a recorded AdmissionReview of test/fixtures/reviews. */
export function reviewText(name: string): string {
  return readFileSync(join(folder, `${name}.json`), 'utf8')
}

/** A recorded AdmissionReview, parsed. Tests may change what they get. */
export function review(name: string): Review {
  // The fixtures are ours and have this shape.
  return JSON.parse(reviewText(name)) as Review
}

export interface Review {
  apiVersion: string
  kind: string
  request: { uid: string; object: unknown; oldObject: unknown; [key: string]: unknown }
}
