import { Agent, request, type RequestOptions } from 'node:https'
import { createAuthority } from '../../certs/authority.ts'
import { issueLeaf } from '../../certs/leaf.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { defaultSettings, type Settings } from '../../src/engine/settings.ts'
import { noInventory } from '../../src/inventory/none.ts'
import type { InventorySource } from '../../src/sdk/inventory.ts'
import type { Policy } from '../../src/sdk/policy.ts'
import type { Limits } from '../../src/server/app.ts'
import { Drain } from '../../src/server/drain.ts'
import { listen } from '../../src/server/listen.ts'
import { createLog, type Log, type LogLevel } from '../../src/server/log.ts'
import { createMetrics, type Metrics } from '../../src/server/metrics.ts'
import { createWebhook, type Webhook } from '../../src/server/webhook.ts'
import { broken, replicas, requests } from './policies.ts'

const now = new Date()
export const authority = await createAuthority('test', { now, days: 1 })
export const leaf = await issueLeaf(authority, { names: ['localhost'], ips: ['127.0.0.1'], now, days: 1 })

export interface TestWebhook extends Webhook {
  readonly port: number
  readonly drain: Drain
  readonly log: Log
  readonly metrics: Metrics
  /** What was logged so far, each line parsed. */
  lines(): Record<string, unknown>[]
  send(body: string | Buffer, options?: RequestOptions): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
  /** Undefined where the text is no JSON. */
  readonly json: unknown
  /** Tells connections apart. */
  readonly localPort: number | undefined
}

/** A webhook over real HTTPS on loopback, judged by the policies of the tests. Closed when the test ends. */
export async function startTestWebhook(
  t: { teardown(fn: () => unknown): unknown },
  {
    limits = {},
    level = 'debug',
    settings = {},
    inventory = noInventory,
    policies = [requests, replicas, broken],
  }: {
    limits?: Partial<Limits>
    level?: LogLevel
    settings?: Partial<Settings>
    inventory?: InventorySource
    policies?: readonly Policy[]
  } = {},
): Promise<TestWebhook> {
  const written: string[] = []
  const identity = { namespace: '-', pod: '-', node: '-', zone: '-' }
  const log = createLog(identity, level, { write: (line: string) => void written.push(line) })
  const drain = new Drain()
  const metrics = createMetrics({ inventory: () => [], certificates: () => new Map(), now: Date.now })
  const engine = createEngine(policies, { ...defaultSettings, ...settings })
  const webhook = createWebhook({
    engine: () => engine,
    inventory: () => inventory,
    log,
    metrics,
    isDraining: () => drain.draining,
    tls: { cert: leaf.certificate, key: leaf.key },
    now: Date.now,
    limits: { checkEveryMs: 50, ...limits },
  })
  const port = await listen(webhook.app, '127.0.0.1', 0)
  const agent = new Agent({ keepAlive: true })
  t.teardown(async () => {
    agent.destroy()
    webhook.app.server.closeAllConnections()
    await webhook.app.close()
  })
  return {
    ...webhook,
    port,
    drain,
    log,
    metrics,
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    send: (body, options = {}) => send(body, { port, agent, ...options }),
  }
}

/** Posts a body to /validate as the API server would. */
export function send(body: string | Buffer, { headers, ...options }: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        method: 'POST',
        host: '127.0.0.1',
        path: '/validate?timeout=10s',
        ca: authority.certificate,
        headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
        ...options,
      },
      (response) => {
        const { localPort } = response.socket
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text), localPort })
        })
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
