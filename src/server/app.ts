import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify'
import { errorFields, type Log } from './log.ts'
import { problemBody, problemOf, problems, type Problem } from './problem.ts'

/** How long and how large a request may be. The defaults are what the API server needs; tests shorten them. */
export interface Limits {
  /** An UPDATE holds the object twice, each up to the 3 MiB that the API server takes. */
  readonly bodyBytes: number
  /** All bodies together that have begun and not ended. */
  readonly bodiesBytes: number
  /** Open connections. Each API server keeps a few; a connection costs some 50 KiB. */
  readonly connections: number
  readonly requestTimeoutMs: number
  readonly headersTimeoutMs: number
  /** Above the 90 s for which the API server keeps idle connections: whoever closes first breaks a call. */
  readonly keepAliveMs: number
  /** How often Node looks for requests that took too long. */
  readonly checkEveryMs: number
}

export const defaultLimits: Limits = {
  bodyBytes: 8 * 1024 * 1024,
  bodiesBytes: 64 * 1024 * 1024,
  connections: 1024,
  requestTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  keepAliveMs: 120_000,
  checkEveryMs: 1000,
}

declare module 'fastify' {
  interface FastifyRequest {
    /** When the header of the request had been read, on the clock of `performance`. */
    arrived: number
  }
}

export interface AppSettings {
  readonly log: Log
  /** True once the process is to end: every answer then closes its connection. */
  readonly isDraining: () => boolean
  readonly limits: Limits
  /** Serves HTTPS where given. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** What the TLS server is made with, and again on every new certificate. */
export function tlsOptions({ cert, key }: { readonly cert: string; readonly key: string }) {
  return { cert, key, minVersion: 'TLSv1.2' as const }
}

/** A fastify app with the defaults changed that break a webhook, and with one shape of error. */
export function createApp({ log, isDraining, limits, tls }: AppSettings): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    // A request on a connection that is still open must be answered, not refused, while the server closes.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error)),
    serverFactory: (handler) => createServer(handler, limits, tls),
  })
  app.removeAllContentTypeParsers()
  app.decorateRequest('arrived', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrived = performance.now()
    done()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isDraining()) void reply.header('connection', 'close')
    done(null, payload)
  })
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, problems.notFound))
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error)
    if (problem === problems.fault) log.error(errorFields(error), 'internal fault while answering a request')
    return sendProblem(reply, problem)
  })
  return app
}

/** Answers with a problem. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', problem.retryAfterSeconds)
  return reply.code(problem.status).type('application/json').send(problemBody(problem))
}

// The default of Node, which a flag in NODE_OPTIONS could raise.
const headerBytes = 16 * 1024

function createServer(handler: RequestListener, limits: Limits, tls: AppSettings['tls']): Server {
  const options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    maxHeaderSize: headerBytes,
  }
  const server = tls
    ? createTlsServer(
        // The API server speaks HTTP/1.1 to webhooks (apiserver/pkg/util/webhook/client.go).
        { ...options, ...tlsOptions(tls), ALPNProtocols: ['http/1.1'], handshakeTimeout: limits.requestTimeoutMs },
        handler,
      )
    : createPlainServer(options, handler)
  server.maxConnections = limits.connections
  return server.on('clientError', answerBrokenRequest)
}

// Node calls this for what never became a request: broken HTTP, a header too large, one that came too slowly.
function answerBrokenRequest(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const known = problemOf(error)
  const problem = known === problems.fault ? problems.badRequest : known
  const body = problemBody(problem)
  const head = [
    `HTTP/1.1 ${problem.status} Refused`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
