import { unknown, type Inventory } from '../inventory.ts'
import { backendsOfIngress, ingressesOf, type Ingress } from '../ingress-backends.ts'
import type { KindName } from '../objects.ts'
import { backendsOf, isSelecting, servicesOf, type BackendKind, type Service } from '../services.ts'
import { isVariable } from '../variables.ts'
import type { Route } from './fault.ts'

/** The ways to be judged from an object under review, and what is not known of them. */
export interface Routes {
  readonly found: readonly Route[]
  readonly unsure: readonly KindName[]
}

export type RoutedKind = BackendKind | 'Service' | 'Ingress'

/**
 * Every way from a load balancer to pods on which the object lies: a Service with all that it selects, each Ingress that
 * sends to it; the Services of an Ingress; those over the pods of a workload. Services that no load balancer and no
 * Ingress reaches are left out: nothing but the cluster asks them.
 */
export function routesThrough(
  kind: KindName,
  object: object,
  namespace: string,
  inventory: Inventory<RoutedKind>,
): Routes {
  const unsure = new Set<KindName>()
  const note = (kinds: readonly KindName[]) => kinds.forEach((each) => unsure.add(each))
  const found = kind === 'Ingress' ? throughIngress(object) : servicesAt().flatMap((service) => through(service))
  return { found, unsure: [...unsure] }

  function servicesAt(): readonly Service[] {
    // The kind says which object it is.
    if (kind === 'Service') return [object]
    const services = servicesOf(kind, object, namespace, inventory)
    note(services.unsure)
    return services.found
  }

  function through(service: Service): Route[] {
    const ingresses = ingressesOf(service, namespace, inventory)
    const isBalanced = service.spec?.type === 'LoadBalancer'
    if (!isBalanced && ingresses.found.length === 0) return []
    note(ingresses.unsure)
    const backends = behind(service)
    const own: Route[] = isBalanced ? [{ service, backends }] : []
    return [...own, ...ingresses.found.flatMap((ingress) => routesOf(ingress, service, backends))]
  }

  function throughIngress(ingress: Ingress): Route[] {
    const names = [...new Set(backendsOfIngress(ingress).map(({ service }) => service))]
    return names.flatMap((name) => {
      if (isVariable(name)) return []
      const service = inventory.get('Service', namespace, name)
      if (service === unknown || (service && inventory.uncertain(service))) note(['Service'])
      if (service === unknown || !service || inventory.uncertain(service)) return []
      return routesOf(ingress, service, behind(service))
    })
  }

  function behind(service: Service): Route['backends'] {
    if (!isSelecting(service)) return []
    const backends = backendsOf(service, namespace, inventory)
    note(backends.unsure)
    return backends.found
  }
}

function routesOf(ingress: Ingress, service: Service, backends: Route['backends']): Route[] {
  const told = new Set<unknown>()
  return backendsOfIngress(ingress).flatMap(({ service: name, path, port }) => {
    if (name !== service.metadata?.name || told.has(port)) return []
    told.add(port)
    return { service, backends, ingress, backendPath: path, port }
  })
}
