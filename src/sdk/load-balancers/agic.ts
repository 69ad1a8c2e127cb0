import { unknown } from '../inventory.ts'
import { brief, nameOf } from '../names.ts'
import { annotationOf } from './annotations.ts'
import type { Found, Route } from './fault.ts'
import { portsOf, readinessOf, withoutQuery } from './readiness.ts'

/**
 * What is wrong with the probe of an Application Gateway. Without the annotation the controller takes over the probes of
 * the pods (application-gateway-kubernetes-ingress pkg/annotations/ingress_annotations.go, docs/annotations.md).
 */
export function agicFaults({ service, ingress, backends, port }: Route): Found[] {
  const annotation = annotationOf(ingress, 'appgw.ingress.kubernetes.io/health-probe-path')
  if (!annotation) return []
  if (annotation.value === unknown) return [unknown]
  const asked = annotation.value
  const probes = readinessOf(backends, portsOf(service, port))
  const [first] = probes
  if (!first || probes.some(({ httpPath }) => httpPath === withoutQuery(asked))) return []
  return [
    {
      reason: 'agic-path',
      message: `Application Gateway asks ${brief(asked)}; readiness of ${first.backend.kind} ${brief(nameOf(first.backend.object))} is ${brief(first.httpPath)}`,
      fix: `set appgw.ingress.kubernetes.io/health-probe-path: ${brief(first.httpPath)}`,
      ingress: annotation.path,
      workloads: probes.map(({ backend, path }) => ({ backend, path })),
    },
  ]
}
