import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { decode } from './decode.ts'
import { type Document, readDocuments } from './documents.ts'
import { type Chart, findFiles, type FoundFile, isKustomizationFile, systemCode } from './find.ts'
import { type Kustomization, kustomizationOf } from './kustomization.ts'
import { type Manifest, manifestsOf } from './manifest.ts'
import { type Problem, problemOf } from './problem.ts'
import { ReadError } from './yaml/marks.ts'

/** Everything that the paths given hold. */
export interface Contents {
  readonly manifests: readonly Manifest[]
  readonly kustomizations: readonly Kustomization[]
  readonly charts: readonly Chart[]
  readonly skipped: readonly Skipped[]
  readonly problems: readonly Problem[]
  /** How many files were opened. */
  readonly files: number
}

/** A document, or a file, that holds nothing to judge. */
export interface Skipped {
  readonly file: string
  readonly reason: 'no-kind' | 'nested-list' | 'empty' | 'kustomization' | 'generator-data' | 'patch'
}

/** Reads files, folders and standard input ('-'). Nothing throws for what a file holds: that is in `problems`. */
export async function readPaths(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<Contents> {
  const found = findFiles(paths)
  const state: State = { manifests: [], kustomizations: [], skipped: [], problems: [...found.problems] }
  const files: { file: FoundFile; text: string }[] = []
  for (const file of found.files) {
    const text = await load(file, stdin, state)
    if (text !== undefined) files.push({ file, text })
  }
  for (const { file, text } of files) if (isKustomizationFile(file.path)) addKustomization(file, text, state)
  const data = new Set(state.kustomizations.flatMap((kustomization) => kustomization.data))
  const patches = new Set(state.kustomizations.flatMap((kustomization) => kustomization.patches))
  for (const { file, text } of files) {
    if (isKustomizationFile(file.path)) continue
    const path = resolve(file.path)
    if (data.has(path)) state.skipped.push({ file: file.path, reason: 'generator-data' })
    else addFile(file, text, patches.has(path), state)
  }
  return { ...state, charts: found.charts, files: files.length }
}

/** How standard input is called in problems and reports. */
export const stdinName = '<stdin>'

interface State {
  readonly manifests: Manifest[]
  readonly kustomizations: Kustomization[]
  readonly skipped: Skipped[]
  readonly problems: Problem[]
}

async function load(
  file: FoundFile,
  stdin: AsyncIterable<Uint8Array | string>,
  state: State,
): Promise<string | undefined> {
  try {
    return decode(file.path === '-' ? await collect(stdin) : readFileSync(file.path))
  } catch (error) {
    state.problems.push(
      error instanceof ReadError
        ? problemOf(error.code, nameOf(file), error.message)
        : problemOf('D2_FILE_UNREADABLE', nameOf(file), `the file cannot be read (${systemCode(error)})`),
    )
    return undefined
  }
}

function addKustomization(file: FoundFile, text: string, state: State): void {
  const { documents, problems } = readDocuments(file.path, text)
  state.problems.push(...problems)
  for (const document of documents) {
    const kustomization = kustomizationOf(file.path, document.value)
    if (kustomization) state.kustomizations.push(kustomization)
    state.skipped.push({ file: file.path, reason: kustomization ? 'kustomization' : 'no-kind' })
  }
}

function addFile(file: FoundFile, text: string, isPatch: boolean, state: State): void {
  const name = nameOf(file)
  const { named } = file
  const { documents, problems } = readDocuments(name, text)
  // Folders hold other YAML and JSON too, in dialects of their own; what cannot be a Kubernetes object is no error there.
  if (!named && problems.length > 0 && !/\bapiVersion\b/.test(text)) {
    state.skipped.push({ file: name, reason: 'no-kind' })
    return
  }
  state.problems.push(...problems)
  if (documents.length === 0 && problems.length === 0) {
    if (named)
      state.problems.push(problemOf('D2_FILE_EMPTY', name, 'there is nothing in it but blank lines and comments'))
    else state.skipped.push({ file: name, reason: 'empty' })
  }
  for (const document of documents) addDocument(document, file, isPatch, state)
}

function addDocument(document: Document, file: FoundFile, isPatch: boolean, state: State): void {
  const { manifests, missing } = manifestsOf(document, file.root)
  for (const manifest of manifests) state.manifests.push(isPatch ? { ...manifest, partial: true } : manifest)
  for (const { path, reason } of missing) {
    // The patch of a kustomization may be a list of JSON 6902 operations, or leave out what its target says.
    if (isPatch) state.skipped.push({ file: document.file, reason: 'patch' })
    else if (path === '' && !file.named) state.skipped.push({ file: document.file, reason })
    else state.problems.push({ ...problemOf(...whyNoObject(reason, document.file)), ...document.locate(path) })
  }
}

function whyNoObject(reason: 'no-kind' | 'nested-list', file: string): [code: string, file: string, message: string] {
  return reason === 'no-kind'
    ? ['D2_NO_OBJECT', file, 'no apiVersion and kind, so this is no Kubernetes object: leave the file out']
    : ['D2_NESTED_LIST', file, 'a List inside a List, which kubectl refuses: put its items into the outer one']
}

function nameOf(file: FoundFile): string {
  return file.path === '-' ? stdinName : file.path
}

async function collect(stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(typeof part === 'string' ? Buffer.from(part) : part)
  return Buffer.concat(parts)
}
