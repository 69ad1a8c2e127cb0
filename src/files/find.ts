import { type Dirent, existsSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { type Problem, problemOf } from './problem.ts'

/** A file to read. */
export interface FoundFile {
  /** As given, or below what was given; '-' is standard input. */
  readonly path: string
  /** The folder given that holds it; undefined for a file outside of all of them. */
  readonly root?: string
  /** It was itself given, perhaps beside the folder that holds it. */
  readonly named: boolean
}

/** Templates of a Helm chart, which are no YAML before they are rendered. */
export interface Chart {
  readonly path: string
  /** How many of its files were left unread. */
  readonly templates: number
}

export interface Found {
  readonly files: readonly FoundFile[]
  readonly charts: readonly Chart[]
  readonly problems: readonly Problem[]
}

/**
 * The files behind the paths of a command line. A file that is named is read whatever it is called; a folder is
 * searched for `.yaml`, `.yml`, `.json` and kustomizations, without hidden folders and node_modules. Links are
 * followed, each file is read once; a link to nowhere is told if it is named or has the name of a manifest.
 */
export function findFiles(paths: readonly string[]): Found {
  const search: Search = { files: new Map(), charts: [], problems: [], folders: new Set() }
  for (const path of paths) {
    const kind = path === '-' ? 'stream' : kindOf(path, search)
    // Two streams are never one, and what stands behind /dev/fd has no path of its own.
    if (kind === 'stream') search.files.set(path, { path, named: true })
    if (kind === 'file') addFile(path, undefined, search)
    if (kind === 'folder') walk(path, path, [], search)
    if (kind === 'other') {
      const message = 'neither a file nor a folder: name a file, a folder, or - for standard input'
      search.problems.push(problemOf('D2_FILE_UNREADABLE', path, message))
    }
  }
  return { ...search, files: [...search.files.values()] }
}

/** The names by which kustomize knows its file. */
export function isKustomizationFile(path: string): boolean {
  return kustomizationNames.has(basename(path))
}

/** The kustomization file in a folder; undefined where there is none, or no such folder. */
export function kustomizationIn(folder: string): string | undefined {
  return [...kustomizationNames].map((name) => join(folder, name)).find((path) => isFile(path))
}

/** True for a file that is in a folder or beneath it. */
export function isFileBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..') && isFile(path)
}

interface Search {
  /** By their real paths. */
  readonly files: Map<string, FoundFile>
  readonly charts: Chart[]
  readonly problems: Problem[]
  /** Real paths of the folders read already. */
  readonly folders: Set<string>
}

const kustomizationNames: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])
const readable = /\.(?:ya?ml|json)$/i

function walk(folder: string, root: string, above: readonly string[], search: Search): void {
  const real = realPathOf(folder, 'folder', search)
  if (real === undefined) return
  if (above.includes(real)) {
    const message = 'this link leads back to a folder above it: not followed'
    search.problems.push({ ...problemOf('D2_FOLDER_LOOP', folder, message), level: 'warning' })
    return
  }
  if (search.folders.has(real)) return
  search.folders.add(real)
  const entries = read(folder, search)
  if (isTemplates(folder, real)) {
    const templates = countTemplates(folder, entries, search)
    if (templates > 0) search.charts.push({ path: dirname(folder), templates })
    return
  }
  for (const entry of entries) {
    const path = join(folder, entry.name)
    const isManifest = readable.test(entry.name) || isKustomizationFile(path)
    const kind = entry.isSymbolicLink()
      ? kindOf(path, search, isManifest && !entry.name.startsWith('.') ? 'manifest' : 'other')
      : entry.isDirectory()
        ? 'folder'
        : entry.isFile()
          ? 'file'
          : 'other'
    if (kind === 'folder') {
      if (!entry.name.startsWith('.') && entry.name !== 'node_modules') walk(path, root, [...above, real], search)
      // Streams and devices in a folder are left alone: whoever reads one may wait for ever.
    } else if (kind === 'file' && isManifest) {
      addFile(path, root, search)
    }
  }
}

// A file that is named and in a folder as well is both, in whatever order they were given.
function addFile(path: string, root: string | undefined, search: Search): void {
  const real = realPathOf(path, 'file', search)
  if (real === undefined) return
  const known = search.files.get(real)
  const folder = known?.root ?? root
  search.files.set(real, {
    path: known?.path ?? path,
    ...(folder === undefined ? {} : { root: folder }),
    named: root === undefined || (known?.named ?? false),
  })
}

// A folder named templates beside a Chart.yaml.
function isTemplates(folder: string, real: string): boolean {
  return basename(real) === 'templates' && existsSync(join(folder, '..', 'Chart.yaml'))
}

function countTemplates(folder: string, entries: readonly Dirent[], search: Search): number {
  let count = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) count += countTemplates(path, read(path, search), search)
    else if (readable.test(entry.name) || entry.name.endsWith('.tpl')) count++
  }
  return count
}

function realPathOf(path: string, what: 'file' | 'folder', search: Search): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    search.problems.push(problemOf('D2_FILE_UNREADABLE', path, `the ${what} cannot be read (${systemCode(error)})`))
    return undefined
  }
}

function read(folder: string, search: Search): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    search.problems.push(problemOf('D2_FILE_UNREADABLE', folder, `the folder cannot be read (${systemCode(error)})`))
    return []
  }
}

// A named pipe is what the shell makes of <(…): a file to whoever reads it. Editors lock files by links to nowhere
// (`.#web.yaml`), and build tools leave such behind (`result`, `bazel-bin`): found in a folder they are no manifests.
function kindOf(
  path: string,
  search: Search,
  sort: 'named' | 'manifest' | 'other' = 'named',
): 'file' | 'folder' | 'stream' | 'other' | undefined {
  try {
    const found = statSync(path)
    if (found.isDirectory()) return 'folder'
    if (found.isFile()) return 'file'
    return found.isFIFO() || found.isCharacterDevice() ? 'stream' : 'other'
  } catch (error) {
    const code = systemCode(error)
    if (sort !== 'other' || (code !== 'ENOENT' && code !== 'ELOOP')) search.problems.push(whyNoFile(path, code))
    return undefined
  }
}

function whyNoFile(path: string, systemCode: string): Problem {
  const missing = systemCode === 'ENOENT'
  const code = missing ? 'D2_FILE_NOT_FOUND' : 'D2_FILE_UNREADABLE'
  const target = missing || systemCode === 'ELOOP' ? targetOf(path) : undefined
  if (target !== undefined) {
    const where = missing ? 'where nothing is' : 'which leads back to it'
    return problemOf(code, path, `a symbolic link to ${target}, ${where}: mend or delete the link`)
  }
  const message = missing ? 'no such file or folder: check the path' : `the path cannot be read (${systemCode})`
  return problemOf(code, path, message)
}

/** What a symbolic link names; undefined for what is none. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The code of an error of the operating system, such as EACCES. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error'
}
