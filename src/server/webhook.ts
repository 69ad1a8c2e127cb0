import type { Server } from 'node:https'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { handleReview } from '../admission/handle.ts'
import type { Engine } from '../engine/engine.ts'
import type { Subject } from '../engine/subject.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import { createApp, defaultLimits, sendProblem, tlsOptions, type Limits } from './app.ts'
import { parseBody } from './body.ts'
import { createBodyReader } from './body-reader.ts'
import { budgetMs } from './deadline.ts'
import { generateTraceId, type Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { problemOf, problems, RequestProblem } from './problem.ts'
import { logReview } from './review-log.ts'

export interface WebhookSettings {
  /** Asked for each review, so that new settings hold from the next one on. */
  readonly engine: () => Engine
  readonly inventory: () => InventorySource
  /** Told of every object that was let in, before the answer goes out. */
  readonly admitted?: (subject: Subject) => void
  readonly log: Log
  readonly metrics: Metrics
  readonly isDraining: () => boolean
  readonly tls: { readonly cert: string; readonly key: string }
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly limits?: Partial<Limits>
}

export interface Webhook {
  readonly app: FastifyInstance
  /** Serves another certificate from the next handshake on; open connections go on. */
  useCertificate(tls: { readonly cert: string; readonly key: string }): void
}

/** The webhook itself: `POST /validate` over HTTPS. Whatever carries a uid is answered with 200. */
export function createWebhook(settings: WebhookSettings): Webhook {
  const { log, isDraining, tls } = settings
  const limits = { ...defaultLimits, ...settings.limits }
  const app = createApp({ log, isDraining, tls, limits })
  const readBody = createBodyReader(limits)
  app.addContentTypeParser('application/json', (request, payload, done) => {
    if (isEncoded(request)) throw new RequestProblem(problems.mediaType)
    readBody(payload, Number(request.headers['content-length']), (error, body) => {
      if (error || !body) return done(error)
      try {
        done(null, parseBody(body))
      } catch (fault) {
        done(fault instanceof Error ? fault : new Error('parser'))
      }
    })
  })
  app.post('/validate', (request, reply) => answer(settings, request, reply))
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: '/validate',
    // Before a body is read or refused.
    onRequest: (_request, reply) => void sendProblem(reply.header('allow', 'POST'), problems.method),
    handler: (_request, reply) => reply,
  })
  app.addHook('onError', (_request, _reply, error, done) => {
    const isBusy = problemOf(error) === problems.busy
    if (isBusy) log.warn({ code: problems.busy.code }, 'too many bodies are being received: the oldest was given up')
    settings.metrics.refused(isBusy ? 'overloaded' : 'invalid')
    done()
  })
  return {
    app,
    useCertificate(fresh) {
      // createApp makes an HTTPS server where it is given a certificate, as it is above.
      const server = app.server as unknown as Server
      server.setSecureContext(tlsOptions(fresh))
    },
  }
}

function answer(settings: WebhookSettings, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { engine, inventory, log, metrics, now } = settings
  if (request.body === undefined || request.body === null) throw new RequestProblem(problems.empty)
  const budget = budgetMs(timeoutOf(request.query))
  const traceparent = request.headers['traceparent']
  const handled = handleReview(engine(), request.body, {
    inventory: inventory(),
    now: now(),
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    generateTraceId,
    outOfTime: () => performance.now() - request.arrived > budget,
  })
  if (handled.as === 'refusal') {
    const { code, message, trace } = handled
    log.warn({ trace_id: trace.id, trace_src: trace.source, code }, 'review refused: it cannot be answered')
    throw new RequestProblem({ status: 400, code, message })
  }
  if (handled.admitted) settings.admitted?.(handled.admitted)
  const ms = performance.now() - request.arrived
  metrics.review(handled, ms / 1000)
  logReview(log, handled, ms)
  return reply.type('application/json').send(JSON.stringify(handled.body))
}

// The API server sends bodies as they are; nothing here unpacks any.
function isEncoded({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding']
  return encoding !== undefined && encoding !== 'identity'
}

function timeoutOf(query: unknown): unknown {
  return typeof query === 'object' && query !== null && 'timeout' in query ? query.timeout : undefined
}
