import type { FastifyInstance } from 'fastify'
import { createApp, defaultLimits } from './app.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'

/** Probes and metrics over plain HTTP, on a port of their own: the kubelet and Prometheus have no business with TLS here. */
export function createProbes(settings: {
  readonly readiness: Readiness
  readonly metrics: Metrics
  readonly log: Log
}): FastifyInstance {
  const { readiness, metrics, log } = settings
  const app = createApp({ log, isDraining: () => false, limits: defaultLimits })
  // Alive is whoever answers: nothing else may make the kubelet kill a process that still serves.
  app.get('/livez', (_request, reply) => reply.type('text/plain').send('ok\n'))
  app.get('/readyz', (_request, reply) => {
    const { ready, text } = readiness.report()
    return reply
      .code(ready ? 200 : 503)
      .type('text/plain')
      .send(text)
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  return app
}
