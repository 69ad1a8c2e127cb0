import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const day2Main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** Runs the command line in a process of its own. */
export function day2(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [day2Main, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}
