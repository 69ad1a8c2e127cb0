/** A JSON pointer (RFC 6901) to the value under these keys and indices; '' is the whole object. */
export function pointer(...segments: readonly (string | number)[]): string {
  let path = ''
  for (const segment of segments) path += '/' + (typeof segment === 'number' ? segment : escape(segment))
  return path
}

/** The keys of a pointer, unescaped; undefined if it is none. */
export function segmentsOf(path: string): string[] | undefined {
  if (path === '') return []
  if (!path.startsWith('/')) return undefined
  return path.slice(1).split('/').map(unescape)
}

/** The value at a pointer; undefined if nothing is there. Own members only, so a key named `constructor` is just a key. */
export function resolve(path: string, object: unknown): unknown {
  let value = object
  for (const segment of segmentsOf(path) ?? ['']) {
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value) ? !index.test(segment) : !Object.hasOwn(value, segment)) return undefined
    // Arrays and objects alike are read by key here; the line above has tested that the key is theirs.
    value = (value as { readonly [key: string]: unknown })[segment]
  }
  return value
}

const index = /^(0|[1-9]\d*)$/

function escape(segment: string): string {
  return segment.includes('~') || segment.includes('/') ? segment.replaceAll('~', '~0').replaceAll('/', '~1') : segment
}

function unescape(segment: string): string {
  return segment.includes('~') ? segment.replaceAll('~1', '/').replaceAll('~0', '~') : segment
}
