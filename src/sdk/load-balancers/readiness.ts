import { unknown } from '../inventory.ts'
import { containersOf, podSpecOf, type ContainerView, type PodSpecView } from '../pod-specs.ts'
import type { Backend, Service } from '../services.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import { declaredPortsOf, findTargetPort, servingPortsOf, targetPortOf } from '../target-ports.ts'
import { isVariable } from '../variables.ts'
import type { WorkloadPlace } from './fault.ts'

/** What the kubelet asks the container behind a Service port, over HTTP and on that very port. */
export interface Readiness extends WorkloadPlace {
  /** Without its query. */
  readonly httpPath: string
  readonly https: boolean
}

/** The ports of a Service; of one that an Ingress names, that one. */
export function portsOf(service: Service, named?: number | string): readonly unknown[] {
  const ports = listOf(service.spec?.ports).filter((port) => recordOf(port) !== undefined)
  if (named === undefined) return ports
  return ports.filter((port) => memberOf(port, typeof named === 'number' ? 'port' : 'name') === named)
}

/** The port of a Service that has this name. */
export function portNamed(service: Service, name: string): unknown {
  return portsOf(service).find((port) => memberOf(port, 'name') === name)
}

/**
 * The readiness probes over HTTP on the ports that the Service ports lead to: what a load balancer should ask too. Probes
 * of another port say nothing of what this one answers.
 */
export function readinessOf(backends: readonly Backend[], servicePorts: readonly unknown[]): Readiness[] {
  return backends.flatMap((backend) => {
    const view = podSpecOf(backend.kind, backend.object)
    if (!view) return []
    return servicePorts.flatMap((servicePort) => readinessAt(backend, view, servicePort))
  })
}

/** Every number on which a pod says that it listens, or is asked: none where some container says nothing. */
export function knownPorts(backend: Backend): ReadonlySet<number> | undefined {
  const view = podSpecOf(backend.kind, backend.object)
  if (!view) return undefined
  const { all, varies, everyContainerDeclares } = servingPortsOf(view)
  if (varies || !everyContainerDeclares) return undefined
  const numbers = all.flatMap(({ number }) => number ?? [])
  const probed = ['readinessProbe', 'livenessProbe', 'startupProbe'].flatMap((probe) =>
    listOf(view.spec.containers).map((container) => memberOf(memberOf(memberOf(container, probe), 'httpGet'), 'port')),
  )
  return new Set([...numbers, ...probed.filter((port) => typeof port === 'number')])
}

/** Where the ports of a workload are declared. */
export function portsPlace(backend: Backend): WorkloadPlace {
  const view = podSpecOf(backend.kind, backend.object)
  return { backend, path: `${view?.path ?? '/spec'}/containers` }
}

/** True if a pod answers on a port of its node itself. */
export function listensOnNode(backend: Backend, port: number): boolean {
  const view = podSpecOf(backend.kind, backend.object)
  if (!view) return false
  if (view.spec.hostNetwork === true) return true
  return servingPortsOf(view).all.some(
    ({ container, index }) => memberOf(container.container.ports?.[index], 'hostPort') === port,
  )
}

/** The container to which a Service port leads in a pod, and the number there; undefined where that is not known. */
function containerBehind(
  view: PodSpecView,
  servicePort: unknown,
): { readonly container: ContainerView; readonly number: number | undefined } | undefined {
  const target = findTargetPort(view, servicePort)
  if (target.state !== 'found') return undefined
  if (target.declared) return { container: target.declared.container, number: target.number }
  // Nobody declares the number: of a single container it can only be its own.
  const first = servingPortsOf(view).all[0]?.container
  const only = listOf(view.spec.containers).length === 1 ? (first ?? containersOf(view)[0]) : undefined
  return only && { container: only, number: target.number }
}

function readinessAt(backend: Backend, view: PodSpecView, servicePort: unknown): Readiness[] {
  const behind = containerBehind(view, servicePort)
  const action = recordOf(memberOf(behind?.container.container.readinessProbe, 'httpGet'))
  if (!behind || !action) return []
  const { port, path, scheme } = action
  const target = targetPortOf(servicePort)
  if (
    target === unknown ||
    (port !== target && port !== behind.number && !namesNumber(behind.container, port, behind.number))
  )
    return []
  const httpPath = path === undefined || path === null || path === '' ? '/' : stringOf(path)
  if (httpPath === undefined || isVariable(httpPath)) return []
  const place = `${behind.container.path}/readinessProbe/httpGet/path`
  return [{ backend, path: place, httpPath: withoutQuery(httpPath), https: scheme === 'HTTPS' }]
}

/** True if a name stands for the number in this container. */
function namesNumber(container: ContainerView, name: unknown, number: number | undefined): boolean {
  if (typeof name !== 'string' || number === undefined) return false
  return declaredPortsOf(container).some((port) => port.name === name && port.number === number)
}

/** A path as two health checks are compared by it. */
export function withoutQuery(path: string): string {
  const plain = path.split('?', 1)[0] ?? ''
  return plain.startsWith('/') ? plain : `/${plain}`
}
