/**
 * Whether labels match a selector as kubectl takes one on its command line: `a=b,c!=d,e in (f, g),h notin (i),j,!k`.
 * '' matches all; undefined where it is not understood.
 */
export function matchesLabels(selector: string, labels: { readonly [key: string]: unknown }): boolean | undefined {
  if (selector.trim() === '') return true
  if (selector.length > longest) return undefined
  const terms = selector.match(/(?:\([^)]*\)|[^,(])+/g) ?? []
  const answers = terms.map((term) => matches(term.trim(), labels))
  if (answers.includes(undefined)) return undefined
  return !answers.includes(false)
}

// Longer ones are nobody's, and brackets that nothing closes take the square of their number.
const longest = 1000

function matches(term: string, labels: { readonly [key: string]: unknown }): boolean | undefined {
  const parts = /^(!?)\s*([\w./-]+)\s*(?:(==?|!=)\s*([\w.-]*)|\s(in|notin)\s*\(([^)]*)\))?$/.exec(term)
  if (!parts) return undefined
  const [, not, key = '', operator, value = '', set, list = ''] = parts
  const label = Object.hasOwn(labels, key) ? labels[key] : undefined
  if (set !== undefined) {
    const isIn = list.split(',').some((item) => item.trim() === label)
    return not ? undefined : set === 'in' ? isIn : !isIn
  }
  if (operator !== undefined) return not ? undefined : operator === '!=' ? label !== value : label === value
  return (label !== undefined) !== (not === '!')
}
