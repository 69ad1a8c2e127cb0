import type { Filing } from './filed-lists.ts'
import { unknown, type Inventory } from './inventory.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { pointer } from './pointer.ts'
import { related } from './relations.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** Kinds of the Gateway API whose rules name Services in the same way. */
export const routeKinds = ['HTTPRoute', 'GRPCRoute'] as const
export type RouteKind = (typeof routeKinds)[number]
export type GatewayRoute = Kinds[RouteKind]

/** A Service that a route sends to, by number of port only (gateway-api BackendObjectReference). */
export interface RouteBackend {
  /** JSON pointer of the reference: `/spec/rules/0/backendRefs/0`. */
  readonly path: string
  readonly namespace: string
  readonly service: string
  readonly port: number | undefined
  /** The Service gets copies of the requests, and nobody waits for its answers. */
  readonly mirror: boolean
}

/** A route that names a Service, and the namespace that it lies in. */
export interface RoutedFrom {
  readonly kind: RouteKind
  readonly route: GatewayRoute
  readonly namespace: string
}

/** Every Service that a route of this namespace sends to, or mirrors to; references to other kinds are left out. */
export function backendsOfRoute(route: GatewayRoute, namespace: string): RouteBackend[] {
  return listOf(memberOf(route.spec, 'rules')).flatMap((rule, i) => {
    const place = pointer('spec', 'rules', i)
    const sent = listOf(memberOf(rule, 'backendRefs')).flatMap((reference, j) => {
      const path = `${place}/backendRefs/${j}`
      return [...backendAt(reference, path, namespace, false), ...mirrorsOf(reference, path, namespace)]
    })
    return [...sent, ...mirrorsOf(rule, place, namespace)]
  })
}

/**
 * The routes that send to a Service: those of its namespace, and those of the namespaces that a ReferenceGrant there lets
 * send to it. The routes of others name it in vain.
 */
export function routesTo(
  service: Kinds['Service'],
  namespace: string,
  inventory: Inventory<RouteKind | 'ReferenceGrant'>,
): { readonly found: readonly RoutedFrom[]; readonly unsure: readonly KindName[] } {
  const name = nameOf(service)
  const found: RoutedFrom[] = []
  const unsure = new Set<KindName>()
  const grants = inventory.list('ReferenceGrant', namespace)
  for (const kind of routeKinds) {
    const granted = grants === unknown ? unknown : namespacesGranted(kind, name, grants, inventory)
    if (granted === unknown) unsure.add('ReferenceGrant')
    for (const from of new Set([namespace, ...(granted === unknown ? [] : granted)])) {
      const routes = related(kind, from, inventory, routeFiling, isVariable(name) ? undefined : [name], (route) =>
        backendsOfRoute(route, from).some((each) => each.service === name && each.namespace === namespace),
      )
      found.push(...routes.found.map((route) => ({ kind, route, namespace: from })))
      for (const each of routes.unsure) unsure.add(each)
    }
  }
  return { found, unsure: [...unsure] }
}

/** Whether a ReferenceGrant lets the routes of this kind in one namespace send to a Service of another. */
export function isGranted(
  kind: RouteKind,
  { namespace, service }: RouteBackend,
  from: string,
  inventory: Inventory<'ReferenceGrant'>,
): boolean | typeof unknown {
  const grants = inventory.list('ReferenceGrant', namespace)
  if (grants === unknown) return unknown
  let unsure = false
  for (const grant of grants) {
    const sources = sourcesOf(kind, service, grant)
    const granted = sources.some((source) => source === from)
    if (granted && !inventory.uncertain(grant) && namesFor(grant, service)) return true
    unsure ||= granted || sources.some(isVariable)
  }
  return unsure || variableGrants(inventory) ? unknown : false
}

function namespacesGranted(
  kind: RouteKind,
  service: string,
  grants: readonly Kinds['ReferenceGrant'][],
  inventory: Inventory<'ReferenceGrant'>,
): readonly string[] | typeof unknown {
  const sources = grants.flatMap((grant) =>
    sourcesOf(kind, service, grant).map((from) =>
      inventory.uncertain(grant) || !namesFor(grant, service) ? unknown : from,
    ),
  )
  const known = sources.filter((from) => from !== unknown && !isVariable(from))
  return known.length < sources.length ? unknown : known.filter((from) => from !== unknown)
}

// Namespaces whose routes may send to the Service, by this grant.
function sourcesOf(kind: RouteKind, service: string, { spec }: Kinds['ReferenceGrant']): readonly string[] {
  if (!listOf(memberOf(spec, 'to')).some((each) => isTarget(each, service))) return []
  return listOf(memberOf(spec, 'from')).flatMap((from) => {
    const isRoute = memberOf(from, 'group') === 'gateway.networking.k8s.io' && memberOf(from, 'kind') === kind
    return isRoute ? (stringOf(memberOf(from, 'namespace')) ?? []) : []
  })
}

// A name that is left out, or empty, stands for every Service of the namespace; a variable may be any name.
function isTarget(to: unknown, service: string): boolean {
  const name = stringOf(memberOf(to, 'name')) || service
  const isService = (memberOf(to, 'group') ?? '') === '' && memberOf(to, 'kind') === 'Service'
  return isService && (name === service || isVariable(name))
}

/** True where a grant names the Service, or all of them, without a variable. */
function namesFor({ spec }: Kinds['ReferenceGrant'], service: string): boolean {
  return listOf(memberOf(spec, 'to')).some((to) => isTarget(to, service) && !isVariable(memberOf(to, 'name')))
}

/** True if a variable says where a grant of these files lands. */
function variableGrants(inventory: Inventory<'ReferenceGrant'>): boolean {
  const all = inventory.list('ReferenceGrant')
  return all !== unknown && all.some(({ metadata }) => isVariable(metadata?.namespace))
}

function backendAt(reference: unknown, path: string, namespace: string, mirror: boolean): RouteBackend[] {
  const [group, kind] = [memberOf(reference, 'group') ?? '', memberOf(reference, 'kind') ?? 'Service']
  const service = stringOf(memberOf(reference, 'name'))
  if (group !== '' || kind !== 'Service' || service === undefined) return []
  const port = memberOf(reference, 'port')
  return [
    {
      path,
      namespace: stringOf(memberOf(reference, 'namespace')) ?? namespace,
      service,
      port: typeof port === 'number' ? port : undefined,
      mirror,
    },
  ]
}

// Filters stand on a rule, and on each of its backends.
function mirrorsOf(parent: unknown, path: string, namespace: string): RouteBackend[] {
  return listOf(memberOf(parent, 'filters')).flatMap((filter, i) => {
    if (memberOf(filter, 'type') !== 'RequestMirror') return []
    const reference = memberOf(memberOf(filter, 'requestMirror'), 'backendRef')
    return backendAt(reference, `${path}/filters/${i}/requestMirror/backendRef`, namespace, true)
  })
}

const routeFiling: Filing<GatewayRoute> = (route) => [
  ...new Set(backendsOfRoute(route, '').map(({ service }) => (isVariable(service) ? anyKey : service))),
]
