import { lstatSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file so that it is never half there: under another name first, then renamed. What a link names is replaced,
 * not the link; pipes, devices and links to nothing yet are written as they are. @throws the error of Node
 */
export function replaceFile(path: string, text: string): void {
  const exists = lstatSync(path, { throwIfNoEntry: false }) !== undefined
  const old = statSync(path, { throwIfNoEntry: false })
  if (exists && !old?.isFile()) return writeFileSync(path, text)
  const target = old ? realpathSync(path) : path
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}`)
  try {
    // `wx`: never through a link, nor into a file that somebody else made.
    writeFileSync(temporary, text, { flag: 'wx', ...(old ? { mode: old.mode & 0o777 } : {}) })
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    // A folder that takes no new file, or a file that is a mount of its own, can still be written in place.
    if (!old || !inPlaceOnly.has(codeOf(error))) throw error
    writeFileSync(target, text)
  }
}

const inPlaceOnly: ReadonlySet<unknown> = new Set(['EACCES', 'EBUSY', 'EPERM', 'EROFS'])

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
