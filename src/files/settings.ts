import { readFile } from 'node:fs/promises'
import { decode } from './decode.ts'
import { readDocuments } from './documents.ts'
import { systemCode } from './find.ts'
import type { Place } from './lines.ts'
import type { Problem } from './problem.ts'

/** The YAML of a settings file, before anything is known of its meaning. */
export interface SettingsFile {
  readonly value: unknown
  readonly text: string
  /** Keys written twice: a settings file that does not say one thing is no settings file. */
  readonly problems: readonly Problem[]
  /** Where the value at a JSON pointer is written, or its nearest parent that exists. */
  locate(path: string): Place
}

/** A settings file that cannot be read; the message is one sentence with the place. */
export class SettingsFileError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Reads a settings file: one YAML or JSON document. Throws SettingsFileError where it cannot be read. */
export async function readSettingsFile(path: string): Promise<SettingsFile> {
  const text = await load(path)
  const { documents, problems } = readDocuments(path, text, 'own')
  const error = problems.find(({ level }) => level === 'error')
  if (error) {
    const place = error.line === undefined ? path : `${path}:${String(error.line)}:${String(error.column ?? 1)}`
    throw new SettingsFileError(error.code, `${place}: ${error.message}`)
  }
  const [document, second] = documents
  if (!document) throw new SettingsFileError('D2_SETTINGS_EMPTY', `${path}: the settings file is empty`)
  if (second) {
    const { line } = second.locate('')
    throw new SettingsFileError(
      'D2_SETTINGS_SEVERAL',
      `${path}:${String(line)}: a settings file holds one document: delete this one`,
    )
  }
  return { value: document.value, text, problems, locate: (pointer) => document.locate(pointer) }
}

async function load(path: string): Promise<string> {
  try {
    return decode(await readFile(path))
  } catch (error) {
    const code = systemCode(error)
    if (code.startsWith('D2_')) throw new SettingsFileError(code, `${path}: the file is not UTF-8: save it as UTF-8`)
    const what = code === 'ENOENT' ? 'no such file: check --settings' : `the file cannot be read (${code})`
    throw new SettingsFileError(code === 'ENOENT' ? 'D2_FILE_NOT_FOUND' : 'D2_FILE_UNREADABLE', `${path}: ${what}`)
  }
}
