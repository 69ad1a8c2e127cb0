import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nodeCommand } from './node-command.ts'

export const day2Main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** Runs the command line in a process of its own. */
export function day2(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return day2Reading('', ...args)
}

/** The same, with text on standard input. */
export function day2Reading(
  input: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(...nodeCommand(day2Main, ...args), (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
    // A command that reads no input may be gone before it is written.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
