import { unknown, type Inventory } from '../inventory.ts'
import { brief } from '../names.ts'
import type { KindName } from '../objects.ts'
import { annotationOf, annotationPath, wholeNumber, type Annotation } from './annotations.ts'
import { awsCheckFaults } from './aws-check.ts'
import type { TargetType } from './aws-nlb.ts'
import type { Found, HealthCheckFault, Route } from './fault.ts'
import { targetTypeOfClass } from './ingress-classes.ts'

/** An annotation for the AWS Load Balancer Controller on the Service or, after it, on the Ingress, and on which. */
export interface AlbAnnotation extends Annotation {
  readonly on: 'service' | 'ingress'
}

/** The annotation that counts: what the Service says goes before the Ingress (pkg/ingress, MergeStringMap). */
function albAnnotation({ service, ingress }: Route, suffix: string): AlbAnnotation | undefined {
  const key = `alb.ingress.kubernetes.io/${suffix}`
  const own = annotationOf(service, key)
  if (own) return { ...own, on: 'service' }
  const there = annotationOf(ingress, key)
  return there && { ...there, on: 'ingress' }
}

export interface AlbTargets {
  readonly type: TargetType
  /** Where it is said: an annotation, or the name of the IngressClassParams; undefined for the controller's default. */
  readonly by: AlbAnnotation | string | undefined
}

/** How an Application Load Balancer sends to the pods of a Service; the kind that is missing where nobody can tell. */
export function albTargets(
  route: Route,
  className: string,
  byDefault: TargetType,
  inventory: Inventory<'IngressClass' | 'IngressClassParams'>,
): AlbTargets | KindName | 'value' {
  const prescribed = targetTypeOfClass(className, inventory)
  if (typeof prescribed === 'string') return prescribed
  const annotation = albAnnotation(route, 'target-type')
  if (!prescribed && annotation?.value === unknown) return 'value'
  const type = prescribed?.type ?? annotation?.value ?? byDefault
  return { type: type === 'ip' ? 'ip' : 'instance', by: prescribed?.params ?? annotation }
}

/** What is wrong with the health check of an Application Load Balancer. */
export function albFaults(route: Route, targetType: TargetType): Found[] {
  const given = (suffix: string) => albAnnotation(route, suffix)
  const path = given('healthcheck-path')
  const version = given('backend-protocol-version')
  const codes = given('success-codes')
  const timing = timingFaults(given('healthcheck-interval-seconds'), given('healthcheck-timeout-seconds'))
  if ([path, version, codes].some((annotation) => annotation?.value === unknown)) return [unknown, ...timing]
  // gRPC has a check of its own, which a path says nothing of.
  const grpc = version?.value === 'GRPC'
  const checks = awsCheckFaults({
    route,
    targetType,
    port: given('healthcheck-port'),
    protocol: grpc ? 'tcp' : 'http',
    path: { value: path ? String(path.value) : '/', annotation: path },
    successCodes: typeof codes?.value === 'string' ? codes.value : '200',
    pathKey: 'alb.ingress.kubernetes.io/healthcheck-path',
    portKey: 'alb.ingress.kubernetes.io/healthcheck-port',
    fallback: {
      ingress: annotationPath('alb.ingress.kubernetes.io/healthcheck-path'),
      service: annotationPath('alb.ingress.kubernetes.io/healthcheck-path'),
    },
    placeOf: (annotation) => placeOf(route, annotation),
  })
  return [...timing, ...checks]

  function timingFaults(interval: AlbAnnotation | undefined, timeout: AlbAnnotation | undefined): Found[] {
    const said = timeout ?? interval
    if (!said) return []
    if (interval?.value === unknown || timeout?.value === unknown) return [unknown]
    const [every, within] = [wholeNumber(interval?.value ?? '15'), wholeNumber(timeout?.value ?? '5')]
    if (every === undefined || within === undefined || within < every) return []
    return [
      {
        reason: 'timing',
        message: `health check timeout ${within} s is not shorter than its interval of ${every} s`,
        fix: `set ${brief(said.key, 60)} so that the timeout is shorter than the interval`,
        ...placeOf(route, said),
      },
    ]
  }
}

/** The Service tells of its own annotation; of one on the Ingress it has no place. */
function placeOf(route: Route, { key, path }: Annotation): Pick<HealthCheckFault, 'service' | 'ingress'> {
  return annotationOf(route.service, key) ? { service: path, ingress: route.backendPath ?? '' } : { ingress: path }
}
