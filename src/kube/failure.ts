/** Stable codes of what can go wrong between us and the API server. */
export type KubeFailureCode =
  | 'D2_KUBE_CONFIG'
  | 'D2_KUBE_CREDENTIALS'
  | 'D2_KUBE_UNREACHABLE'
  | 'D2_KUBE_TLS'
  | 'D2_KUBE_UNAUTHORIZED'
  | 'D2_KUBE_FORBIDDEN'
  | 'D2_KUBE_NOT_FOUND'
  | 'D2_KUBE_GONE'
  | 'D2_KUBE_THROTTLED'
  | 'D2_KUBE_ANSWER'

/** One sentence for the user, without a credential in it, and what a retry needs to know. */
export class KubeFailure extends Error {
  override readonly name = 'KubeFailure'
  readonly code: KubeFailureCode
  /** The HTTP status, where the API server answered. */
  readonly status: number | undefined
  /** How long the API server asks us to wait. */
  readonly retryAfterMs: number | undefined
  /** With 410 on a page of a list: the token that goes on from the next key, in a newer snapshot. */
  readonly next: string | undefined

  constructor(code: KubeFailureCode, message: string, more: KubeFailureMore = {}) {
    super(message)
    this.code = code
    this.status = more.status
    this.retryAfterMs = more.retryAfterMs
    this.next = more.next
  }
}

export interface KubeFailureMore {
  readonly status?: number
  readonly retryAfterMs?: number
  readonly next?: string
}

/** A connection that could not be made or broke: the reason in words, by the code that Node gives it. */
export function connectionFailure(server: string, error: unknown): KubeFailure {
  const code = codeOf(error)
  const untrusted = distrust.get(code)
  if (untrusted) {
    const sentence = `the certificate of the API server ${server} ${untrusted} (${code}); check its address and certificate authority`
    return new KubeFailure('D2_KUBE_TLS', sentence)
  }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') {
    const sentence = `no TLS connection to the API server ${server} (${code}); check its address and our client certificate`
    return new KubeFailure('D2_KUBE_TLS', sentence)
  }
  const reason = unreachable.get(code) ?? `the connection failed (${code})`
  const sentence = `cannot reach the API server ${server}: ${reason}; check that it runs and that its address is right`
  return new KubeFailure('D2_KUBE_UNREACHABLE', sentence)
}

/** An answer other than 2xx. `body` is the Status object of the API server, or anything that a proxy in between sent. */
export function answerFailure(server: string, verb: string, path: string, answer: Answer): KubeFailure {
  const { status } = answer
  const more = { status, ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }) }
  const said = messageOf(answer.body)
  if (status === 401) {
    const sentence = `the API server ${server} does not accept our credentials (401): the token or client certificate is wrong or has expired; renew it`
    return new KubeFailure('D2_KUBE_UNAUTHORIZED', sentence, more)
  }
  if (status === 403) return new KubeFailure('D2_KUBE_FORBIDDEN', forbidden(verb, path, said), more)
  if (status === 404) return new KubeFailure('D2_KUBE_NOT_FOUND', `the API server does not serve ${path} (404)`, more)
  if (status === 410) {
    const next = continueOf(answer.body)
    const sentence = `the API server no longer has that version of ${path} (410)`
    return new KubeFailure('D2_KUBE_GONE', sentence, next ? { ...more, next } : more)
  }
  if (status === 429) {
    return new KubeFailure('D2_KUBE_THROTTLED', `the API server asks us to slow down (429) on ${verb} ${path}`, more)
  }
  const sentence = `the API server ${server} answered ${status} to ${verb} ${path}${said ? `: ${said}` : ''}`
  return new KubeFailure('D2_KUBE_ANSWER', sentence, more)
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly retryAfterMs?: number
}

const distrust: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'is not signed by the certificate authority given'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'is not signed by the certificate authority given'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'is not signed by the certificate authority given'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'is not signed by the certificate authority given'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'is not signed by the certificate authority given'],
  ['CERT_SIGNATURE_FAILURE', 'is not signed by the certificate authority given'],
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CERT_NOT_YET_VALID', 'is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for another name'],
])

const unreachable: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'the connection was reset'],
  ['EPIPE', 'the connection was reset'],
  ['ETIMEDOUT', 'no answer in time'],
  ['EHOSTUNREACH', 'no route to it'],
  ['ENETUNREACH', 'no route to it'],
  ['ENOTFOUND', 'its name is unknown'],
  ['EAI_AGAIN', 'its name cannot be looked up now'],
])

// Connecting to a name with several addresses fails with an AggregateError whose parts have the codes.
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && !hasCode(error)) return codeOf(error.errors[0])
  return hasCode(error) ? error.code : 'unknown error'
}

function hasCode(error: unknown): error is { readonly code: string } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
}

function forbidden(verb: string, path: string, said: string): string {
  const { group, resource, namespace } = addressOf(path)
  const user = /User "([^"]+)"/.exec(said)?.[1]
  const where = namespace ? `in namespace "${namespace}"` : 'in the whole cluster'
  return `not allowed to ${verb} ${resource} of API group "${group}" ${where} (403); grant ${user ? `"${user}"` : 'our user'} the verb "${verb}" on "${resource}"`
}

/** What a path asks for, as the API server's RequestInfo reads it (apiserver/pkg/endpoints/request/requestinfo.go). */
export function addressOf(path: string): { group: string; resource: string; namespace: string; name: string } {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent)
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : ''
  const rest = parts.slice(parts[0] === 'apis' ? 3 : 2)
  const [first = '', second = '', third = '', fourth = ''] = rest
  if (first === 'namespaces' && third) return { group, resource: third, namespace: second, name: fourth }
  return { group, resource: first, namespace: '', name: second }
}

function messageOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('message' in body) || typeof body.message !== 'string') return ''
  return body.message.replace(/\s+/g, ' ').slice(0, 300)
}

function continueOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { metadata } = body as { metadata?: { continue?: string } }
  return metadata?.continue || undefined
}
