import { segmentsOf } from '../../sdk/pointer.ts'

/** Where a node was written. The same tree comes from both readers. */
export interface Mark {
  /** Offset in the document's text: of the key of a map's entry, else of the value. */
  readonly offset: number
  readonly inner?: ReadonlyMap<string, Mark> | readonly Mark[] | undefined
}

/** A document as read. `mark` is there where the reader was asked for it. */
export interface Reading {
  readonly value: unknown
  readonly mark?: Mark | undefined
  readonly duplicates: readonly Duplicate[]
}

/** A key written twice in one map: the last one wins. Offsets in the document's text. */
export interface Duplicate {
  readonly key: string
  readonly first: number
  readonly second: number
}

/** A document that could not be read. The message quotes no value. */
export class ReadError extends Error {
  readonly code: string
  readonly offset: number

  constructor(code: string, offset: number, message: string) {
    super(message)
    this.code = code
    this.offset = offset
  }
}

/** Nesting beyond this is refused before anything recurses over the value. */
export const maxDepth = 1000

export function tooDeep(offset: number): ReadError {
  return new ReadError('D2_TOO_DEEP', offset, `nested deeper than ${String(maxDepth)} levels: no API server takes that`)
}

/** Sets an own property, also one that JavaScript would take for something else. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

/** Offset of what a JSON pointer names, or of the nearest parent that exists. */
export function locateOffset(root: Mark, path: string): number {
  let mark = root
  for (const segment of segmentsOf(path) ?? []) {
    const next = childOf(mark, segment)
    if (!next) break
    mark = next
  }
  return mark.offset
}

/** The mark of an entry of a map (by key) or of a list (by index). */
export function childOf({ inner }: Mark, segment: string): Mark | undefined {
  if (inner === undefined) return undefined
  return isList(inner) ? inner[Number(segment)] : inner.get(segment)
}

function isList(inner: NonNullable<Mark['inner']>): inner is readonly Mark[] {
  return Array.isArray(inner)
}
