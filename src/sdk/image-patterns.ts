import { parseImage } from './images.ts'
import { unknown, type Unknown } from './inventory.ts'

/**
 * True if a credential provider of the kubelet is asked for the image: one of its `matchImages` fits. Each part of a
 * host may hold `*`, which stands for no dot; ports must be the same, and the path is a prefix
 * (kubernetes/pkg/credentialprovider/keyring.go URLsMatch). Unknown where a `${VARIABLE}` hides what decides.
 */
export function matchesImages(patterns: readonly string[], image: unknown): boolean | Unknown {
  const reference = parseImage(image)
  if (!reference) return false
  const { host, repository } = reference
  if (host === unknown) return unknown
  let result: boolean | Unknown = false
  for (const pattern of patterns) {
    const { host: wanted, path } = split(pattern.replace(/^https?:\/\//, ''))
    if (!fitsHost(wanted, host)) continue
    if (path === '') return true
    if (repository === unknown) result = unknown
    else if (`/${repository}`.startsWith(path)) return true
  }
  return result
}

function split(pattern: string): { readonly host: string; readonly path: string } {
  const slash = pattern.indexOf('/')
  if (slash < 0) return { host: pattern, path: '' }
  const path = pattern.slice(slash)
  return { host: pattern.slice(0, slash), path: path === '/' ? '' : path }
}

function fitsHost(pattern: string, host: string): boolean {
  const [wanted, wantedPort] = pattern.toLowerCase().split(':')
  const [name, port] = host.split(':')
  if (wantedPort !== port) return false
  const parts = (wanted ?? '').split('.')
  const names = (name ?? '').split('.')
  return parts.length === names.length && parts.every((part, index) => fitsPart(part, names[index] ?? ''))
}

/** A part of a host, with any number of `*`. Linear in time: each piece is looked for behind the one before. */
function fitsPart(pattern: string, name: string): boolean {
  const pieces = pattern.split('*')
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return pattern === name
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
  let from = first.length
  const end = name.length - last.length
  for (const piece of rest) {
    const at = name.indexOf(piece, from)
    if (at < 0 || at + piece.length > end) return false
    from = at + piece.length
  }
  return true
}
