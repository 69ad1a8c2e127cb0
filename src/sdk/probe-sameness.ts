import { listOf, memberOf, recordOf } from './shape.ts'

/**
 * True if two probes are wholly the same once the API server has filled in its defaults (kubernetes/pkg/apis/core/v1
 * SetDefaults_Probe, SetDefaults_HTTPGetAction): what they ask, how often, how patiently.
 */
export function sameProbe(a: unknown, b: unknown): boolean {
  const [first, second] = [handlerOf(a), handlerOf(b)]
  if (!first || first.type !== second?.type) return false
  return sameFields(a, b, patience) && sameFields(first.action, second.action, fields[first.type])
}

type Fields = readonly (readonly [name: string, otherwise: string | number])[]

const patience: Fields = [
  ['initialDelaySeconds', 0],
  ['periodSeconds', 10],
  ['timeoutSeconds', 1],
  ['successThreshold', 1],
  ['failureThreshold', 3],
]

const fields = {
  httpGet: [
    ['path', '/'],
    ['port', ''],
    ['host', ''],
    ['scheme', 'HTTP'],
    ['httpHeaders', ''],
  ],
  tcpSocket: [
    ['port', ''],
    ['host', ''],
  ],
  grpc: [
    ['port', ''],
    ['service', ''],
  ],
  exec: [['command', '']],
} as const satisfies { readonly [type: string]: Fields }

const types = ['httpGet', 'tcpSocket', 'grpc', 'exec'] as const

function handlerOf(probe: unknown): { readonly type: keyof typeof fields; readonly action: unknown } | undefined {
  const type = types.find((each) => recordOf(memberOf(probe, each)))
  return type && { type, action: memberOf(probe, type) }
}

function sameFields(a: unknown, b: unknown, names: Fields): boolean {
  return names.every(
    ([name, otherwise]) => plain(memberOf(a, name) ?? otherwise) === plain(memberOf(b, name) ?? otherwise),
  )
}

// What is wrongly typed says nothing.
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify(listOf(value).map(ofList))
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

// A header, or a word of a command.
function ofList(entry: unknown): unknown {
  return recordOf(entry) ? [plain(memberOf(entry, 'name') ?? ''), plain(memberOf(entry, 'value') ?? '')] : plain(entry)
}
