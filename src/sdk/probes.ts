import type { ContainerView } from './pod-specs.ts'
import { memberOf, recordOf } from './shape.ts'

const probeFields = ['readinessProbe', 'livenessProbe', 'startupProbe'] as const
export type ProbeField = (typeof probeFields)[number]
const actionFields = ['httpGet', 'tcpSocket'] as const
const hookFields = ['postStart', 'preStop'] as const

/** What connects to a port of a container: a probe, or a hook of its lifecycle. */
export interface Handler {
  /** As one calls it: `readinessProbe`, `preStop`. */
  readonly name: ProbeField | 'preStop' | 'postStart'
  readonly isProbe: boolean
  readonly type: 'httpGet' | 'tcpSocket'
  readonly action: { readonly [key: string]: unknown }
  /** JSON pointer of the action, from the root of the object. */
  readonly path: string
}

/**
 * The handlers of a container that connect to a port. None in an init container or an ephemeral one: the API server
 * refuses probes and hooks there. A hook over tcpSocket is left out too: the kubelet runs none.
 */
export function handlersOf({ container, path, class: role }: ContainerView): Handler[] {
  if (role === 'init' || role === 'ephemeral') return []
  const found: Handler[] = []
  for (const name of probeFields) {
    const probe = container[name]
    if (!probe) continue
    for (const type of actionFields) {
      const action = recordOf(memberOf(probe, type))
      if (action) found.push({ name, isProbe: true, type, action, path: `${path}/${name}/${type}` })
    }
  }
  if (!container.lifecycle) return found
  for (const name of hookFields) {
    const action = recordOf(memberOf(memberOf(container.lifecycle, name), 'httpGet'))
    if (!action) continue
    found.push({ name, isProbe: false, type: 'httpGet', action, path: `${path}/lifecycle/${name}/httpGet` })
  }
  return found
}
