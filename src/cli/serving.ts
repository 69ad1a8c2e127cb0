import type { Engine } from '../engine/engine.ts'
import type { Subject } from '../engine/subject.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import { Drain, drainAndClose } from '../server/drain.ts'
import { listen, listenSomewhere } from '../server/listen.ts'
import type { Log } from '../server/log.ts'
import { createMetrics, type InventoryStatus, type Metrics } from '../server/metrics.ts'
import { createProbes } from '../server/probes.ts'
import { Readiness, type Check } from '../server/readiness.ts'
import { createWebhook } from '../server/webhook.ts'

export interface ServingSettings {
  /** Undefined: every address of the machine. */
  readonly host: string | undefined
  /** 0 takes any free port. */
  readonly port: number
  readonly probePort: number
  /** Takes any free port in the place of one that is in use. */
  readonly orFreePort?: boolean
  readonly log: Log
  readonly engine: () => Engine
  /** Asked for each review. */
  readonly inventory: () => InventorySource
  /** Told of every object that was let in. */
  readonly admitted?: (subject: Subject) => void
  readonly inventoryStatus: () => readonly InventoryStatus[]
  /** What must hold before the webhook is ready, besides its certificate. */
  readonly checks: ReadonlyMap<string, Check>
  /** The certificate that is served first. */
  readonly certificate: Certificate
  readonly drain: { readonly seconds: number; readonly closeSeconds: number }
}

export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly notAfter: Date
  readonly authorityNotAfter?: Date
}

export interface Serving {
  readonly port: number
  readonly probePort: number
  readonly metrics: Metrics
  /** Serves another certificate from now on; one that TLS refuses is thrown, and the old one is still served. */
  useCertificate(certificate: Certificate): void
  /** Drains and closes both ports. */
  stop(): Promise<void>
}

/** Starts webhook and probes. @throws ListenError, with nothing left listening */
export async function startServing(settings: ServingSettings): Promise<Serving> {
  const { host, log, engine, inventory } = settings
  let served = settings.certificate
  const drain = new Drain()
  const metrics = createMetrics({
    inventory: settings.inventoryStatus,
    certificates: () => ends(served),
    now: Date.now,
  })
  const readiness = new Readiness()
  readiness.add('process', () => (drain.draining ? 'draining' : undefined))
  readiness.add('certificate', () =>
    served.notAfter.getTime() < Date.now() ? `expired on ${served.notAfter.toISOString()}` : undefined,
  )
  for (const [name, check] of settings.checks) readiness.add(name, check)

  const webhook = createWebhook({
    engine,
    inventory,
    ...(settings.admitted ? { admitted: settings.admitted } : {}),
    log,
    metrics,
    isDraining: () => drain.draining,
    tls: served,
    now: Date.now,
  })
  const probes = createProbes({ readiness, metrics, log })
  const open = settings.orFreePort ? listenSomewhere : listen
  const port = await open(webhook.app, host, settings.port)
  const probePort = await open(probes, host, settings.probePort).catch(async (error: unknown) => {
    await webhook.app.close()
    throw error
  })
  return {
    port,
    probePort,
    metrics,
    useCertificate(fresh) {
      webhook.useCertificate(fresh)
      // Only now: metrics and readiness tell of the certificate that is served.
      served = fresh
    },
    async stop() {
      await drainAndClose(webhook.app, drain, { ...settings.drain, log })
      await probes.close()
    },
  }
}

function ends({ notAfter, authorityNotAfter }: Certificate): ReadonlyMap<'serving' | 'authority', Date> {
  return new Map([
    ['serving', notAfter] as const,
    ...(authorityNotAfter ? [['authority', authorityNotAfter] as const] : []),
  ])
}
