import type { Scalar as ScalarNode } from 'yaml'
import { ReadError } from './marks.ts'
import { resolveKey, resolvePlain, type Scalar } from './scalar.ts'
import { timestampOf } from './timestamp.ts'

/**
 * Which plain words are booleans: to Kubernetes also yes, no, on, off, y and n; in files of our own only true and
 * false, or the severity `off` would be one. So it is to kustomize, which takes dates for points in time beside.
 */
export type Words = 'kubernetes' | 'kustomize' | 'own'

/** The value of a scalar node with what its tag and its quotes say about it (goyaml.v2, `resolve`). */
export function scalarOf(node: ScalarNode.Parsed, words: Words): Scalar {
  const text = textOf(node)
  const value = node.tag === undefined ? untagged(node, text, words) : tagged(node, node.tag, text)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new ReadError('D2_YAML_NUMBER', node.range[0], 'infinity and NaN do not exist in JSON: quote the value')
  }
  return value
}

/** The name of a map key; undefined where kubectl refuses it. */
export function keyOf(node: ScalarNode.Parsed, words: Words): string | undefined {
  const text = textOf(node)
  // Only text can be a key there.
  const isOther = words === 'kustomize' && isPlain(node) && !isWord(text, words) && untagged(node, text, words) !== text
  if (node.tag === undefined && isOther) return undefined
  if (node.tag === undefined) return isPlain(node) && !isWord(text, words) ? resolveKey(text) : text
  const value = tagged(node, node.tag, text)
  return value === null ? undefined : String(value)
}

function untagged(node: ScalarNode.Parsed, text: string, words: Words): Scalar {
  if (!isPlain(node) || isWord(text, words)) return text
  return (words === 'kustomize' ? timestampOf(text) : undefined) ?? resolvePlain(text)
}

function isWord(text: string, words: Words): boolean {
  return words !== 'kubernetes' && /^(?:y|n|yes|no|on|off)$/i.test(text)
}

const core = 'tag:yaml.org,2002:'

function tagged(node: ScalarNode.Parsed, tag: string, text: string): Scalar {
  if (!tag.startsWith(core)) return text
  const type = tag.slice(core.length)
  if (type === 'binary') return Buffer.from(text, 'base64').toString()
  if (type !== 'int' && type !== 'float' && type !== 'bool' && type !== 'null') return text
  const value = resolvePlain(text)
  if (fits(type, value)) return value
  throw new ReadError('D2_YAML_TAG', node.range[0], `the tag !!${type} does not fit the value`)
}

function fits(type: 'int' | 'float' | 'bool' | 'null', value: Scalar): boolean {
  if (type === 'null') return value === null
  if (type === 'bool') return typeof value === 'boolean'
  // An integer beyond 2^53 is kept as its digits.
  if (typeof value === 'string') return /^-?\d{16,19}$/.test(value)
  return typeof value === 'number' && (type === 'float' || Number.isInteger(value))
}

function isPlain(node: ScalarNode.Parsed): boolean {
  return node.type === 'PLAIN'
}

function textOf(node: ScalarNode.Parsed): string {
  // With the failsafe schema every scalar is a string; only a missing one is not.
  return typeof node.value === 'string' ? node.value : ''
}
