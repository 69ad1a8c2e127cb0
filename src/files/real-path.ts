import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'

/** The absolute path without links, by which two names of one file are equal; the path itself where nothing is there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}
