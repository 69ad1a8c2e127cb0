import type { Format } from '../report/formats.ts'
import { UsageError } from './failure.ts'
import { oneOf } from './options.ts'
import { paintFor } from './paint.ts'
import { replaceFile } from './replace-file.ts'

/** One `--output FORMAT` or `--output FORMAT=FILE`. */
export interface Output<R> {
  readonly name: string
  readonly format: Format<R>
  readonly file: string | undefined
}

/** Reads every `--output`; only one may go to standard output. */
export function readOutputs<R>(texts: readonly string[], formats: ReadonlyMap<string, Format<R>>): Output<R>[] {
  const outputs = texts.map((text) => outputOf(text, formats))
  if (outputs.filter(({ file }) => file === undefined).length > 1) {
    throw new UsageError('only one --output can go to standard output: write the others as --output FORMAT=FILE')
  }
  return outputs
}

export async function writeOutput<R>({ name, format, file }: Output<R>, report: R, verbose: boolean): Promise<void> {
  const text = format(report, { paint: paintFor(file === undefined ? process.stdout : {}), verbose })
  if (file !== undefined) {
    try {
      replaceFile(file, text)
    } catch {
      throw new UsageError(`${file} cannot be written: check the folder of --output ${name}=FILE`)
    }
    return
  }
  await writeText(text)
}

/**
 * Writes to standard output. Resolves when the pipe has taken it: a process that ends earlier cuts off a long report. A
 * reader that has seen enough (`| head`) is no fault.
 */
export async function writeText(text: string): Promise<void> {
  const { stdout } = process
  await new Promise<void>((resolve) => {
    stdout.once('error', resolve)
    stdout.write(text, (error) => {
      // The event of an error comes after this call.
      if (!error) stdout.off('error', resolve)
      resolve()
    })
  })
}

function outputOf<R>(text: string, formats: ReadonlyMap<string, Format<R>>): Output<R> {
  const equals = text.indexOf('=')
  const name = oneOf('output', equals < 0 ? text : text.slice(0, equals), [...formats.keys()])
  const format = formats.get(name)
  const file = equals < 0 ? undefined : text.slice(equals + 1)
  if (file === '' || !format) throw new UsageError(`--output ${name}= needs a file name`)
  return { name, format, file }
}
