import { pointer } from './pointer.ts'
import { listOf, memberOf, recordOf } from './shape.ts'

/** A label whose value a selector asks for, and where it stands in the selector. */
export interface SelectedLabel {
  readonly key: string
  /** JSON pointer from the selector. */
  readonly path: string
}

/** The labels of which a metav1.LabelSelector asks for, or forbids, certain values; not those that need only be there. */
export function selectedLabels(selector: unknown): readonly SelectedLabel[] {
  const equal = Object.keys(recordOf(memberOf(selector, 'matchLabels')) ?? {})
  const found: SelectedLabel[] = equal.map((key) => ({ key, path: pointer('matchLabels', key) }))
  listOf(memberOf(selector, 'matchExpressions')).forEach((expression, index) => {
    const key = memberOf(expression, 'key')
    const operator = memberOf(expression, 'operator')
    if (typeof key !== 'string' || (operator !== 'In' && operator !== 'NotIn')) return
    found.push({ key, path: pointer('matchExpressions', index, 'key') })
  })
  return found
}
