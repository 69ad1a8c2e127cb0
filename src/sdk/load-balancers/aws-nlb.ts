import { unknown } from '../inventory.ts'
import { brief } from '../names.ts'
import type { Service } from '../services.ts'
import { annotationOf, wholeNumber, type Annotation } from './annotations.ts'
import { awsCheckFaults } from './aws-check.ts'
import type { Found, Route } from './fault.ts'

export type TargetType = 'instance' | 'ip'

/** An annotation of a Service that the AWS Load Balancer Controller reads; it knows both prefixes. */
export function nlbAnnotation(service: Service, suffix: string): Annotation | undefined {
  const name = `aws-load-balancer-${suffix}`
  return annotationOf(service, `service.beta.kubernetes.io/${name}`, `service.kubernetes.io/${name}`)
}

/**
 * How the AWS Load Balancer Controller sends to the pods of a Service: to their nodes or to themselves; undefined where
 * it has no part in the Service (pkg/service/service_utils.go IsServiceSupported). `explicit` is false where only the
 * default of the controller says so.
 */
export function nlbTargets(
  service: Service,
  byDefault: TargetType,
): { readonly type: TargetType; readonly explicit: boolean } | undefined {
  if (service.spec?.type !== 'LoadBalancer') return undefined
  const type = nlbAnnotation(service, 'type')?.value
  const target = nlbAnnotation(service, 'nlb-target-type')?.value
  const named = target === 'ip' || target === 'instance' ? target : undefined
  const itsClass = service.spec.loadBalancerClass ?? undefined
  if (itsClass !== undefined && itsClass !== 'service.k8s.aws/nlb') return undefined
  if (type === 'nlb-ip') return { type: 'ip', explicit: true }
  if (itsClass === undefined && (type !== 'external' || named === undefined)) return undefined
  return { type: named ?? byDefault, explicit: named !== undefined }
}

/** What is wrong with the health check of a Network Load Balancer. */
export function nlbFaults(route: Route, byDefault: TargetType): Found[] {
  const { service } = route
  const targets = nlbTargets(service, byDefault)
  if (!targets) return []
  const given = (suffix: string) => nlbAnnotation(service, `healthcheck-${suffix}`)
  const [protocol, path, port, codes] = [given('protocol'), given('path'), given('port'), given('success-codes')]
  const timing = timingFaults(given('interval'), given('timeout'), 10)
  if ([protocol, path, codes].some((annotation) => annotation?.value === unknown)) return [unknown, ...timing]

  const local = targets.type === 'instance' && service.spec?.externalTrafficPolicy === 'Local'
  const said = typeof protocol?.value === 'string' ? protocol.value.toLowerCase() : undefined
  const effective = said === 'http' || said === 'https' ? said : said === undefined && local ? 'http' : 'tcp'
  const found: Found[] = [...timing]
  const wrong = said === 'tcp' ? protocol : port?.value === 'traffic-port' ? port : undefined
  if (local && wrong) {
    const what = wrong === protocol ? 'protocol tcp' : 'port traffic-port'
    found.push({
      reason: 'aws-local-tcp',
      message: `health check by ${what} under Local does not tell nodes with a pod from others`,
      fix: `remove ${wrong.key}: the healthCheckNodePort is asked then`,
      service: wrong.path,
    })
  }
  if (path && effective === 'tcp') {
    found.push({
      reason: 'aws-path-without-http',
      message: `health check path ${brief(String(path.value))} is not asked: the protocol is tcp`,
      fix: 'set service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol: http',
      service: path.path,
    })
  }
  const base = { route, targetType: targets.type, protocol: effective } as const
  return [
    ...found,
    ...awsCheckFaults({
      ...base,
      port,
      path: { value: path ? String(path.value) : '/', annotation: path },
      successCodes: typeof codes?.value === 'string' ? codes.value : '200-399',
      asksNode: local && port === undefined,
      pathKey: 'service.beta.kubernetes.io/aws-load-balancer-healthcheck-path',
      portKey: 'service.beta.kubernetes.io/aws-load-balancer-healthcheck-port',
      fallback: protocol ? { service: protocol.path } : {},
      placeOf: (annotation) => ({ service: annotation.path }),
    }),
  ]
}

/** A timeout that a health check never reaches before the next begins. `timeout` is the default of the controller. */
function timingFaults(interval: Annotation | undefined, timeout: Annotation | undefined, byDefault: number): Found[] {
  const given = timeout ?? interval
  if (!given) return []
  if (interval?.value === unknown || timeout?.value === unknown) return [unknown]
  const [every, within] = [wholeNumber(interval?.value ?? '10'), wholeNumber(timeout?.value ?? `${byDefault}`)]
  if (every === undefined || within === undefined || within <= every) return []
  return [
    {
      reason: 'timing',
      message: `health check timeout ${within} s is longer than its interval of ${every} s`,
      fix: `set a timeout of at most ${every} s, or a longer interval`,
      service: given.path,
    },
  ]
}
