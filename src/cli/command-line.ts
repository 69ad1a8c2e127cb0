import { didYouMean } from '../sdk/did-you-mean.ts'
import { commands } from './commands.ts'
import { describe, exitCodes, UsageError, withCode } from './failure.ts'
import { version } from './version.ts'

/** Runs what was typed after `day2`; resolves to the exit code and never rejects. */
export async function runCommandLine(args: string[]): Promise<number> {
  try {
    return await dispatch(args)
  } catch (error) {
    const failure = describe(error)
    process.stderr.write(`day2: ${withCode(failure)}\n`)
    return failure.exitCode
  }
}

async function dispatch([name, ...args]: string[]): Promise<number> {
  if (name === undefined) {
    process.stderr.write(usage())
    return exitCodes.usage
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage())
    return exitCodes.clean
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    process.stdout.write(`day2 ${version}\n`)
    return exitCodes.clean
  }
  const command = commands.get(name)
  if (!command) throw new UsageError(unknownCommand(name))
  const { run } = await command.load()
  return run(args)
}

function unknownCommand(name: string): string {
  const what = name.startsWith('-') ? 'option' : 'command'
  const known = [...commands.keys(), '--help', '--version']
  return `unknown ${what} "${name}"${didYouMean(name, known, '; day2 --help lists the commands')}`
}

function usage(): string {
  const width = Math.max(...[...commands.keys()].map((name) => name.length))
  const lines = [...commands].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  return `day2: stops Kubernetes Day 2 outages before they exist

Usage: day2 COMMAND [OPTION]…

Commands:
${lines.join('')}
Every command has --help. Exit codes: 0 clean, 1 findings, 2 wrong usage or unreadable input, 3 internal fault.
`
}
