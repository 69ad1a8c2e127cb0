import { googleDocument } from './google.ts'
import type { DocumentVerdict, ParsedObject } from './google.ts'
import { isJson } from './json-form.ts'
import { clusterLoginOf, type ClusterLogin } from './kubeconfig.ts'
import { tellingName } from './telling-names.ts'
import type { TellingName } from './telling-names.ts'

/** What lies in a JSON document, or in the JSON objects embedded in another text. */
export interface DocumentVisitor {
  verdict(verdict: Exclude<DocumentVerdict, undefined>): void
  entry(name: TellingName, value: string): void
  /** The entries of a docker configuration. */
  logins(entries: object): void
  clusterLogin(login: ClusterLogin): void
  /** A string that is itself a document. */
  nested(text: string): void
}

/**
 * Walks the JSON in a text: the whole of it, or else the objects around the members that documents with keys have. The
 * walk keeps its own stack, so depth costs nothing. Answers with false where the text is not JSON as a whole.
 */
export function visitDocuments(text: string, visitor: DocumentVisitor): boolean {
  const whole = /^\s*[[{]/.test(text) && !tooDeep(text) ? parse(text) : undefined
  if (whole !== undefined) {
    walk(whole, visitor)
    return true
  }
  for (const embedded of embeddedObjects(text)) walk(embedded, visitor)
  return false
}

function walk(root: unknown, visitor: DocumentVisitor): void {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) {
      for (const item of value) if (isParent(item)) open.push(item)
    } else if (isParent(value)) {
      // JSON.parse made it: all that it has is its own, and the names asked for are none that objects inherit.
      visitObject(value as ParsedObject, visitor, open)
    }
  }
}

function visitObject(node: ParsedObject, visitor: DocumentVisitor, open: unknown[]): void {
  const verdict = googleDocument(node)
  if (verdict) visitor.verdict(verdict)
  if (isParent(node['auths'])) visitor.logins(node['auths'])
  const clusterLogin = clusterLoginOf(node)
  if (clusterLogin) visitor.clusterLogin(clusterLogin)
  for (const key of Object.keys(node)) {
    const value = node[key]
    if (isParent(value)) open.push(value)
    else if (typeof value === 'string') visitString(key, value, visitor)
  }
  // The shape of variables in a pod spec: { name, value }.
  const { name, value } = node
  if (typeof name === 'string' && typeof value === 'string') visitString(name, value, visitor)
}

function visitString(key: string, value: string, visitor: DocumentVisitor): void {
  const name = tellingName(key)
  if (name) visitor.entry(name, value)
  if (value.length > 64 && /^\s*\{/.test(value)) visitor.nested(value)
}

/**
 * The innermost objects around a sentinel, as in a YAML block or an env file. The keys are flat objects of strings that
 * hold no braces, so the nearest braces are theirs. Every character is searched once.
 */
function* embeddedObjects(text: string): Generator<unknown> {
  let from = 0
  for (const { index: at } of text.matchAll(sentinel)) {
    if (at < from) continue
    const open = text.slice(from, at).lastIndexOf('{')
    const start = from + open
    from = at
    if (open < 0) continue
    const close = text.indexOf('}', at)
    if (close < 0) return
    from = close + 1
    const source = text.slice(start, from)
    const document = isJson(source) ? source : unescape(source)
    if (document !== undefined) yield JSON.parse(document)
  }
}

const sentinel = /"?(?:private_key|refresh_token|clientSecret|aadClientSecret|appId)\\?"/g

// Inside a double-quoted string the document's own quotes are escaped.
function unescape(source: string): string | undefined {
  const quoted = source.includes('\\"') ? `"${source}"` : ''
  const inner: unknown = isJson(quoted) ? JSON.parse(quoted) : undefined
  return typeof inner === 'string' && isJson(inner) ? inner : undefined
}

// Nobody nests credentials a hundred levels deep, and a MiB of brackets takes JSON.parse a tenth of a second.
function tooDeep(text: string): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5b || code === 0x7b) depth++
    else if (code === 0x5d || code === 0x7d) depth--
    if (depth > 100) return true
  }
  return false
}

// The error of JSON.parse quotes its input, so it goes no further than here.
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isParent(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
