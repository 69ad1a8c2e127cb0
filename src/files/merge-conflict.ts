/**
 * Where a conflict of a merge begins that nobody has resolved: the offset of its first marker, as git writes them.
 * Undefined where there is none. Asked only of what is no good YAML: a text may well be about such conflicts.
 */
export function mergeConflict(text: string): number | undefined {
  const [ours, middle, theirs] = [/^<{7}(?: |\r?$)/m, /^={7}\r?$/m, /^>{7}(?: |\r?$)/m]
  const begin = text.search(ours)
  if (begin < 0) return undefined
  const rest = text.slice(begin)
  const between = rest.search(middle)
  return between >= 0 && theirs.test(rest.slice(between)) ? begin : undefined
}

/** What to say of it, in one sentence. */
export const mergeConflictMessage =
  'a merge conflict that is not resolved: keep one side and delete the lines of <<<<<<<, ======= and >>>>>>>'
