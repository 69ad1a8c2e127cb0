import { refuseControlCharacters } from './decode.ts'
import { Lines, type Place } from './lines.ts'
import { mergeConflict, mergeConflictMessage } from './merge-conflict.ts'
import { type Problem, problemAt, problemOf } from './problem.ts'
import { readExactly } from './yaml/exact.ts'
import { locateOffset, type Mark, ReadError, type Reading } from './yaml/marks.ts'
import { readQuickly } from './yaml/quick.ts'
import { type Chunk, cutStream } from './yaml/stream.ts'
import type { Words } from './yaml/tagged.ts'

/** One document of a file. */
export interface Document {
  readonly file: string
  /** Counted from 0 among the documents that hold something. */
  readonly index: number
  readonly value: unknown
  /** The text of the document, comments included. */
  readonly text: string
  /** Where the value at a JSON pointer is written, or its nearest parent that exists. */
  locate(path: string): Place
}

export interface Documents {
  readonly documents: readonly Document[]
  readonly problems: readonly Problem[]
}

/**
 * All documents of a file's text. One that cannot be read is a problem and does not hinder the others. Values come
 * from a quick reading; places are found by a second one, only of the document that they are asked of.
 */
export function readDocuments(file: string, text: string, words: Words = 'kubernetes'): Documents {
  const lines = new Lines(text)
  const { chunks, errors } = cutStream(text)
  const problems = errors.map((error) => problemAt(error, file, lines, error.offset))
  const documents: Document[] = []
  for (const [index, chunk] of chunks.entries()) {
    try {
      refuseControlCharacters(chunk.text)
      const { value, duplicates } = read(chunk.text, false, words)
      for (const { key, first, second } of duplicates) {
        const { line } = lines.placeOf(chunk.offset + first)
        problems.push({
          level: 'warning',
          code: 'D2_YAML_DUPLICATE_KEY',
          file,
          ...lines.placeOf(chunk.offset + second),
          message: `the key "${shown(key)}" is here and on line ${String(line)}: the API server takes this one or refuses both; delete one`,
        })
      }
      documents.push({
        file,
        index,
        value,
        text: chunk.text,
        locate: (path) => lines.placeOf(chunk.offset + locateOffset(marksOf(chunk, words), path)),
      })
    } catch (error) {
      if (!(error instanceof ReadError)) throw error
      problems.push(problemAt(error, file, lines, chunk.offset + error.offset))
    }
  }
  const unread = problems.some(({ level }) => level === 'error') || documents.some(({ value }) => isText(value))
  const conflict = unread ? mergeConflict(text) : undefined
  // Both sides of it are read as one: nothing of such a file is what somebody meant.
  if (conflict !== undefined) {
    const problem = problemOf('D2_MERGE_CONFLICT', file, mergeConflictMessage)
    return { documents: [], problems: [{ ...problem, ...lines.placeOf(conflict) }] }
  }
  return { documents, problems: problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function read(text: string, trace: boolean, words: Words): Reading {
  return words === 'own' ? readExactly(text, words) : (readQuickly(text, trace) ?? readExactly(text))
}

// Findings come object by object, so the marks of the last document suffice; those of all would fill the memory.
let last: { readonly chunk: Chunk; readonly mark: Mark } | undefined

function marksOf(chunk: Chunk, words: Words): Mark {
  if (last?.chunk !== chunk) last = { chunk, mark: read(chunk.text, true, words).mark ?? { offset: 0 } }
  return last.mark
}

// A key of a Secret may be anything; a name is what people need to see, a text is not.
function shown(key: string): string {
  return /^[\w./-]{1,80}$/.test(key) ? key : '…'
}
