import { listOf, memberOf, recordOf } from './shape.ts'

/**
 * True if two probes are wholly the same once the API server has filled in its defaults (kubernetes/pkg/apis/core/v1
 * SetDefaults_Probe, SetDefaults_HTTPGetAction): what they ask, how often, how patiently.
 */
export function sameProbe(a: unknown, b: unknown): boolean {
  // Hardly any container has both, and printing one costs as much as a small rule.
  if (!recordOf(a) || !recordOf(b)) return false
  const [first, second] = [printOf(a), printOf(b)]
  return first !== undefined && first === second
}

const delays = {
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
} as const

function printOf(probe: unknown): string | undefined {
  const handler = handlerOf(probe)
  if (handler === undefined) return undefined
  const patience = Object.entries(delays).map(([name, otherwise]) => plain(memberOf(probe, name) ?? otherwise))
  return JSON.stringify([...patience, ...handler])
}

function handlerOf(probe: unknown): unknown[] | undefined {
  const { httpGet, tcpSocket, grpc, exec } = recordOf(probe) ?? {}
  const of = (action: unknown, name: string, otherwise: string) => plain(memberOf(action, name) ?? otherwise)
  if (recordOf(httpGet)) {
    const headers = listOf(memberOf(httpGet, 'httpHeaders')).map((header) => [
      of(header, 'name', ''),
      of(header, 'value', ''),
    ])
    return [
      'httpGet',
      of(httpGet, 'path', '/'),
      of(httpGet, 'port', ''),
      of(httpGet, 'host', ''),
      of(httpGet, 'scheme', 'HTTP'),
      headers,
    ]
  }
  if (recordOf(tcpSocket)) return ['tcpSocket', of(tcpSocket, 'port', ''), of(tcpSocket, 'host', '')]
  if (recordOf(grpc)) return ['grpc', of(grpc, 'port', ''), of(grpc, 'service', '')]
  return recordOf(exec) ? ['exec', listOf(memberOf(exec, 'command')).map(plain)] : undefined
}

// What is wrongly typed says nothing.
function plain(value: unknown): unknown {
  return typeof value === 'string' || typeof value === 'number' ? value : null
}
