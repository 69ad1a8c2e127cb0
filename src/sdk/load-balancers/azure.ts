import { unknown, type Inventory, type Unknown } from '../inventory.ts'
import { brief } from '../names.ts'
import type { Kinds } from '../objects.ts'
import { oncePerList } from '../once-per-list.ts'
import { pointer } from '../pointer.ts'
import type { Service } from '../services.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import { protocolOf } from '../target-ports.ts'
import { isVariable } from '../variables.ts'
import { annotationOf, wholeNumber, type Annotation } from './annotations.ts'
import type { Found, Route } from './fault.ts'
import { portsOf, readinessOf } from './readiness.ts'

const prefix = 'service.beta.kubernetes.io/'

/**
 * Whether Azure makes the load balancer of a Service: the settings, an annotation of Azure, or the nodes say so. Unknown
 * where only the nodes could, and they are not known.
 */
export function isOnAzure(service: Service, cloud: string, inventory: Inventory<'Node'>): boolean | Unknown {
  if (service.spec?.type !== 'LoadBalancer' || (service.spec.loadBalancerClass ?? undefined) !== undefined) return false
  if (cloud !== '') return cloud === 'azure'
  const keys = Object.keys(recordOf(service.metadata?.annotations) ?? {})
  if (keys.some((key) => key.startsWith(`${prefix}azure-`) || perPort.test(key))) return true
  const nodes = inventory.list('Node')
  return nodes === unknown ? unknown : azureNodes(nodes)
}

/**
 * What is wrong with the probes of an Azure load balancer: the provider's own checks, and what it makes of appProtocol
 * (cloud-provider-azure pkg/provider/azure_loadbalancer_healthprobe.go).
 */
export function azureFaults({ service, backends }: Route, sharedProbe: boolean): Found[] {
  const local = service.spec?.externalTrafficPolicy === 'Local'
  if (sharedProbe && !local) return []
  const found: Found[] = []
  listOf(service.spec?.ports).forEach((port, index) => {
    const number = memberOf(port, 'port')
    if (!recordOf(port) || typeof number !== 'number' || protocolOf(port) !== 'TCP') return
    const given = (suffix: string) => annotationOf(service, `${prefix}port_${number}_${suffix}`)
    if (given('no_lb_rule')?.value === 'true' || given('no_probe_rule')?.value === 'true') return
    const probePort = given('health-probe_port')
    found.push(...probePortFaults(service, probePort))
    if (!local || probePort) found.push(...productFaults(service, number))
    if (!local) found.push(...rootFaults(port, index, number))
  })
  return once(found)

  function rootFaults(port: unknown, index: number, number: number): Found[] {
    const appProtocol = memberOf(port, 'appProtocol')
    if (isVariable(appProtocol)) return [unknown]
    const protocol = stringOf(appProtocol)?.trim().toLowerCase()
    if (protocol !== 'http' && protocol !== 'https') return []
    const ownProtocol = annotationOf(service, `${prefix}port_${number}_health-probe_protocol`)
    const ownPath = annotationOf(service, `${prefix}port_${number}_health-probe_request-path`)
    const path = ownPath ?? annotationOf(service, `${prefix}azure-load-balancer-health-probe-request-path`)
    if (ownProtocol || path) return []
    const ready = readinessOf(backends, [port])
    if (ready.some(({ httpPath }) => httpPath === '/')) return []
    const asked = ready[0]?.httpPath ?? '/healthz'
    return [
      {
        reason: 'azure-approtocol-root',
        message: `appProtocol ${protocol} makes Azure probe GET / of the nodePort of port ${number}${ready[0] ? `; readiness is ${brief(asked)}` : ''}`,
        fix: `annotate ${prefix}port_${number}_health-probe_request-path: ${brief(asked)}`,
        service: pointer('spec', 'ports', index, 'appProtocol'),
        workloads: ready.map(({ backend, path }) => ({ backend, path })),
      },
    ]
  }
}

function probePortFaults(service: Service, probePort: Annotation | undefined): Found[] {
  if (!probePort) return []
  if (probePort.value === unknown) return [unknown]
  const text = probePort.value
  const names = portsOf(service).map((port) => stringOf(memberOf(port, 'name'))?.toLowerCase())
  const number = wholeNumber(text)
  if (names.includes(text.toLowerCase()) || (number !== undefined && number >= 0 && number <= 65_535)) return []
  return [
    {
      reason: 'azure-probe-port',
      message: `health-probe_port ${brief(text)} is neither a port name of the Service nor a port number`,
      fix: `name a port of the Service in ${brief(probePort.key, 70)}, or write a number up to 65535`,
      service: probePort.path,
    },
  ]
}

function productFaults(service: Service, port: number): Found[] {
  const given = (suffix: string) =>
    annotationOf(
      service,
      `${prefix}port_${port}_health-probe_${suffix}`,
      `${prefix}azure-load-balancer-health-probe-${suffix}`,
    )
  const [interval, probes] = [given('interval'), given('num-of-probe')]
  const said = interval ?? probes
  if (!said) return []
  if (interval?.value === unknown || probes?.value === unknown) return [unknown]
  const seconds = wholeNumber(interval?.value ?? `${defaultInterval}`)
  const times = wholeNumber(probes?.value ?? `${defaultProbes}`)
  const fault = productFault(seconds, times)
  if (fault === undefined) return []
  return [
    {
      reason: 'azure-interval-product',
      message: `health probe interval ${brief(interval?.value ?? '5', 12)} s, num-of-probe ${brief(probes?.value ?? '2', 12)}: ${fault}`,
      fix: 'set an interval of 5 s or more, num-of-probe 2 or more, and a product below 120',
      service: (interval !== undefined && (seconds === undefined || seconds < 5) ? interval : (probes ?? said)).path,
    },
  ]
}

function productFault(seconds: number | undefined, times: number | undefined): string | undefined {
  if (seconds === undefined || times === undefined) return 'not a whole number'
  if (seconds < 5) return 'an interval below 5'
  if (times < 2) return 'fewer than 2 probes'
  return seconds * times >= 120 ? `${seconds * times} s together, not below 120` : undefined
}

/** The global annotations are found once for each port, and told of once. */
function once(found: readonly Found[]): Found[] {
  const told = new Set<string>()
  return found.filter((each) => {
    const key = each === unknown ? '' : `${each.reason} ${each.service ?? ''}`
    return !told.has(key) && told.add(key)
  })
}

const azureNodes = oncePerList((nodes: readonly Kinds['Node'][]) =>
  nodes.some((node) => stringOf(memberOf(node.spec, 'providerID'))?.startsWith('azure://')),
)

const perPort = /^service\.beta\.kubernetes\.io\/port_[0-9]+_/
// cloud-provider-azure pkg/consts/consts.go HealthProbeDefault…
const defaultInterval = 5
const defaultProbes = 2
