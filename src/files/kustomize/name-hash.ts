import { createHash } from 'node:crypto'
import { memberOf, recordOf } from '../../sdk/shape.ts'
import type { Resource } from './resource.ts'

/**
 * The end of the name of a generated object: a hash of what it holds (`kustomize/api/hasher`). For a Secret, and where
 * a file could not be read, a stand-in of the same length: names meet all the same, and no digest of a secret is shown.
 */
export function hashOf({ kind, incomplete, object }: Resource): string {
  if (kind !== 'ConfigMap' || incomplete) return standIn
  const data = recordOf(memberOf(object.value, 'data'))
  const binaryData = recordOf(memberOf(object.value, 'binaryData'))
  const members = [
    ...(binaryData ? [`"binaryData":${mapText(binaryData)}`] : []),
    `"data":${data ? mapText(data) : '""'}`,
    `"kind":${asGoWrites(kind)}`,
    // It means to hash the name, and finds none.
    '"name":""',
  ]
  const hex = createHash('sha256')
    .update(`{${members.join(',')}}`)
    .digest('hex')
  return [...hex.slice(0, standIn.length)].map((digit) => letters.get(digit) ?? digit).join('')
}

const standIn = 'xxxxxxxxxx'

// Digits that would make words.
const letters: ReadonlyMap<string, string> = new Map([
  ['0', 'g'],
  ['1', 'h'],
  ['3', 'k'],
  ['a', 'm'],
  ['e', 't'],
])

// Keys in the order of their bytes; an object of JavaScript would put those that are numbers first.
function mapText(map: { readonly [key: string]: unknown }): string {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, value]) => `${asGoWrites(key)}:${asGoWrites(value)}`).join(',')}}`
}

// Go escapes what HTML would misread.
function asGoWrites(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
