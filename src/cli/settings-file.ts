import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parseSettings } from '../engine/parse-settings.ts'
import type { Settings } from '../engine/settings.ts'
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

/** Reads and validates a settings file. @throws SettingsFileError */
export async function readSettings(path: string, policies: readonly Policy[]): Promise<Settings> {
  const parsed = parseSettings(JSON.parse(await read(path)), policies)
  if ('settings' in parsed) return parsed.settings
  throw new SettingsFileError(parsed.errors.map(({ path: at, message }) => `${path}: ${at}: ${message}`).join('\n'))
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new SettingsFileError(`settings file ${path} cannot be read (${code})`)
  })
}
