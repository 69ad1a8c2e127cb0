import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'

export interface ApiResponse {
  readonly status: number
  /** Parsed if it is JSON, else the text. */
  readonly body: Json
  readonly headers: IncomingHttpHeaders
  /** The texts of the Warning headers, in their order. */
  readonly warnings: readonly string[]
}

/** A JSON value that can be walked without asking: a path that is not there gives undefined. */
export interface Json {
  /** The value at a path of keys and indices. */
  at(...path: (string | number)[]): Json
  readonly value: unknown
  readonly text: string
  readonly items: readonly Json[]
}

export interface ApiOptions {
  readonly contentType?: string
  readonly headers?: { readonly [name: string]: string }
}

export type ApiRequest = (method: string, path: string, body?: unknown, options?: ApiOptions) => Promise<ApiResponse>

export interface ApiClient {
  readonly request: ApiRequest
  readonly close: () => void
}

/** Raw calls to one HTTPS server. `body` is sent as JSON unless it is a string already. */
export function createClient(server: string, ca: string, token: string): ApiClient {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 16 })
  const request: ApiRequest = (method, path, body, { contentType = 'application/json', headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const call = httpsRequest(
        new URL(path, server),
        {
          method,
          agent,
          timeout: 120_000,
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': contentType }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.once('error', reject)
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              body: json(parse(Buffer.concat(chunks).toString())),
              headers: response.headers,
              warnings: (response.headersDistinct.warning ?? []).map(warningText),
            }),
          )
        },
      )
      call.once('timeout', () => call.destroy(new Error(`${method} ${path}: no answer in 120 s`)))
      call.once('error', reject)
      call.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
    })
  return { request, close: () => agent.destroy() }
}

export function json(value: unknown): Json {
  return {
    value,
    at: (...path) => json(path.reduce<unknown>(child, value)),
    get text() {
      return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
    },
    get items() {
      return Array.isArray(value) ? value.map(json) : []
    },
  }
}

function child(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `299 - "text"` with quoted pairs (RFC 7234 §5.5) → text. */
function warningText(header: string): string {
  const quoted = /^299 \S+ "(.*)"$/.exec(header)?.[1]
  return quoted === undefined ? header : quoted.replace(/\\(.)/g, '$1')
}
