import type t from 'tap'
import { detectCredentials } from '../../src/sdk/credentials/detect.ts'
import type { DetectOptions } from '../../src/sdk/credentials/detect.ts'
import type { Field } from '../../src/sdk/credentials/hit.ts'
import { sample } from '../../src/sdk/credentials/samples.ts'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'

// A seed of its own for every run: what holds, holds for any credential of the form.
export const seed = Math.floor(Math.random() * 2 ** 31)
/** A made-up credential of this form; another one for another `nth`. */
export const made = (name: SampleName, nth = 0) => sample(name, seed + nth)

export type Values = { readonly [key: string]: string }

/** Values as the `data` of a Secret. */
export function fields(values: Values, encoding: Field['encoding'] = 'base64'): readonly Field[] {
  return Object.entries(values).map(([key, value]) => ({
    path: `/data/${key}`,
    key,
    text: encoding === 'base64' ? Buffer.from(value).toString('base64') : value,
    encoding,
  }))
}

/** Findings as `key level detector`, the same for both encodings. */
export function found(t: Tap, values: Values, options?: DetectOptions): readonly string[] {
  const [encoded, plain] = (['base64', 'plain'] as const).map((encoding) =>
    detectCredentials(fields(values, encoding), options).map(
      ({ path, level, detector, line }) => `${path.slice(6)} ${level} ${detector}${line ? ` line ${line}` : ''}`,
    ),
  )
  t.strictSame(encoded, plain, `base64 and plain text agree on ${Object.keys(values).join()}`)
  return encoded ?? []
}

type Tap = Pick<typeof t, 'strictSame'>
