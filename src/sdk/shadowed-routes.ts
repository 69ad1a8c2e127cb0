import { filedUnder, type Filing } from './filed-lists.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { Ingress } from './ingress-backends.ts'
import { pointer } from './pointer.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** A path of an Ingress that another Ingress of the same class serves too. */
export interface ShadowedRoute {
  readonly path: string
  readonly host: string
  readonly route: string
  readonly other: Ingress
}

/**
 * The paths of an Ingress that others of its class have as well, in any namespace: a controller that merges them lets
 * one of the two win. Not where each Ingress gets a balancer of its own, nor for canaries, which mean it.
 */
export function shadowedRoutes(ingress: Ingress, inventory: Inventory<'Ingress'>): ShadowedRoute[] | typeof unknown {
  const routes = routesOf(ingress)
  if (routes.length === 0) return []
  const all = inventory.list('Ingress')
  if (all === unknown) return unknown
  return routes.flatMap(({ key, ...route }) => {
    const other = filedUnder(all, routeFiling, [key]).find((each) => each !== ingress && !inventory.uncertain(each))
    return other ? [{ ...route, other }] : []
  })
}

interface Route {
  readonly key: string
  readonly path: string
  readonly host: string
  readonly route: string
}

function routesOf(ingress: Ingress): Route[] {
  const name = classOf(ingress)
  if (name === undefined || isCanary(ingress)) return []
  return listOf(memberOf(ingress.spec, 'rules')).flatMap((rule, i) => {
    const host = stringOf(memberOf(rule, 'host')) ?? ''
    return listOf(memberOf(memberOf(rule, 'http'), 'paths')).flatMap((entry, j) => {
      const route = stringOf(memberOf(entry, 'path')) ?? '/'
      const type = stringOf(memberOf(entry, 'pathType')) ?? 'ImplementationSpecific'
      if (isVariable(host) || isVariable(route)) return []
      const path = pointer('spec', 'rules', i, 'http', 'paths', j)
      return { key: JSON.stringify([name, host, type, route]), path, host, route }
    })
  })
}

const routeFiling: Filing<Ingress> = (ingress) => [...new Set(routesOf(ingress).map(({ key }) => key))]

/** What the Ingresses are merged by; undefined where they are not. */
function classOf({ spec, metadata }: Ingress): string | undefined {
  const annotations: unknown = metadata?.annotations
  const name = stringOf(spec?.ingressClassName) ?? stringOf(memberOf(annotations, 'kubernetes.io/ingress.class')) ?? ''
  if (isVariable(name) || /^gce/.test(name)) return undefined
  const group = stringOf(memberOf(annotations, 'alb.ingress.kubernetes.io/group.name'))
  return /^alb/.test(name) ? group && `${name} ${group}` : name
}

function isCanary({ metadata }: Ingress): boolean {
  return memberOf(metadata?.annotations, 'nginx.ingress.kubernetes.io/canary') === 'true'
}
