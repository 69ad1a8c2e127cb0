import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../../src/cli/command-line.ts'
import { captured, type Outcome } from './captured.ts'
import { nodeCommand } from './node-command.ts'

export const day2Main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/**
 * Runs the command line: in this process where the command comes to an end by itself, since loading it anew takes longer
 * than most of what it does.
 */
export function day2(...args: string[]): Promise<Outcome> {
  return ending.has(args[0] ?? '') ? captured(() => runCommandLine(args)) : run('', {}, args)
}

const ending: ReadonlySet<string> = new Set(['audit', 'certs', 'check', 'explain'])

/** Runs it in a process of its own, with text on standard input. */
export function day2Reading(input: string, ...args: string[]): Promise<Outcome> {
  return run(input, {}, args)
}

/** The same, with some variables of the environment set. */
export function day2With(env: { readonly [name: string]: string }, ...args: string[]): Promise<Outcome> {
  return run('', env, args)
}

function run(input: string, env: { readonly [name: string]: string }, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const [program, rest] = nodeCommand(day2Main, ...args)
    const child = execFile(program, rest, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
    // A command that reads no input may be gone before it is written.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
