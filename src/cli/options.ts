import { parseArgs, type ParseArgsConfig } from 'node:util'
import { didYouMean } from '../sdk/did-you-mean.ts'
import { UsageError } from './failure.ts'

type Options = NonNullable<ParseArgsConfig['options']>

type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true; args: string[] }>
>

/** Parses the arguments of a command; an unknown or incomplete option is a UsageError of one sentence. */
export function parseOptions<const O extends Options>(command: string, args: string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(explain(command, error, Object.keys(options)))
  }
}

/** Reads an option that must be a whole number within bounds. */
export function wholeNumber(name: string, text: string, { from, to }: { from: number; to: number }): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= from && value <= to) return value
  throw new UsageError(`--${name} must be a whole number from ${from} to ${to}`)
}

/** Reads an option that must be one of a few words. */
export function oneOf<const W extends string>(name: string, text: string, words: readonly W[]): W {
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw new UsageError(`--${name} must be one of ${words.join(', ')}${didYouMean(text, words)}`)
}

function explain(command: string, error: unknown, names: readonly string[]): string {
  const message = error instanceof Error ? error.message : ''
  const unknown = /^Unknown option '(--?[^']*)'/.exec(message)?.[1]
  if (unknown !== undefined) {
    const options = names.map((name) => `--${name}`)
    const hint = didYouMean(`--${unknown.replace(/^-+/, '')}`, options, `; day2 ${command} --help lists the options`)
    return `day2 ${command} has no option "${unknown}"${hint}`
  }
  const [name, needsValue] = [
    /'-?-?[^']*?(--[a-z-]+)/.exec(message)?.[1] ?? 'an option',
    !/does not take/.test(message),
  ]
  return `${name} of day2 ${command} ${needsValue ? 'needs a value' : 'takes no value'}`
}
