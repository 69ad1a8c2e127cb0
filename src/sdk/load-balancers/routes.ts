import { unknown, type Inventory } from '../inventory.ts'
import { backendsOfIngress, backendsTo, ingressesOf, type Ingress, type IngressBackend } from '../ingress-backends.ts'
import { nameOf } from '../names.ts'
import type { KindName } from '../objects.ts'
import { backendsOf, servicesOf, type BackendKind, type Service } from '../services.ts'
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
    const services = servicesBehind(ingress, namespace, inventory)
    note(services.unsure)
    return services.found.flatMap(({ service, places }) => routesAt(ingress, service, places, behind(service)))
  }

  function behind(service: Service): Route['backends'] {
    const backends = backendsOf(service, namespace, inventory)
    note(backends.unsure)
    return backends.found
  }
}

/** Every way from an Ingress to a Service on which one of these lies, with nothing behind the Service. */
export function ingressRoutes(
  kind: 'Ingress' | 'Service',
  object: object,
  namespace: string,
  inventory: Inventory<'Service' | 'Ingress'>,
): Routes {
  if (kind === 'Ingress') {
    const { found, unsure } = servicesBehind(object, namespace, inventory)
    return { found: found.flatMap(({ service, places }) => routesAt(object, service, places, [])), unsure }
  }
  const { found, unsure } = ingressesOf(object, namespace, inventory)
  return { found: found.flatMap((ingress) => routesOf(ingress, object, [])), unsure }
}

interface Behind {
  readonly service: Service
  readonly places: readonly IngressBackend[]
}

/** The Services that an Ingress sends to and that are there, each with the places that name it. */
function servicesBehind(
  ingress: Ingress,
  namespace: string,
  inventory: Inventory<'Service'>,
): { readonly found: readonly Behind[]; readonly unsure: readonly KindName[] } {
  const byName = new Map<string, IngressBackend[]>()
  for (const place of backendsOfIngress(ingress)) {
    const there = byName.get(place.service)
    if (there) there.push(place)
    else byName.set(place.service, [place])
  }
  let unsure = false
  const found = [...byName].flatMap(([name, places]) => {
    if (isVariable(name)) return []
    const service = inventory.get('Service', namespace, name)
    if (service !== unknown && service && !inventory.uncertain(service)) return { service, places }
    unsure ||= service !== undefined
    return []
  })
  return { found, unsure: unsure ? ['Service'] : [] }
}

function routesOf(ingress: Ingress, service: Service, backends: Route['backends']): Route[] {
  return routesAt(ingress, service, backendsTo(nameOf(service), ingress), backends)
}

/** One route for each port: a Service may stand at many paths of an Ingress. */
function routesAt(
  ingress: Ingress,
  service: Service,
  places: readonly IngressBackend[],
  backends: Route['backends'],
): Route[] {
  const told = new Set<unknown>()
  return places.flatMap(({ path, port }) => {
    if (told.has(port)) return []
    told.add(port)
    return { service, backends, ingress, backendPath: path, port }
  })
}
