import type { IncomingMessage } from 'node:http'
import { Agent, request, type RequestOptions } from 'node:https'
import { loadCredentials, type Credentials, type Source } from './credentials.ts'
import { addressOf, answerFailure, connectionFailure, KubeFailure } from './failure.ts'
import { turns } from './turns.ts'

/** Names and values of a query string; what is undefined is left out. */
export interface Query {
  readonly [name: string]: string | number | boolean | undefined
}

export interface RequestSettings {
  readonly query?: Query
  readonly signal?: AbortSignal
  /** How long the connection may stay silent, in milliseconds. */
  readonly idleMs?: number
}

/** Raw JSON from one API server. Nothing that comes back is renamed, typed or dropped. */
export interface Connection {
  readonly server: string
  /** The parsed answer of a GET. @throws KubeFailure */
  request(path: string, settings?: RequestSettings): Promise<unknown>
  /** The body of a GET that keeps coming, as it comes. @throws KubeFailure */
  stream(path: string, settings?: RequestSettings): Promise<IncomingMessage>
  /** Ends idle connections; open ones end with their signal. */
  close(): void
}

/** @throws KubeFailure where no cluster is configured; nothing is sent yet. */
export async function connect(source: Source = {}): Promise<Connection> {
  return connectWith(await loadCredentials(source))
}

/** A connection on credentials that were read already. */
export function connectWith(credentials: Credentials): Connection {
  // One agent for all: client-node alone would make a TLS handshake for each call. Node keeps the pools of different
  // certificates apart, so a rotated client certificate gets connections of its own.
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 8 })
  // Twenty collections that are read at once hold twenty pages and their text; one after the other they hold one.
  const inTurn = turns(2)
  const stream = (path: string, settings: RequestSettings = {}) => get(credentials, agent, path, settings)
  return {
    server: credentials.server,
    stream,
    request: (path, settings = {}) =>
      inTurn(async () => {
        const response = await stream(path, settings)
        return parse(credentials.server, path, await text(credentials.server, response, settings.signal))
      }),
    close: () => agent.destroy(),
  }
}

const idleDefaultMs = 30_000

async function get(
  credentials: Credentials,
  agent: Agent,
  path: string,
  settings: RequestSettings,
): Promise<IncomingMessage> {
  const { server } = credentials
  let response = await send(server, agent, await credentials.options(), path, settings)
  if (response.statusCode === 401) {
    // A token that was rotated, revoked or expired early: what is on disk may be newer than what is cached.
    response.resume()
    await credentials.reload()
    response = await send(server, agent, await credentials.options(), path, settings)
  }
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return response
  const body = tolerantParse(await text(server, response, settings.signal).catch(() => ''))
  const retryAfterMs = retryAfterOf(response.headers['retry-after'])
  const answer = { status, body, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  throw answerFailure(server, verbOf(path, settings.query), path, answer)
}

async function send(
  server: string,
  agent: Agent,
  options: RequestOptions,
  path: string,
  settings: RequestSettings,
  again = true,
): Promise<IncomingMessage> {
  settings.signal?.throwIfAborted()
  const url = new URL(`${server}${path}${queryOf(settings.query)}`)
  const outgoing = request(url, {
    agent,
    ...options,
    method: 'GET',
    headers: { accept: 'application/json', 'user-agent': 'day2-admission', ...options.headers },
    ...(settings.signal ? { signal: settings.signal } : {}),
  })
  const idleMs = settings.idleMs ?? idleDefaultMs
  outgoing.setTimeout(idleMs, () => outgoing.destroy(new IdleTimeout()))
  try {
    return await new Promise((resolve, reject) => {
      outgoing.once('response', resolve)
      outgoing.once('error', reject)
      outgoing.end()
    })
  } catch (error) {
    settings.signal?.throwIfAborted()
    // The server may close an idle connection while we take it from the pool; a GET can simply be sent again.
    if (again && outgoing.reusedSocket && !(error instanceof IdleTimeout)) {
      return send(server, agent, options, path, settings, false)
    }
    throw connectionFailure(server, error)
  }
}

class IdleTimeout extends Error {
  readonly code = 'ETIMEDOUT'
}

async function text(server: string, response: IncomingMessage, signal?: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  try {
    // IncomingMessage yields `any`; without an encoding its chunks are buffers.
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch (error) {
    signal?.throwIfAborted()
    throw connectionFailure(server, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(server: string, path: string, body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new KubeFailure('D2_KUBE_ANSWER', `the API server ${server} sent no JSON for ${path}; is it behind a proxy?`)
  }
}

function tolerantParse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function queryOf(query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value))
  return params.size > 0 ? `?${params.toString()}` : ''
}

function verbOf(path: string, query: Query = {}): string {
  if (query['watch']) return 'watch'
  return addressOf(path).name ? 'get' : 'list'
}

function retryAfterOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined
}
