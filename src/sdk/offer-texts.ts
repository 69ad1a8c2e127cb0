import { closest } from './closest.ts'
import { brief, nameOf } from './names.ts'
import type { Offer, Server } from './offered-ports.ts'
import { containersOf } from './pod-specs.ts'
import { declaredPortsOf, servingPortsOf, type DeclaredPort } from './target-ports.ts'

/** An offer that is a fault of the Service or of its workload. */
export type PortFault = Extract<Offer, { readonly state: 'some' | 'protocol' | 'none' }>

/** `Deployment/web`. */
export function describeServer({ backend: { kind, object } }: Server): string {
  return `${kind}/${brief(nameOf(object), 20)}`
}

/** What is wrong, after the name of the Service and its port. `more` counts the servers beside the one named. */
export function describeFault(fault: PortFault, more: number): string {
  const target = quoted(fault.target)
  if (fault.state === 'some') return `${describeServer(fault.lacking)} has no targetPort ${target}, others have`
  const server = describeServer(fault.server)
  if (fault.state === 'protocol') return `targetPort ${target} is ${brief(fault.declared.protocol, 8)} in ${server}`
  return `targetPort ${target} is no port of ${server}${more > 0 ? ` and ${more} more` : ''}${declaredBy(fault.server)}`
}

/** What to type in the Service. */
export function fixOfService(fault: PortFault): string {
  if (fault.state === 'protocol') {
    const { protocol, declared } = fault
    return `write protocol: ${brief(declared.protocol, 8)}, or declare the port for ${brief(protocol, 8)} in the container`
  }
  if (fault.state === 'some')
    return `name the port ${quoted(fault.target)} there too, or select by a label that only the others have`
  const { target, server } = fault
  const init = inInit(server, target)
  if (init) return `declare it in a container that serves: init container ${init} has ended by then`
  const near = targetInstead(fault)
  const otherwise =
    typeof target === 'string' ? `name the containerPort ${brief(target, 15)}` : `declare containerPort ${target}`
  return near === undefined
    ? `${otherwise} in the container that serves`
    : `write targetPort: ${brief(String(near), 15)}, or ${otherwise}`
}

/** The port of the server that a Service most likely means: the one with a name alike, or the only one. */
export function targetInstead(fault: PortFault): string | number | undefined {
  if (fault.state !== 'none') return undefined
  const ports = servingPortsOf(fault.server.view).all
  const [only, second] = ports
  const names = ports.flatMap(({ name }) => (name === '' ? [] : [name]))
  return closest(String(fault.target), names) ?? (only && !second ? only.name || only.number : undefined)
}

/** What to type in the workload. */
export function fixOfWorkload(fault: PortFault): string {
  const { target } = fault
  if (fault.state === 'protocol') return `declare it for ${brief(fault.protocol, 8)}, or change protocol in the Service`
  const declare =
    typeof target === 'string' ? `name the containerPort ${brief(target, 15)}` : `declare containerPort ${target}`
  return `${declare}, or change targetPort in the Service`
}

function quoted(target: number | string): string {
  return typeof target === 'string' ? `"${brief(target, 15)}"` : String(target)
}

function declaredBy(server: Server): string {
  const { all } = servingPortsOf(server.view)
  if (all.length === 0) return ''
  const some = all.slice(0, 2).map(describePort)
  return `, which has ${[...some, ...(all.length > 2 ? [`${all.length - 2} more`] : [])].join(', ')}`
}

function describePort({ name, number }: DeclaredPort): string {
  return name === '' ? String(number) : `${brief(name, 15)} (${number ?? 'no number'})`
}

/** The init container that has the port, which serves nothing: it has run to its end before the others start. */
function inInit(server: Server, target: number | string): string | undefined {
  const holds = ({ name, number }: DeclaredPort) => name === target || number === target
  const inits = containersOf(server.view).filter(({ class: role }) => role === 'init')
  return inits.find((container) => declaredPortsOf(container).some(holds))?.name
}
