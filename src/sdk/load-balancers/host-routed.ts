import { brief, nameOf } from '../names.ts'
import { podSpecOf } from '../pod-specs.ts'
import { pointer } from '../pointer.ts'
import type { Backend, Service } from '../services.ts'
import { memberOf, stringOf } from '../shape.ts'
import { annotationOf, type Annotation } from './annotations.ts'
import { nlbAnnotation, nlbTargets, type TargetType } from './aws-nlb.ts'
import type { HealthCheckFault, Route } from './fault.ts'

/**
 * A health check over HTTP for `/` that reaches an ingress controller: it routes by host, and no rule is for the address
 * of a node or a pod, which is all that a load balancer says.
 */
export function hostRoutedFaults({ service, backends }: Route, byDefault: TargetType): HealthCheckFault[] {
  const protocol = httpCheckOfRoot(service, byDefault)
  const controller = protocol && backends.find((backend) => pathsOf(backend) !== undefined)
  if (!protocol || !controller) return []
  const { name, path } = pathsOf(controller) ?? { name: '', path: undefined }
  return [
    {
      reason: 'host-routed',
      message: `health check asks / of ${name} (${controller.kind} ${brief(nameOf(controller.object))}), which routes by host and answers 404`,
      fix: path
        ? `set the health check path to ${path}, or its protocol to tcp`
        : 'set the health check protocol to tcp',
      service: protocol.path,
      workloads: [{ backend: controller, path: labelPlace(controller) }],
    },
  ]
}

/** The annotation by which the load balancer of a Service asks for `/` over HTTP. */
function httpCheckOfRoot(service: Service, byDefault: TargetType): Annotation | undefined {
  if (service.spec?.type !== 'LoadBalancer') return undefined
  const targets = nlbTargets(service, byDefault)
  const local = service.spec.externalTrafficPolicy === 'Local' && targets?.type !== 'ip'
  if (local) return undefined
  const azure = 'service.beta.kubernetes.io/azure-load-balancer-health-probe'
  const [protocol, path] = targets
    ? [nlbAnnotation(service, 'healthcheck-protocol'), nlbAnnotation(service, 'healthcheck-path')]
    : [annotationOf(service, `${azure}-protocol`), annotationOf(service, `${azure}-request-path`)]
  if (typeof protocol?.value !== 'string' || !/^https?$/i.test(protocol.value)) return undefined
  return path === undefined || path.value === '/' ? protocol : undefined
}

/** Where a workload says what it is. */
function labelPlace({ kind, object }: Backend): string {
  return `${podSpecOf(kind, object)?.metadataPath ?? '/metadata'}${pointer('labels', 'app.kubernetes.io/name')}`
}

/** What an ingress controller is called, and where it says that it is well; undefined for any other workload. */
function pathsOf(backend: Backend): { readonly name: string; readonly path: string | undefined } | undefined {
  const labels = podSpecOf(backend.kind, backend.object)?.metadata.labels
  const name = stringOf(memberOf(labels, 'app.kubernetes.io/name'))
  return name !== undefined && controllers.has(name) ? { name, path: controllers.get(name) } : undefined
}

// The path on the port that serves; the others answer on ports of their own only.
const controllers: ReadonlyMap<string, string | undefined> = new Map([
  ['ingress-nginx', '/healthz'],
  ['traefik', '/ping'],
  ['contour', undefined],
  ['haproxy-ingress', '/healthz'],
  ['kong', undefined],
  ['istio-ingressgateway', undefined],
])
