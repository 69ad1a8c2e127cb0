import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { decode } from './decode.ts'
import { type Document, readDocuments } from './documents.ts'
import {
  type Chart,
  findFiles,
  type FoundFile,
  isFileBelow,
  isKustomizationFile,
  kustomizationIn,
  systemCode,
} from './find.ts'
import { type Kustomization, kustomizationOf } from './kustomization.ts'
import type { Render } from './kustomize/rendered.ts'
import type { Variant } from './kustomize/variants.ts'
import { type Manifest, manifestsOf } from './manifest.ts'
import { type Problem, problemOf } from './problem.ts'
import { realPath } from './real-path.ts'
import { ReadError } from './yaml/marks.ts'

/** Everything that the paths given hold. */
export interface Contents {
  readonly manifests: readonly Manifest[]
  readonly kustomizations: readonly Kustomization[]
  /** What the kustomizations make of the manifests. */
  readonly variants: readonly Variant[]
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

/**
 * Reads files, folders and standard input ('-'). Nothing throws for what a file holds: that is in `problems`. With
 * `render`, what a kustomization makes of its files is what that makes of its folder.
 */
export async function readPaths(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array | string>,
  render?: Render,
): Promise<Contents> {
  const found = findFiles(paths)
  const state: State = { manifests: [], kustomizations: [], skipped: [], problems: [...found.problems] }
  const files: LoadedFile[] = []
  for (const file of found.files) {
    const text = await load(file, stdin, state)
    if (text !== undefined) files.push({ file, text })
  }
  for (const { file, text } of files) if (isKustomizationFile(file.path)) addKustomization(file, text, state)
  await addNamedFiles(files, state)
  const roles = rolesOf(state.kustomizations)
  for (const { file, text } of files) {
    if (isKustomizationFile(file.path)) continue
    const role = roles(file)
    if (role === 'generator-data' && !file.named) state.skipped.push({ file: file.path, reason: role })
    else addFile(file, text, role, state)
  }
  const built = state.kustomizations.length > 0 ? await build(files, state, render) : {}
  return { ...state, variants: [], ...built, charts: found.charts, files: files.length }
}

/** How standard input is called in problems and reports. */
export const stdinName = '<stdin>'

interface State {
  readonly manifests: Manifest[]
  readonly kustomizations: Kustomization[]
  readonly skipped: Skipped[]
  readonly problems: Problem[]
}

interface LoadedFile {
  readonly file: FoundFile
  readonly text: string
}

// A base outside of what was given lands all the same. Files are opened only below the folder of whoever names them, as
// kustomize does; folders may be anywhere.
async function addNamedFiles(files: LoadedFile[], state: State): Promise<void> {
  const known = new Set(files.map(({ file }) => realPath(file.path)))
  // More are found on the way, and looked through as well.
  for (const { folder, root, resources, components } of state.kustomizations)
    for (const named of [...resources, ...components]) {
      const path = kustomizationIn(named) ?? named
      if (known.has(realPath(path)) || (path === named && !isFileBelow(folder, path))) continue
      known.add(realPath(path))
      const file: FoundFile = { path: relative('', path), named: false, ...(root === undefined ? {} : { root }) }
      const text = await load(file, noStream, state)
      if (text === undefined) continue
      files.push({ file, text })
      if (isKustomizationFile(path)) addKustomization(file, text, state)
    }
}

// Loaded on demand: most files are no part of a kustomization.
async function build(
  files: readonly LoadedFile[],
  { kustomizations, manifests, problems }: State,
  render: Render | undefined,
): Promise<Pick<Contents, 'variants' | 'manifests' | 'problems'>> {
  const { buildAll } = await import('./kustomize/variants.ts')
  const known = files.map(({ file, text }) => [realPath(file.path), { name: file.path, text }] as const)
  const built = buildAll({ kustomizations, manifests }, new Map(known))
  if (!render)
    return {
      variants: built.variants,
      manifests: [...manifests, ...built.generated],
      problems: [...problems, ...built.problems],
    }
  const { rendered } = await import('./kustomize/rendered.ts')
  const theirs = await rendered(built.variants, render)
  return {
    variants: theirs.variants,
    manifests: [...manifests.filter((manifest) => !theirs.replaced.has(manifest)), ...theirs.manifests],
    problems: [...problems, ...theirs.problems],
  }
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

/** What a kustomization makes of a file that is no manifest of its own. */
type Role = 'generator-data' | 'patch' | undefined

// What is listed as a resource lands as it is, whatever else is done with it.
function rolesOf(kustomizations: readonly Kustomization[]): (file: FoundFile) => Role {
  const [resources, data, patches] = (['resources', 'data', 'patches'] as const).map(
    (key) => new Set(kustomizations.flatMap((kustomization) => kustomization[key])),
  )
  return ({ path }) => {
    const real = realPath(path)
    if (resources?.has(real)) return undefined
    return data?.has(real) ? 'generator-data' : patches?.has(real) ? 'patch' : undefined
  }
}

function addKustomization(file: FoundFile, text: string, state: State): void {
  const { documents, problems } = readDocuments(file.path, text)
  state.problems.push(...problems)
  for (const document of documents) {
    const kustomization = kustomizationOf(document, file.root)
    if (kustomization) {
      state.kustomizations.push(kustomization)
      state.skipped.push({ file: file.path, reason: 'kustomization' })
    } else {
      // The name alone makes no kustomization: kubectl would apply what is written there.
      addDocument(document, { ...file, named: false }, undefined, state)
    }
  }
}

function addFile(file: FoundFile, text: string, role: Role, state: State): void {
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
  for (const document of documents) addDocument(document, file, role, state)
}

function addDocument(document: Document, file: FoundFile, role: Role, state: State): void {
  const { manifests, missing } = manifestsOf(document, file.root)
  for (const manifest of manifests) state.manifests.push(role === 'patch' ? { ...manifest, partial: true } : manifest)
  for (const { path, reason } of missing) {
    // The patch of a kustomization may be a list of JSON 6902 operations, or leave out what its target says.
    if (role !== undefined) state.skipped.push({ file: document.file, reason: role })
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

const noStream: AsyncIterable<string> = (async function* () {})()

async function collect(stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(typeof part === 'string' ? Buffer.from(part) : part)
  return Buffer.concat(parts)
}
