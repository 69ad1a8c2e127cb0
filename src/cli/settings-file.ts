import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parseSettings } from '../engine/parse-settings.ts'
import type { Settings } from '../engine/settings.ts'
import type { Problem } from '../files/problem.ts'
import { readSettingsFile } from '../files/settings.ts'
import type { Policy } from '../sdk/policy.ts'

/** Settings that cannot be used: a line for each thing that is wrong, with its place. */
export class SettingsFileError extends Error {
  readonly code = 'D2_SETTINGS'
}

/** The hash of a settings file as it is. @throws SettingsFileError */
export async function settingsHash(path: string): Promise<string> {
  return createHash('sha256')
    .update(await read(path))
    .digest('hex')
}

/** Reads and validates a settings file, YAML or JSON. @throws an error of code `D2_…` that names every place */
export async function readSettings(path: string, policies: readonly Policy[]): Promise<Settings> {
  return (await readSettingsWithProblems(path, policies)).settings
}

/** The same, with what is doubtful in the file, such as a key that is written twice. */
export async function readSettingsWithProblems(
  path: string,
  policies: readonly Policy[],
): Promise<{ readonly settings: Settings; readonly problems: readonly Problem[] }> {
  const file = await readSettingsFile(path)
  const parsed = parseSettings(file.value, policies)
  if ('settings' in parsed) return { settings: parsed.settings, problems: file.problems }
  const errors = parsed.errors
    .map((error) => ({ ...error, ...file.locate(error.path) }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message, code }) => `${path}:${line}:${column}: ${message} (${code})`)
  throw new SettingsFileError(errors.join('\n'))
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new SettingsFileError(`settings file ${path} cannot be read (${code})`)
  })
}
