import { unknown } from '../inventory.ts'
import { brief, nameOf } from '../names.ts'
import { pointer } from '../pointer.ts'
import { listOf, memberOf, stringOf } from '../shape.ts'
import { wholeNumber, type Annotation } from './annotations.ts'
import type { Found, HealthCheckFault, Route } from './fault.ts'
import { knownPorts, listensOnNode, portNamed, portsOf, portsPlace, readinessOf, withoutQuery } from './readiness.ts'

/** A health check of AWS as a target group gets it: what annotations say, and what the controller puts in otherwise. */
export interface AwsCheck {
  readonly route: Route
  readonly targetType: 'instance' | 'ip'
  /** undefined: `traffic-port`. */
  readonly port: Annotation | undefined
  readonly protocol: 'tcp' | 'http' | 'https'
  readonly path: { readonly value: string; readonly annotation: Annotation | undefined }
  readonly successCodes: string
  /** Asks the port that the API server allocated for this, not the application. */
  readonly asksNode?: boolean
  /** The annotation to type. */
  readonly pathKey: string
  readonly portKey: string
  /** Where a place lies that has no annotation. */
  readonly fallback: Pick<HealthCheckFault, 'service' | 'ingress'>
  /** The places of an annotation, which may stand on the Service or the Ingress. */
  placeOf(annotation: Annotation): Pick<HealthCheckFault, 'service' | 'ingress'>
}

/** What is wrong with the port and the path of a health check of AWS. */
export function awsCheckFaults(check: AwsCheck): Found[] {
  const { port } = check
  if (port?.value === unknown) return [unknown]
  // A patch leaves the ports out, by which all is judged.
  if (portsOf(check.route.service).length === 0) return []
  const text = port === undefined || port.value === 'traffic-port' ? undefined : port.value
  if (!port || text === undefined) return pathFaults(check, portsOf(check.route.service, check.route.port))
  const number = wholeNumber(text)
  if (number === undefined) return named(check, port, text)
  return [...numbered(check, port, number), ...pathFaults(check, leadingTo(check, number))]
}

// aws-load-balancer-controller pkg/service and pkg/ingress model_build_target_group.go, buildTargetGroupHealthCheckPort.
function named(check: AwsCheck, port: Annotation, name: string): Found[] {
  const { route, targetType } = check
  const servicePort = portNamed(route.service, name)
  const service = brief(nameOf(route.service))
  if (servicePort === undefined) {
    return [
      {
        reason: 'aws-port-unresolvable',
        message: `healthcheck-port ${brief(name)} is no port name of Service ${service}`,
        fix: `name a port of the Service, or set ${check.portKey}: traffic-port`,
        // The Service may come last.
        service: pointer('spec', 'ports'),
        ...check.placeOf(port),
      },
    ]
  }
  const target = memberOf(servicePort, 'targetPort')
  if (targetType === 'ip' && stringOf(target) !== undefined) {
    return [
      {
        reason: 'aws-port-unresolvable',
        message: `healthcheck-port ${brief(name)} leads to the named targetPort ${brief(String(target), 20)} of Service ${service}; ip targets need a number`,
        fix: `write the number in ${check.portKey}, or set it to traffic-port`,
        service: pointer('spec', 'ports', listOf(route.service.spec?.ports).indexOf(servicePort), 'targetPort'),
        ...check.placeOf(port),
      },
    ]
  }
  return pathFaults(check, [servicePort])
}

function numbered(check: AwsCheck, port: Annotation, number: number): Found[] {
  const { route, targetType } = check
  const { service, backends } = route
  if (targetType === 'instance') {
    if (nodeAnswers(check, number) || backends.some((backend) => listensOnNode(backend, number))) return []
    return [
      {
        reason: 'aws-port-vs-nodeport',
        message: `health check asks nodes on port ${number}, no nodePort of Service ${brief(nameOf(service), 24)}`,
        fix: `set ${check.portKey}: traffic-port, or target-type ip`,
        ...check.placeOf(port),
      },
    ]
  }
  const targets = portsOf(service).map((each) => memberOf(each, 'targetPort') ?? memberOf(each, 'port'))
  const ports = backends.map((backend) => knownPorts(backend))
  if (backends.length === 0 || targets.includes(number)) return []
  if (ports.some((known) => known === undefined || known.has(number))) return []
  return [
    {
      reason: 'aws-port-vs-container',
      message: `health check asks pods on port ${number}, which none behind Service ${brief(nameOf(service), 24)} declares`,
      fix: `set ${check.portKey}: traffic-port, or a port of theirs`,
      ...check.placeOf(port),
      workloads: backends.map((backend) => portsPlace(backend)),
    },
  ]
}

/** True if every node answers on a port: one that the Service got, or that of kube-proxy. */
function nodeAnswers({ route }: AwsCheck, number: number): boolean {
  const { spec } = route.service
  const nodePorts = portsOf(route.service).map((port) => memberOf(port, 'nodePort'))
  if (number === kubeProxyPort || number === spec?.healthCheckNodePort || nodePorts.includes(number)) return true
  // Files do not say which ports will be allocated; they lie in a range that is hardly ever changed.
  const allocated = nodePorts.every((port) => typeof port === 'number' && port > 0)
  return !allocated && number >= 30_000 && number <= 32_767
}

/** The Service ports whose pods a numbered health check asks. */
function leadingTo({ route, targetType }: AwsCheck, number: number): readonly unknown[] {
  const key = targetType === 'instance' ? 'nodePort' : 'targetPort'
  return portsOf(route.service).filter((port) => memberOf(port, key) === number)
}

function pathFaults(check: AwsCheck, servicePorts: readonly unknown[]): Found[] {
  const { route, path, protocol } = check
  if (protocol === 'tcp' || check.asksNode || accepts404(check.successCodes)) return []
  const probes = readinessOf(route.backends, servicePorts)
  const [first] = probes
  if (!first || probes.some(({ httpPath }) => httpPath === withoutQuery(path.value))) return []
  const given = path.annotation ? '' : ', the default'
  return [
    {
      reason: 'aws-path-mismatch',
      message: `health check asks ${brief(path.value)}${given}; readiness of ${first.backend.kind} ${brief(nameOf(first.backend.object), 24)} is ${brief(first.httpPath)}`,
      fix: `set ${check.pathKey}: ${brief(first.httpPath)}`,
      ...(path.annotation ? check.placeOf(path.annotation) : check.fallback),
      workloads: probes.map(({ backend, path }) => ({ backend, path })),
    },
  ]
}

/** True for success codes by which an answer to an unknown path is healthy as well. */
function accepts404(codes: string): boolean {
  return codes.split(',').some((range) => {
    const [from = '', to = from] = range.trim().split('-')
    return Number(from) <= 404 && Number(to) >= 404
  })
}

const kubeProxyPort = 10_256
