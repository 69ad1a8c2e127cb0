import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { decode } from '../decode.ts'
import { type Document, readDocuments } from '../documents.ts'
import { isFileBelow } from '../find.ts'
import type { Kustomization } from '../kustomization.ts'
import type { Place } from '../lines.ts'
import { realPath } from '../real-path.ts'
import { ReadError } from '../yaml/marks.ts'

export interface KnownFile {
  /** As it was given, or found. */
  readonly name: string
  readonly text: string
}

/** The files that kustomizations name. Like kustomize it opens none outside of the folder of whoever names it. */
export class Library {
  readonly #files: ReadonlyMap<string, KnownFile>
  readonly #documents = new Map<string, readonly Document[] | undefined>()

  /** `files` are those read already, by their real paths: they may be named from anywhere. */
  constructor(files: ReadonlyMap<string, KnownFile>) {
    this.#files = files
  }

  /** The real path of what a kustomization names. */
  resolve({ folder }: Kustomization, name: string): string {
    return realPath(resolve(folder, name))
  }

  /** The bytes of a file that a kustomization names; undefined where it cannot be read. */
  bytes(kustomization: Kustomization, name: string): Buffer | undefined {
    const path = this.resolve(kustomization, name)
    if (!this.#files.has(path) && !isFileBelow(kustomization.folder, path)) return undefined
    return fileBytes(path)
  }

  /** The documents of a file that a kustomization names, by its real path; undefined where it cannot be read. */
  documents({ folder }: Kustomization, path: string): readonly Document[] | undefined {
    // Whoever asks first, another one may not name it.
    if (!this.#files.has(path) && !isFileBelow(folder, path)) return undefined
    if (!this.#documents.has(path)) this.#documents.set(path, this.#read(path))
    return this.#documents.get(path)
  }

  /** The documents of a text within a kustomization, the value at `path`, with their places in its file. */
  inline(kustomization: Kustomization, path: string, text: string): readonly Document[] | undefined {
    const { file, document } = kustomization
    const { documents, problems } = readDocuments(file, text)
    if (problems.some(({ level }) => level === 'error')) return undefined
    const at = document.locate(path)
    const lines = (this.#files.get(realPath(file))?.text ?? '').split('\n')
    const isBlock = /\|[+-]?\d?\s*$/.test(lines[at.line - 1] ?? '')
    const indent = /^\s*/.exec(lines[at.line] ?? '')?.[0].length ?? 0
    const placeIn = ({ line, column }: Place): Place =>
      isBlock ? { line: at.line + line, column: column + indent } : at
    return documents.map((inner) => ({ ...inner, locate: (pointer) => placeIn(inner.locate(pointer)) }))
  }

  #read(path: string): readonly Document[] | undefined {
    const known = this.#files.get(path)
    const text = known?.text ?? fileText(path)
    if (text === undefined) return undefined
    const { documents, problems } = readDocuments(known?.name ?? relative('', path), text)
    return problems.some(({ level }) => level === 'error') ? undefined : documents
  }
}

function fileText(path: string): string | undefined {
  const bytes = fileBytes(path)
  try {
    return bytes && decode(bytes)
  } catch (error) {
    if (error instanceof ReadError) return undefined
    throw error
  }
}

function fileBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
