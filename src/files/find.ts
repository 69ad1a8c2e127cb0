import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Problem, problemOf } from './problem.ts'

/** A file to read. */
export interface FoundFile {
  /** As given, or below what was given; '-' is standard input. */
  readonly path: string
  /** The folder given that holds it; undefined for a file that was itself given. */
  readonly root?: string
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
 * followed, each file is read once.
 */
export function findFiles(paths: readonly string[]): Found {
  const search: Search = { files: [], charts: [], problems: [], seen: new Set() }
  for (const path of paths) {
    if (path === '-') {
      if (!search.files.some((file) => file.path === '-')) search.files.push({ path })
      continue
    }
    const kind = kindOf(path, search)
    if (kind === 'file') addFile(path, undefined, search)
    if (kind === 'folder') walk(path, path, [], search)
  }
  return search
}

/** The names by which kustomize knows its file. */
export function isKustomizationFile(path: string): boolean {
  return kustomizationNames.has(basename(path))
}

interface Search {
  readonly files: FoundFile[]
  readonly charts: Chart[]
  readonly problems: Problem[]
  /** Real paths of the files and folders read already. */
  readonly seen: Set<string>
}

const kustomizationNames: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])
const readable = /\.(?:ya?ml|json)$/i

function walk(folder: string, root: string, above: readonly string[], search: Search): void {
  const real = realpathSync(folder)
  if (above.includes(real)) {
    const message = 'this link leads back to a folder above it: not followed'
    search.problems.push({ ...problemOf('D2_FOLDER_LOOP', folder, message), level: 'warning' })
    return
  }
  if (search.seen.has(real)) return
  search.seen.add(real)
  const entries = read(folder, search)
  if (isTemplates(folder)) {
    const templates = countTemplates(folder, entries)
    if (templates > 0) search.charts.push({ path: dirname(folder), templates })
    return
  }
  for (const entry of entries) {
    const path = join(folder, entry.name)
    const kind = entry.isSymbolicLink()
      ? kindOf(path, search)
      : entry.isDirectory()
        ? 'folder'
        : entry.isFile()
          ? 'file'
          : 'other'
    if (kind === 'folder') {
      if (!entry.name.startsWith('.') && entry.name !== 'node_modules') walk(path, root, [...above, real], search)
    } else if (kind === 'file' && (readable.test(entry.name) || isKustomizationFile(path))) {
      addFile(path, root, search)
    }
  }
}

function addFile(path: string, root: string | undefined, search: Search): void {
  const real = realpathSync(path)
  if (search.seen.has(real)) return
  search.seen.add(real)
  search.files.push(root === undefined ? { path } : { path, root })
}

// A folder named templates beside a Chart.yaml.
function isTemplates(folder: string): boolean {
  return (
    basename(realpathSync(folder)) === 'templates' &&
    statSync(join(folder, '..', 'Chart.yaml'), { throwIfNoEntry: false }) !== undefined
  )
}

function countTemplates(folder: string, entries: readonly Dirent[]): number {
  let count = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) count += countTemplates(path, readdirSync(path, { withFileTypes: true }))
    else if (readable.test(entry.name) || entry.name.endsWith('.tpl')) count++
  }
  return count
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

function kindOf(path: string, search: Search): 'file' | 'folder' | 'other' {
  try {
    const found = statSync(path)
    // A named pipe is what the shell makes of <(…): a file to whoever reads it.
    if (found.isDirectory()) return 'folder'
    return found.isFile() || found.isFIFO() || found.isCharacterDevice() ? 'file' : 'other'
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT'
    const message = missing
      ? 'no such file or folder: check the path'
      : `the path cannot be read (${systemCode(error)})`
    search.problems.push(problemOf(missing ? 'D2_FILE_NOT_FOUND' : 'D2_FILE_UNREADABLE', path, message))
    return 'other'
  }
}

/** The code of an error of the operating system, such as EACCES. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error'
}
