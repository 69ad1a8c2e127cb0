import { spawn } from 'node:child_process'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface KubectlOptions {
  readonly input?: string
  /** In ms; the command is killed then, and its code is 124 as with timeout(1). */
  readonly timeout?: number
  /** The command is ended, with that code too, as soon as what it printed on stderr so far is enough. */
  readonly enough?: (stderr: string) => boolean
}

export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<CommandResult>

/** Runs the kubectl of the same version as the API server. Its exit code is an answer, never an exception. */
export function createKubectl(path: string, env: { readonly [name: string]: string }): Kubectl {
  return (args, { input = '', timeout = 240_000, enough = () => false } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(path, args, { env: { ...process.env, ...env } })
      let stdout = ''
      let stderr = ''
      let cut = false
      const cutShort = (): void => {
        cut = true
        child.kill('SIGKILL')
      }
      const timer = setTimeout(cutShort, timeout)
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text
        if (enough(stderr)) cutShort()
      })
      child.once('error', reject)
      child.once('close', (code) => {
        clearTimeout(timer)
        resolve({ code: cut ? 124 : (code ?? 1), stdout, stderr })
      })
      // A command that reads no stdin may be gone before it is written.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
    })
}
