import { unknown, type Inventory } from '../inventory.ts'
import { brief, nameOf } from '../names.ts'
import type { KindName } from '../objects.ts'
import { containersOf, podSpecOf } from '../pod-specs.ts'
import type { Backend, Service } from '../services.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import { declaredPortsOf, targetPortOf } from '../target-ports.ts'
import { annotationOf } from './annotations.ts'
import { backendConfigsOf, parsed } from './backend-configs.ts'
import type { Found, HealthCheckFault, Route, WorkloadPlace } from './fault.ts'
import { knownPorts, portsOf, portsPlace } from './readiness.ts'

/** True if GKE sends to the pods of a Service itself, by network endpoint groups, and not to node ports. */
export function hasNeg(service: Service, className: string): boolean {
  const annotation = annotationOf(service, 'cloud.google.com/neg')
  const said = typeof annotation?.value === 'string' ? parsed(annotation.value) : undefined
  return memberOf(said, 'ingress') === true || className === 'gce-internal' || className === 'gce-regional-external'
}

/** What is wrong with the annotation that names BackendConfigs, whoever routes to the Service. */
export function backendConfigFaults(service: Service): Found[] {
  const configs = backendConfigsOf(service)
  if (configs === undefined) return []
  if (configs === unknown) return [unknown]
  if (configs.fault === undefined) return []
  return [
    {
      reason: 'gce-backendconfig-json',
      message: `${configs.annotation.key} is ${configs.fault}`,
      fix: `write ${configs.annotation.key}: '{"default": "NAME-OF-THE-BACKENDCONFIG"}'`,
      service: configs.annotation.path,
    },
  ]
}

/** What is wrong with the health check that GKE makes for a port of a Service behind an Ingress. */
export function gceFaults(
  route: Route,
  className: string,
  inventory: Inventory<'BackendConfig'>,
): { readonly found: readonly Found[]; readonly unsure: readonly KindName[] } {
  const { service } = route
  const configs = backendConfigsOf(service)
  if (configs === unknown || configs?.fault !== undefined) return { found: [], unsure: [] }
  const unsure: KindName[] = []
  const found = portsOf(service, route.port).flatMap((port): Found[] => {
    const name = configs?.nameFor(port)
    if (!configs || name === undefined) return inferred(route, port)
    const config = inventory.get('BackendConfig', service.metadata?.namespace ?? '', name)
    if (config === unknown || (config && inventory.uncertain(config))) {
      unsure.push('BackendConfig')
      return []
    }
    if (!config) {
      return [
        {
          reason: 'gce-backendconfig-missing',
          message: `BackendConfig ${brief(name)}, which Service ${brief(nameOf(service))} names, does not exist`,
          fix: `create BackendConfig ${brief(name)} in this namespace, or correct the name`,
          service: configs.annotation.path,
          ingress: route.backendPath ?? '',
        },
      ]
    }
    const check = recordOf(memberOf(config.spec, 'healthCheck'))
    if (!check) return inferred(route, port)
    return portFaults(route, port, memberOf(check, 'port'), hasNeg(service, className), name, configs.annotation.path)
  })
  return { found, unsure }
}

function portFaults(
  { service, backends, backendPath }: Route,
  port: unknown,
  asked: unknown,
  neg: boolean,
  name: string,
  path: string,
): HealthCheckFault[] {
  if (typeof asked !== 'number') return []
  const places = { service: path, ingress: backendPath ?? '' }
  if (!neg) {
    const nodePort = memberOf(port, 'nodePort')
    if (typeof nodePort !== 'number' || nodePort === asked) return []
    return [
      {
        reason: 'gce-hc-port',
        message: `BackendConfig ${brief(name)} asks port ${asked} of the nodes; the nodePort of Service ${brief(nameOf(service))} is another`,
        fix: 'annotate the Service cloud.google.com/neg: \'{"ingress": true}\', or leave healthCheck.port out',
        ...places,
      },
    ]
  }
  const ports = backends.map((backend) => knownPorts(backend))
  if (backends.length === 0 || targetPortOf(port) === asked) return []
  if (ports.some((known) => known === undefined || known.has(asked))) return []
  return [
    {
      reason: 'gce-hc-port',
      message: `BackendConfig ${brief(name)} asks port ${asked} of the pods; no container behind Service ${brief(nameOf(service))} declares it`,
      fix: 'set healthCheck.port to a port that a container listens on',
      ...places,
      workloads: backends.map((backend) => portsPlace(backend)),
    },
  ]
}

