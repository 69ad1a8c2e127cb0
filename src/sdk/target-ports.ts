import { asksForSidecar } from './injected-containers.ts'
import { unknown, type Unknown } from './inventory.ts'
import { containersOf, type ContainerView, type PodSpecView } from './pod-specs.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** A port that a container declares: information where it is a number, the only way to find it where it is a name. */
export interface DeclaredPort {
  readonly container: ContainerView
  /** Its place in the list of the container. */
  readonly index: number
  /** '' where it has none. */
  readonly name: string
  readonly number: number | undefined
  readonly protocol: string
}

/** Where the traffic of a Service port goes in one pod. */
export type Target =
  /** To this port; `declared` is undefined where no container that runs declares the number. */
  | { readonly state: 'found'; readonly number: number | undefined; readonly declared: DeclaredPort | undefined }
  /** The name is declared, or the number is, but for other protocols only: a name is then not found, a number is. */
  | { readonly state: 'protocol'; readonly declared: DeclaredPort }
  /** No container that runs has a port of that name: the EndpointSlice lacks the port. */
  | { readonly state: 'missing' }
  /** A `${VARIABLE}` decides, or a value that the API server refuses. */
  | { readonly state: 'unknown' }

/**
 * The targetPort of a Service port: left out, 0 and '' mean the port itself (kubernetes/pkg/apis/core/v1/defaults.go
 * SetDefaults_Service). Unknown for a `${VARIABLE}` and for what is neither a number nor a name.
 */
export function targetPortOf(servicePort: unknown): number | string | Unknown {
  const target = memberOf(servicePort, 'targetPort') ?? undefined
  const own = target === undefined || target === 0 || target === '' ? memberOf(servicePort, 'port') : target
  if (typeof own === 'number' && Number.isInteger(own)) return own
  return typeof own === 'string' && own !== '' && !isVariable(own) ? own : unknown
}

/** The protocol of a port of a Service or a container; TCP where none is given, `unknown` for a `${VARIABLE}`. */
export function protocolOf(port: unknown): string | Unknown {
  const protocol = memberOf(port, 'protocol') ?? ''
  if (typeof protocol !== 'string' || isVariable(protocol)) return unknown
  return protocol === '' ? 'TCP' : protocol
}

/**
 * Resolves a Service port in a pod exactly as the EndpointSlice controller does: a name among containers and sidecars,
 * in this order, with the protocol of the Service port, the first match wins; a number is taken as it is
 * (kubernetes/staging/src/k8s.io/endpointslice/utils.go findPort). Init and ephemeral containers never count.
 */
export function findTargetPort(view: PodSpecView, servicePort: unknown): Target {
  const target = targetPortOf(servicePort)
  const protocol = protocolOf(servicePort)
  if (target === unknown || protocol === unknown) return undecided
  const ports = servingPortsOf(view)
  const alike = (typeof target === 'string' ? ports.byName : ports.byNumber).get(target) ?? []
  const declared = alike.find((port) => port.protocol === protocol)
  if (declared) return { state: 'found', number: declared.number, declared }
  // A port whose name or protocol is not known yet may be the one.
  if (ports.varies) return undecided
  // A number is sent there whoever listens; a name has to be found, and a sidecar that is injected may bring it.
  if (typeof target === 'string' && asksForSidecar(view)) return undecided
  if (alike[0]) return { state: 'protocol', declared: alike[0] }
  return typeof target === 'string' ? missing : { state: 'found', number: target, declared: undefined }
}

/** The ports of the containers that run as long as the pod: main containers first, then sidecars. */
export interface ServingPorts {
  readonly all: readonly DeclaredPort[]
  readonly byName: ReadonlyMap<unknown, readonly DeclaredPort[]>
  readonly byNumber: ReadonlyMap<unknown, readonly DeclaredPort[]>
  /**
   * True if a `${VARIABLE}` stands for a name, number or protocol, or for something that is none; and of a pod of which
   * no container is known: an audit keeps of Pods what they are, not what is in them.
   */
  readonly varies: boolean
  /** True if each of these containers declares at least one port: only then does a missing number say something. */
  readonly everyContainerDeclares: boolean
}

/** What the containers of a pod that serve declare. Kept with the pod spec: a Service may have many ports. */
export function servingPortsOf(view: PodSpecView): ServingPorts {
  const there = known.get(view.spec)
  if (there?.path === view.path) return there.ports
  const serving = containersOf(view).filter(({ class: role }) => role === 'main' || role === 'sidecar')
  const ports = collect(serving)
  known.set(view.spec, { path: view.path, ports })
  return ports
}

/** The ports that one container declares, in their order. */
export function declaredPortsOf(container: ContainerView): readonly DeclaredPort[] {
  const ports = listOf(container.container.ports)
  const declared: DeclaredPort[] = []
  for (let index = 0; index < ports.length; index++) {
    const port = recordOf(ports[index])
    if (!port) continue
    const number = port['containerPort']
    const protocol = protocolOf(port)
    declared.push({
      container,
      index,
      name: stringOf(port['name']) ?? '',
      number: typeof number === 'number' ? number : undefined,
      protocol: protocol === unknown ? '' : protocol,
    })
  }
  return declared
}

// Objects are never changed, so what was read of one stays true for as long as it lives.
const known = new WeakMap<object, { readonly path: string; readonly ports: ServingPorts }>()

const undecided: Target = Object.freeze({ state: 'unknown' })
const missing: Target = Object.freeze({ state: 'missing' })

function collect(serving: readonly ContainerView[]): ServingPorts {
  const lists = serving.map(declaredPortsOf)
  const all = lists.flat()
  return {
    all,
    byName: groupBy(all, ({ name }) => (name === '' ? undefined : name)),
    byNumber: groupBy(all, ({ number }) => number),
    varies: serving.length === 0 || all.some(isVague),
    everyContainerDeclares: lists.length > 0 && lists.every((list) => list.length > 0),
  }
}

function isVague({ name, number, protocol }: DeclaredPort): boolean {
  return isVariable(name) || number === undefined || protocol === ''
}

function groupBy(
  ports: readonly DeclaredPort[],
  keyOf: (port: DeclaredPort) => string | number | undefined,
): ReadonlyMap<unknown, readonly DeclaredPort[]> {
  const groups = new Map<unknown, DeclaredPort[]>()
  for (const port of ports) {
    const key = keyOf(port)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group) group.push(port)
    else groups.set(key, [port])
  }
  return groups
}
