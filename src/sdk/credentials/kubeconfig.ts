import { entropy, invented } from './characters.ts'
import { decodeBase64 } from './decode.ts'
import { isPrivateKey, type ParsedObject } from './google.ts'
import { isPath, isPlaceholder, isReference } from './placeholder.ts'

/** A static credential of a user in a kubeconfig. Holds no character of it. */
export interface ClusterLogin {
  readonly detector: string
  /** Offset of its key in the text; 0 where the file was parsed. */
  readonly at: number
}

/**
 * The first static credential of a user in a kubeconfig in YAML, block or flow style; none where the text is no
 * kubeconfig. Plugins (`exec`) and paths of files (`tokenFile`, `client-key`) hold none. Format:
 * kubernetes.io/docs/reference/config-api/kubeconfig.v1.
 */
export function clusterLoginIn(text: string): ClusterLogin | undefined {
  if (!clustersLine.test(text) || !telling.test(text)) return undefined
  usersLine.lastIndex = 0
  for (let line = usersLine.exec(text); line !== null; line = usersLine.exec(text)) {
    const end = endOfSection(text, usersLine.lastIndex, line[1]?.length ?? 0)
    const login = loginBetween(text, line.index, end)
    if (login) return login
    usersLine.lastIndex = end
  }
  return undefined
}

/** The same of an object that is parsed already: a kubeconfig has its users beside its clusters. */
export function clusterLoginOf(node: ParsedObject): ClusterLogin | undefined {
  const users = node['users']
  if (!Array.isArray(users) || !Array.isArray(node['clusters'])) return undefined
  for (const named of users) {
    const user = memberIn(named, 'user')
    for (const parent of [user, memberIn(memberIn(user, 'auth-provider'), 'config')]) {
      if (typeof parent !== 'object' || parent === null) continue
      for (const [key, value] of Object.entries(parent)) {
        const login = typeof value === 'string' ? loginOf(key, value) : undefined
        if (login !== undefined) return { detector: login, at: 0 }
      }
    }
  }
  return undefined
}

function memberIn(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

function loginOf(key: string, value: string): string | undefined {
  const detector = detectors.get(key)
  if (detector === undefined || value.length < 8) return undefined
  if (key === 'client-key-data') return isKeyData(value) ? detector : undefined
  if (value.length < 16 && key !== 'password') return undefined
  if (entropy(value) < 2.5 || invented(value) || /\s/.test(value)) return undefined
  return isPlaceholder(value) || isReference(value) || isPath(value) ? undefined : detector
}

function isKeyData(value: string): boolean {
  return !isPlaceholder(value) && !isReference(value) && isPrivateKey(decodeBase64(value) ?? '')
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
const key = new RegExp([...detectors.keys()].join('|'), 'g')
const valueBehind = /["']?[ \t]*:[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s,}]+))/y

// Keys stand at the beginning of a line, or behind a blank, a bracket, a comma or a quote.
function loginBetween(text: string, start: number, end: number): ClusterLogin | undefined {
  // Cut out, so that a section without a key is not looked for one in all that comes after it.
  const section = text.slice(start, end)
  key.lastIndex = 0
  for (let hit = key.exec(section); hit !== null; hit = key.exec(section)) {
    if (!/[\s{,"']/.test(section.charAt(hit.index - 1))) continue
    valueBehind.lastIndex = key.lastIndex
    const [value, double, single, bare] = valueBehind.exec(section) ?? []
    if (value === undefined) continue
    const login = loginOf(hit[0], double ?? single ?? bare ?? '')
    if (login !== undefined) return { detector: login, at: start + hit.index }
    key.lastIndex = valueBehind.lastIndex
  }
  return undefined
}

// From `users:` to the next line that is indented no deeper and begins no item of its list.
function endOfSection(text: string, from: number, indentation: number): number {
  for (let newline = text.indexOf('\n', from); newline >= 0; newline = text.indexOf('\n', newline + 1))
    if (leaves(text, newline + 1, indentation)) return newline + 1
  return text.length
}

function leaves(text: string, start: number, depth: number): boolean {
  let at = start
  while (at - start <= depth && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) at++
  if (at - start > depth) return false
  const first = text.charAt(at)
  if (first === '' || first === '\n' || first === '\r' || first === '#') return false
  return at - start < depth || (first !== '-' && first !== '}' && first !== ']')
}
