import type { Filing } from './filed-lists.ts'
import { unknown, type Inventory } from './inventory.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { pointer } from './pointer.ts'
import { related, type Relation } from './relations.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

export type HttpRoute = Kinds['HTTPRoute']

/** A Service that a HTTPRoute sends to, by number of port only (gateway-api BackendObjectReference). */
export interface RouteBackend {
  /** JSON pointer of the reference: `/spec/rules/0/backendRefs/0`. */
  readonly path: string
  readonly namespace: string
  readonly service: string
  readonly port: number | undefined
}

/** Every Service that a HTTPRoute of this namespace sends to; references to other kinds are left out. */
export function backendsOfRoute(route: HttpRoute, namespace: string): RouteBackend[] {
  return listOf(memberOf(route.spec, 'rules')).flatMap((rule, i) =>
    listOf(memberOf(rule, 'backendRefs')).flatMap((reference, j) => {
      const [group, kind] = [memberOf(reference, 'group') ?? '', memberOf(reference, 'kind') ?? 'Service']
      const service = stringOf(memberOf(reference, 'name'))
      if (group !== '' || kind !== 'Service' || service === undefined) return []
      const port = memberOf(reference, 'port')
      return {
        path: pointer('spec', 'rules', i, 'backendRefs', j),
        namespace: stringOf(memberOf(reference, 'namespace')) ?? namespace,
        service,
        port: typeof port === 'number' ? port : undefined,
      }
    }),
  )
}

/** The HTTPRoutes of the namespace of a Service that send to it. Those of other namespaces are not looked for. */
export function routesOf(
  service: Kinds['Service'],
  namespace: string,
  inventory: Inventory<'HTTPRoute'>,
): Relation<HttpRoute> {
  const name = nameOf(service)
  return related('HTTPRoute', namespace, inventory, routeFiling, isVariable(name) ? undefined : [name], (route) =>
    backendsOfRoute(route, namespace).some((backend) => backend.service === name && backend.namespace === namespace),
  )
}

/** Whether a ReferenceGrant lets the HTTPRoutes of one namespace send to a Service of another. */
export function isGranted(
  { namespace, service }: RouteBackend,
  from: string,
  inventory: Inventory<'ReferenceGrant'>,
): boolean | typeof unknown {
  const grants = inventory.list('ReferenceGrant', namespace)
  if (grants === unknown) return unknown
  const granting = grants.filter(
    ({ spec }) =>
      listOf(memberOf(spec, 'from')).some((each) => isSource(each, from)) &&
      listOf(memberOf(spec, 'to')).some((each) => isTarget(each, service)),
  )
  if (granting.some((grant) => !inventory.uncertain(grant))) return true
  return granting.length > 0 ? unknown : false
}

function isSource(from: unknown, namespace: string): boolean {
  const isRoute = memberOf(from, 'group') === 'gateway.networking.k8s.io' && memberOf(from, 'kind') === 'HTTPRoute'
  return isRoute && memberOf(from, 'namespace') === namespace
}

function isTarget(to: unknown, service: string): boolean {
  const name = memberOf(to, 'name') ?? service
  return (memberOf(to, 'group') ?? '') === '' && memberOf(to, 'kind') === 'Service' && name === service
}

const routeFiling: Filing<HttpRoute> = (route) => [
  ...new Set(backendsOfRoute(route, '').map(({ service }) => (isVariable(service) ? anyKey : service))),
]
