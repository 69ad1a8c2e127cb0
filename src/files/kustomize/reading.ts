import { readExactly } from '../yaml/exact.ts'
import { ReadError } from '../yaml/marks.ts'
import { Refusal } from './refusal.ts'

/**
 * A document as kustomize reads the objects and the partial objects in it: with go-yaml 3, to which `yes`, `no`, `on` and
 * their like are text and a plain date is a point in time. Its own file and JSON patches it reads as kubectl does.
 * @throws Refusal for a map key that is no text: kustomize cannot write it as JSON
 */
export function readByKustomize({ text, value }: { readonly text: string; readonly value: unknown }): unknown {
  // A reading with every place takes time, and hardly any document holds such words.
  if (!differing.some((pattern) => pattern.test(text))) return value
  try {
    return readExactly(text, 'kustomize').value
  } catch (error) {
    if (!(error instanceof ReadError)) throw error
    throw new Refusal(error.code === 'D2_YAML_KEY' ? 'a map key is no text: quote it' : error.message)
  }
}

const differing = [
  /(?:^|[\s:[{,-])(?:[yn]|yes|no|on|off)(?=\s*(?:$|[:,\]}#]))/im,
  /(?:^|[\s[{,])\d{4}-\d{1,2}-\d{1,2}/m,
  /(?:^|[\s{,])(?:[-+.]?\d[\w.+-]*|[-+]?\.\w+|~|true|false|null)\s*:(?:\s|$)/im,
]
