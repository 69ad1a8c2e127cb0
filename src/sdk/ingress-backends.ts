import type { Filing } from './filed-lists.ts'
import { unknown, type Inventory } from './inventory.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import { pointer } from './pointer.ts'
import { related, type Relation } from './relations.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

export type Ingress = Kinds['Ingress']

/** A Service that an Ingress sends to. A backend that is a `resource` is none of these. */
export interface IngressBackend {
  /** JSON pointer of the backend's Service: `/spec/rules/0/http/paths/0/backend/service`. */
  readonly path: string
  /** JSON pointer of its port: the number or the name, or where it belongs. */
  readonly portPath: string
  readonly service: string
  /** A number or a name of a port of the Service, as written; undefined where there is none. */
  readonly port: number | string | undefined
  /** Both '' for the default backend. */
  readonly host: string
  readonly route: string
}

/** Every Service backend of an Ingress: the default one first, then those of its rules. */
export function backendsOfIngress(ingress: Ingress): readonly IngressBackend[] {
  return backendsIn(ingress).all
}

/** The backends of an Ingress that are a Service of this name. */
export function backendsTo(service: string, ingress: Ingress): readonly IngressBackend[] {
  return backendsIn(ingress).byService.get(service) ?? []
}

interface Backends {
  readonly all: readonly IngressBackend[]
  readonly byService: ReadonlyMap<string, readonly IngressBackend[]>
  /** True if the name of a Service is a `${VARIABLE}`. */
  readonly varies: boolean
}

// An Ingress may have as many backends as there are Services to ask it, and is never changed.
const known = new WeakMap<Ingress, Backends>()

function backendsIn(ingress: Ingress): Backends {
  const there = known.get(ingress)
  if (there) return there
  const all = read(ingress)
  const byService = new Map<string, IngressBackend[]>()
  for (const backend of all) {
    const same = byService.get(backend.service)
    if (same) same.push(backend)
    else byService.set(backend.service, [backend])
  }
  const backends = { all, byService, varies: [...byService.keys()].some(isVariable) }
  known.set(ingress, backends)
  return backends
}

function read({ spec }: Ingress): IngressBackend[] {
  // The field was called `backend` before networking.k8s.io/v1.
  const field = memberOf(spec, 'defaultBackend') === undefined ? 'backend' : 'defaultBackend'
  const found = backendAt(memberOf(spec, field), pointer('spec', field), '', '')
  listOf(memberOf(spec, 'rules')).forEach((rule, i) => {
    const host = stringOf(memberOf(rule, 'host')) ?? ''
    listOf(memberOf(memberOf(rule, 'http'), 'paths')).forEach((path, j) => {
      const place = pointer('spec', 'rules', i, 'http', 'paths', j, 'backend')
      found.push(...backendAt(memberOf(path, 'backend'), place, host, stringOf(memberOf(path, 'path')) ?? ''))
    })
  })
  return found
}

/** The Ingresses of this namespace that send to a Service. */
export function ingressesOf(
  service: Kinds['Service'],
  namespace: string,
  inventory: Inventory<'Ingress'>,
): Relation<Ingress> {
  return ingressesTo(service, inventory, namespace)
}

const ingressesTo = oncePerReview(
  (service: Kinds['Service'], inventory: Inventory<'Ingress'>, namespace: string): Relation<Ingress> => {
    const name = nameOf(service)
    return related('Ingress', namespace, inventory, ingressFiling, isVariable(name) ? undefined : [name], (ingress) => {
      if (backendsTo(name, ingress).length > 0) return true
      return isVariable(name) || backendsIn(ingress).varies ? unknown : false
    })
  },
)

function backendAt(backend: unknown, path: string, host: string, route: string): IngressBackend[] {
  const service = memberOf(backend, 'service')
  if (recordOf(service)) {
    const name = stringOf(memberOf(service, 'name')) ?? ''
    const port = memberOf(service, 'port')
    const field = memberOf(port, 'name') ? 'name' : 'number'
    const portPath = `${path}/service/port/${field}`
    return [{ path: `${path}/service`, portPath, service: name, port: portOf(memberOf(port, field)), host, route }]
  }
  // As it was before networking.k8s.io/v1.
  const name = stringOf(memberOf(backend, 'serviceName'))
  if (name === undefined) return []
  const port = portOf(memberOf(backend, 'servicePort'))
  return [{ path: `${path}/serviceName`, portPath: `${path}/servicePort`, service: name, port, host, route }]
}

function portOf(value: unknown): number | string | undefined {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? value : undefined
}

const ingressFiling: Filing<Ingress> = (ingress) => [
  ...new Set(backendsOfIngress(ingress).map(({ service }) => (isVariable(service) ? anyKey : service))),
]
