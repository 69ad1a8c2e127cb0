import { ReadError } from './marks.ts'
import { readJsonStream } from './quick.ts'

/** One document of a file, cut out of its text. */
export interface Chunk {
  readonly text: string
  /** Offset in the file's text. */
  readonly offset: number
}

export interface Stream {
  readonly chunks: readonly Chunk[]
  /** What kubectl refuses or drops. Offsets are those of the file's text. */
  readonly errors: readonly ReadError[]
}

/**
 * Cuts a file into documents as kubectl does: by lines that begin with `---`
 * (`k8s.io/apimachinery/pkg/util/yaml/decoder.go`), or as JSON values one after the other. Documents that hold nothing
 * but blank lines and comments are left out.
 */
export function cutStream(text: string): Stream {
  if (/^\s*\{/.test(text)) {
    const values = readJsonStream(text)
    if (values)
      return { chunks: values.map(({ start, end }) => ({ text: text.slice(start, end), offset: start })), errors: [] }
  }
  const chunks: Chunk[] = []
  const errors: ReadError[] = []
  let start = 0
  for (let line = lineBeginning(text, '---', 0); line >= 0; line = lineBeginning(text, '---', start)) {
    add(text, start, line, chunks, errors)
    start = nextLine(text, line)
    const rest = text.slice(line + 3, start).trim()
    if (rest === '' || rest.startsWith('#')) continue
    const message = 'kubectl takes nothing but a comment behind "---": begin the document on the next line'
    errors.push(new ReadError('D2_YAML_SEPARATOR', line, message))
  }
  add(text, start, text.length, chunks, errors)
  return { chunks, errors }
}

// One document, between two separators. Only its own text is searched: all of it for each would take quadratic time.
function add(text: string, start: number, end: number, chunks: Chunk[], errors: ReadError[]): void {
  const part = text.slice(start, end)
  const marker = documentEnd(part)
  const dropped = firstContent(part, nextLine(part, marker))
  if (dropped >= 0) {
    const message = 'kubectl silently drops what follows "...": write "---" instead'
    errors.push(new ReadError('D2_YAML_DROPPED', start + dropped, message))
  }
  const document = part.slice(0, marker)
  const first = firstContent(document, 0)
  if (first < 0) return
  if (document.charAt(first) === '%') {
    const message = 'kubectl reads no YAML directives: delete the line'
    errors.push(new ReadError('D2_YAML_DIRECTIVE', start + first, message))
  } else {
    chunks.push({ text: document, offset: start })
  }
}

// Offset of the line `...`, or the end.
function documentEnd(text: string): number {
  for (let line = lineBeginning(text, '...', 0); line >= 0; line = lineBeginning(text, '...', nextLine(text, line))) {
    if (/^\s?$/.test(text.charAt(line + 3))) return line
  }
  return text.length
}

// Offset of the first line at or after the line starting at `from` that begins so, or -1.
function lineBeginning(text: string, prefix: string, from: number): number {
  if (text.startsWith(prefix, from)) return from
  const at = text.indexOf(`\n${prefix}`, from)
  return at < 0 ? -1 : at + 1
}

// Offset of the first character that is neither blank nor in a comment, or -1.
function firstContent(text: string, from: number): number {
  const blank = /\s*/y
  for (let at = from; at < text.length; at = nextLine(text, at)) {
    blank.lastIndex = at
    blank.test(text)
    at = blank.lastIndex
    if (at < text.length && text.charAt(at) !== '#') return at
  }
  return -1
}

// Offset of the start of the next line.
function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}