/** The readiness probes that GKE cannot take over for a port: it then asks for `/`. */
function inferred({ service, backends, backendPath }: Route, port: unknown): HealthCheckFault[] {
  const https = schemeOf(service, port) === 'HTTPS'
  const probes = backends.flatMap((backend) => probesOf(backend, port, https))
  const [first] = probes
  if (!first || probes.some(({ isTaken }) => isTaken)) return []
  return [
    {
      reason: 'gce-probe-not-inferable',
      message: `GKE cannot take over the readiness probe of ${first.backend.kind} ${brief(nameOf(first.backend.object))} (${first.because}) and asks for /`,
      fix: 'name a BackendConfig with requestPath, or probe the declared target port by plain httpGet',
      ...(backendPath === undefined ? {} : { ingress: backendPath }),
      service: '/spec/ports',
      workloads: probes.map(({ backend, path }) => ({ backend, path })),
    },
  ]
}

interface Probe extends WorkloadPlace {
  readonly isTaken: boolean
  readonly because: string
}

// ingress-gce pkg/controller/translator/translator.go getHTTPProbe, isSimpleHTTPProbe: main containers alone.
function probesOf(backend: Backend, port: unknown, https: boolean): Probe[] {
  const view = podSpecOf(backend.kind, backend.object)
  const target = targetPortOf(port)
  if (!view || target === unknown) return []
  return containersOf(view).flatMap((container) => {
    const probe = recordOf(container.container.readinessProbe)
    if (container.class !== 'main' || !probe) return []
    const place = { backend, path: `${container.path}/readinessProbe` }
    const action = recordOf(probe['httpGet'])
    if (!action) return [{ ...place, isTaken: false, because: 'no httpGet' }]
    const headers = listOf(action['httpHeaders'])
    const isPlain = headers.length === 0 || (headers.length === 1 && memberOf(headers[0], 'name') === 'Host')
    if ((action['host'] ?? '') !== '' || !isPlain) return [{ ...place, isTaken: false, because: 'host or headers' }]
    if (((action['scheme'] ?? 'HTTP') === 'HTTPS') !== https) return [{ ...place, isTaken: false, because: 'scheme' }]
    const serving = declaredPortsOf(container).filter(({ number, name }) =>
      typeof target === 'number' ? number === target : name === target,
    )
    if (serving.length === 0) return [{ ...place, isTaken: false, because: 'target port not declared' }]
    const isTaken = serving.some(({ number, name }) => action['port'] === number || action['port'] === name)
    // What GKE asks by default is asked already.
    const asksRoot = isTaken || (action['path'] ?? '/') === '/'
    return [{ ...place, isTaken: isTaken || asksRoot, because: 'another port' }]
  })
}

/** What the pods of a port speak, as GKE is told. */
function schemeOf(service: Service, port: unknown): 'HTTP' | 'HTTPS' {
  const annotation = annotationOf(
    service,
    'service.alpha.kubernetes.io/app-protocols',
    'cloud.google.com/app-protocols',
  )
  const protocols = typeof annotation?.value === 'string' ? parsed(annotation.value) : undefined
  const protocol = stringOf(memberOf(protocols, stringOf(memberOf(port, 'name')) ?? ''))
  return protocol === 'HTTPS' || protocol === 'HTTP2' ? 'HTTPS' : 'HTTP'
}
