import { entropy, invented } from './characters.ts'
import { decodeBase64 } from './decode.ts'
import { isPrivateKey } from './google.ts'
import { isPath, isPlaceholder, isReference } from './placeholder.ts'

/** A static credential of a user in a kubeconfig. Holds no character of it. */
export interface ClusterLogin {
  readonly detector: string
  /** Offset of its key in the text; 0 where the file was parsed. */
  readonly at: number
}

/**
 * The static credentials of the users in a kubeconfig in YAML, block or flow style; none where the text is no kubeconfig.
 * Plugins (`exec`) and paths of files (`tokenFile`, `client-key`) hold none. Format:
 * kubernetes.io/docs/reference/config-api/kubeconfig.v1.
 */
export function clusterLoginsIn(text: string): readonly ClusterLogin[] {
  if (!clustersLine.test(text) || !telling.test(text)) return []
  const logins: ClusterLogin[] = []
  for (const { start, end } of usersSections(text)) {
    for (const { index, 1: key = '', 2: double, 3: single, 4: bare } of text.slice(start, end).matchAll(member)) {
      const login = loginOf(key, double ?? single ?? bare ?? '')
      if (login !== undefined) logins.push({ detector: login, at: start + index })
    }
  }
  return logins
}

/** The same of an object that is parsed already: a kubeconfig has its users beside its clusters. */
export function clusterLoginsOf(node: ReadonlyMap<string, unknown>): readonly ClusterLogin[] {
  const users = node.get('users')
  if (!Array.isArray(users) || !Array.isArray(node.get('clusters'))) return []
  const logins: ClusterLogin[] = []
  for (const named of users) {
    const user = memberIn(named, 'user')
    for (const parent of [user, memberIn(memberIn(user, 'auth-provider'), 'config')]) {
      if (typeof parent !== 'object' || parent === null) continue
      for (const [key, value] of Object.entries(parent)) {
        const login = typeof value === 'string' ? loginOf(key, value) : undefined
        if (login !== undefined) logins.push({ detector: login, at: 0 })
      }
    }
  }
  return logins
}

function memberIn(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

function loginOf(key: string, value: string): string | undefined {
  const detector = detectors.get(key)
  if (detector === undefined || isPlaceholder(value) || isReference(value)) return undefined
  if (key === 'client-key-data') return isPrivateKey(decodeBase64(value) ?? '') ? detector : undefined
  const least = key === 'password' ? 8 : 16
  const random = value.length >= least && entropy(value) >= 2.5 && !invented(value) && !isPath(value)
  return random && !/\s/.test(value) ? detector : undefined
}

const detectors: ReadonlyMap<string, string> = new Map([
  ['client-key-data', 'kubeconfig-client-key'],
  ['token', 'kubeconfig-token'],
  ['password', 'kubeconfig-password'],
  // Of auth-provider: the login of a person.
  ['access-token', 'kubeconfig-auth-provider'],
  ['id-token', 'kubeconfig-auth-provider'],
  ['refresh-token', 'kubeconfig-auth-provider'],
  ['client-secret', 'kubeconfig-auth-provider'],
])

// `kind: ConfigMap` and `kind: Configuration` are none, and many files have clusters and users.
const telling = /kind["']?[ \t]{0,8}:[ \t]{0,8}["']?Config["']?[ \t]{0,8}(?:[,}\r\n]|$)|current-context|client-key-data/
const clustersLine = /^[ \t]*["']?clusters["']?:/m
const usersLine = /^([ \t]*)["']?users["']?:/gm
const member = new RegExp(
  `(?<=^|[\\s{,"'])(${[...detectors.keys()].join('|')})["']?[ \\t]*:[ \\t]*(?:"([^"\\n]*)"|'([^'\\n]*)'|([^\\s,}]+))`,
  'gm',
)

// From `users:` to the next line that is indented no deeper and begins no item of its list.
function* usersSections(text: string): Generator<{ readonly start: number; readonly end: number }> {
  let read = 0
  for (const { index, 0: line, 1: indentation = '' } of text.matchAll(usersLine)) {
    if (index < read) continue
    let end = index + line.length
    for (let newline = text.indexOf('\n', end); ; newline = text.indexOf('\n', end)) {
      end = newline < 0 ? text.length : newline + 1
      if (newline < 0 || leaves(text, end, indentation.length)) break
    }
    read = end
    yield { start: index, end }
  }
}

function leaves(text: string, start: number, depth: number): boolean {
  let at = start
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++
  const first = text.charAt(at)
  if (first === '' || first === '\n' || first === '\r' || first === '#') return false
  return at - start < depth || (at - start === depth && first !== '-' && first !== '}' && first !== ']')
}
