import { closest } from './closest.ts'

/**
 * What to add to the sentence that refuses a mistyped name: `; did you mean "…"?`, for the one nearest to it, or the only
 * one that it is the beginning or the end of; `otherwise` where there is neither.
 */
export function didYouMean(name: string, known: readonly string[], otherwise = ''): string {
  if (name === '') return otherwise
  const lower = name.toLowerCase()
  const meant =
    known.find((each) => each.toLowerCase() === lower) ??
    closest(name, known) ??
    theOnly(known.filter((each) => each.endsWith(`-${name}`) || each.startsWith(`${name}-`)))
  return meant === undefined ? otherwise : `; did you mean "${meant}"?`
}

function theOnly(found: readonly string[]): string | undefined {
  return found.length === 1 ? found[0] : undefined
}
