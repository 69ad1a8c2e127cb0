/**
 * The candidate nearest to a mistyped name, or undefined where none is near enough to be meant. Names and candidates come
 * from users: of many long ones that are all alike, only the first are compared.
 */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > longest) return undefined
  let best: string | undefined
  let most = Math.min(5, Math.max(2, Math.floor(name.length / 3)))
  let work = mostWork
  for (const candidate of candidates) {
    if (work <= 0) break
    work -= 1
    if (Math.abs(candidate.length - name.length) > most) continue
    const { distance, cells } = editDistance(name, candidate, most)
    work -= cells
    if (distance > most) continue
    ;[best, most] = [candidate, distance - 1]
    if (distance === 0) break
  }
  return best
}

/**
 * As `closest`, for the first names that it is asked for, and for none after them: one object may be wrong in any number
 * of places, and whoever mends the first sees what the others lack.
 */
export function closestForFew(): (name: string, candidates: () => Iterable<string>) => string | undefined {
  let left = mostAsked
  return (name, candidates) => (left-- > 0 ? closest(name, candidates()) : undefined)
}

const mostAsked = 5
// No name of Kubernetes is longer.
const longest = 253
// Some fifty of the longest names that differ at their end only; thousands of ordinary ones.
const mostWork = 150_000

/** Infinite where it is more than `most`. Only beginnings are compared whose lengths differ by no more than that. */
function editDistance(a: string, b: string, most: number): { readonly distance: number; readonly cells: number } {
  const far = most + 1
  const width = 2 * most + 1
  // Of each row the cells around the diagonal, between one on either side that is too far.
  let previous = Uint8Array.from({ length: width + 2 }, (_, at) => Math.min(far, at > most ? at - most - 1 : far))
  let current = new Uint8Array(width + 2).fill(far)
  for (let i = 1; i <= a.length; i++) {
    const letter = a.charCodeAt(i - 1)
    let least = far
    for (let at = 1; at <= width; at++) {
      const j = i + at - most - 1
      const substitute = (previous[at] ?? far) + (letter === b.charCodeAt(j - 1) ? 0 : 1)
      const other = Math.min(previous[at + 1] ?? far, current[at - 1] ?? far) + 1
      const cell = j < 0 || j > b.length ? far : Math.min(far, j === 0 ? i : substitute < other ? substitute : other)
      current[at] = cell
      if (cell < least) least = cell
    }
    if (least > most) return { distance: Infinity, cells: i * width }
    ;[previous, current] = [current, previous]
  }
  const distance = previous[b.length - a.length + far] ?? far
  return { distance: distance > most ? Infinity : distance, cells: a.length * width }
}
