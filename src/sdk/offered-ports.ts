import { asksForSidecar } from './injected-containers.ts'
import { unknown } from './inventory.ts'
import { podSpecOf, type PodSpecView } from './pod-specs.ts'
import type { Backend } from './services.ts'
import { memberOf } from './shape.ts'
import { protocolOf, servingPortsOf, targetPortOf, type DeclaredPort } from './target-ports.ts'

/** A workload or Pod that serves what is sent to its Service. */
export interface Server {
  readonly backend: Backend
  readonly view: PodSpecView
}

/** What the servers of a Service make of one of its ports. */
export type Offer =
  /** All of them have the name; or one declares the number, or one may listen there without a declaration. */
  | { readonly state: 'served' }
  /** A `${VARIABLE}` decides. */
  | { readonly state: 'unknown' }
  /** Some have the name; `lacking` is the first that has not. */
  | { readonly state: 'some'; readonly target: string; readonly lacking: Server }
  /** None has the name or number for this protocol, but one has it for another. */
  | {
      readonly state: 'protocol'
      readonly target: number | string
      readonly protocol: string
      readonly server: Server
      readonly declared: DeclaredPort
    }
  /** None has the name, or every container declares ports and none this number. */
  | { readonly state: 'none'; readonly target: number | string; readonly server: Server }

/**
 * Those of the workloads behind a Service that are meant to serve: not what runs to an end, nor what is scaled to zero,
 * unless there is nothing else.
 */
export function serversAmong(backends: readonly Backend[]): Server[] {
  const all = backends.flatMap((backend) => {
    const view = podSpecOf(backend.kind, backend.object)
    return view ? { backend, view } : []
  })
  const serves = ({ backend: { kind, object } }: Server) =>
    kind !== 'Job' && kind !== 'CronJob' && memberOf(memberOf(object, 'spec'), 'replicas') !== 0
  // A Rollout may run pods with the template of a Deployment that has none of its own any more.
  const lent = new Set(
    all.filter((server) => server.backend.kind === 'Rollout' && serves(server)).map(({ view }) => view.spec),
  )
  const serving = all.filter((server) => serves(server) || lent.has(server.view.spec))
  return serving.length > 0 ? serving : all
}

/**
 * Answers for each port of a Service what the servers make of it; as `findTargetPort` does for one pod, but looking at
 * each server once, since a Service may have many of both. Without a server there is nothing to say.
 */
export function offerOf(servers: readonly Server[]): (servicePort: unknown) => Offer {
  const [first] = servers
  if (!first) return () => served
  const exact = new Map<string, Holders>()
  const alike = new Map<number | string, { readonly server: Server; readonly declared: DeclaredPort }>()
  const ports = servers.map(({ view }) => servingPortsOf(view))
  servers.forEach((server, index) => {
    for (const declared of ports[index]?.all ?? []) {
      const { name, number, protocol } = declared
      for (const target of [name === '' ? undefined : name, number]) {
        if (target === undefined) continue
        if (!alike.has(target)) alike.set(target, { server, declared })
        const key = keyOf(target, protocol)
        const holders = exact.get(key) ?? { first: 0 }
        // Counts on while each server so far has the port, and stops at the first that has not.
        exact.set(key, holders.first === index ? { first: index + 1 } : holders)
      }
    }
  })
  const varies = ports.some((each) => each.varies)
  const mayGainNames = servers.some(({ view }) => asksForSidecar(view))
  const tellsAll = ports.every((each) => each.everyContainerDeclares)

  return (servicePort) => {
    const target = targetPortOf(servicePort)
    const protocol = protocolOf(servicePort)
    if (target === unknown || protocol === unknown) return undecided
    const holders = exact.get(keyOf(target, protocol))
    if (holders && (typeof target === 'number' || holders.first === servers.length)) return served
    // A sidecar that is injected brings ports with names; a number is sent to whoever listens.
    if (varies || (mayGainNames && typeof target === 'string')) return undecided
    const lacking = servers[holders?.first ?? 0]
    if (holders && lacking) return { state: 'some', target: String(target), lacking }
    const other = alike.get(target)
    if (other) return { state: 'protocol', target, protocol, ...other }
    return typeof target === 'string' || tellsAll ? { state: 'none', target, server: first } : served
  }
}

/** How many servers in a row, from the first, have a port. */
interface Holders {
  readonly first: number
}

const served: Offer = Object.freeze({ state: 'served' })
const undecided: Offer = Object.freeze({ state: 'unknown' })

// A name of a port is no number, and neither holds a slash.
function keyOf(target: number | string, protocol: string): string {
  return `${typeof target} ${target}/${protocol}`
}
