import type { Inventory } from './inventory.ts'
import { ingressesOf, type Ingress } from './ingress-backends.ts'
import type { KindName } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import type { Relation } from './relations.ts'
import { isHeadless, servicesOf, type Service } from './services.ts'

/**
 * How far the pods behind a Service are reached from, the farthest first. `headless` clients find the pods by name and
 * pass no proxy.
 */
export type Reach = 'load-balancer' | 'ingress' | 'node-port' | 'cluster' | 'headless'

/** A Service over the pods of a workload, and the Ingresses that send to it. */
export interface Exposure {
  readonly service: Service
  readonly reach: Reach
  readonly ingresses: readonly Ingress[]
}

/** Every Service over the pods of a workload or Pod of this namespace, with its reach. */
export function exposuresOf(
  kind: KindName,
  object: unknown,
  namespace: string,
  inventory: Inventory<'Service' | 'Ingress'>,
): Relation<Exposure> {
  return typeof object === 'object' && object
    ? exposuresIn(object, inventory, kind, namespace)
    : { found: [], unsure: [] }
}

const exposuresIn = oncePerReview(
  (
    object: object,
    inventory: Inventory<'Service' | 'Ingress'>,
    kind: KindName,
    namespace: string,
  ): Relation<Exposure> => {
    const services = servicesOf(kind, object, namespace, inventory)
    const exposures = services.found.map((service) => ({ service, routes: ingressesOf(service, namespace, inventory) }))
    return {
      found: exposures.map(({ service, routes }) => ({
        service,
        reach: reachOf(service, routes.found.length > 0),
        ingresses: routes.found,
      })),
      unsure: [...new Set([...services.unsure, ...exposures.flatMap(({ routes }) => routes.unsure)])],
    }
  },
)

/** The reach of a Service; `routed` if an Ingress sends to it. */
export function reachOf(service: Service, routed: boolean): Reach {
  if (service.spec?.type === 'LoadBalancer') return 'load-balancer'
  if (routed) return 'ingress'
  if (service.spec?.type === 'NodePort') return 'node-port'
  return isHeadless(service) ? 'headless' : 'cluster'
}
