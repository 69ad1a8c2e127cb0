/** A place in a file, both counted from 1; the column in UTF-16 units, as editors do. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Turns offsets of a text into places. The index of lines is made when it is first needed. */
export class Lines {
  readonly #text: string
  #starts: readonly number[] | undefined

  constructor(text: string) {
    this.#text = text
  }

  placeOf(offset: number): Place {
    const starts = (this.#starts ??= startsOf(this.#text))
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

function startsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
