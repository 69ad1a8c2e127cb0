import { exposuresOf, type Exposure, type Reach } from './exposure.ts'
import type { Inventory } from './inventory.ts'
import type { KindName } from './objects.ts'
import { containersOf, type ContainerView, type PodSpecView } from './pod-specs.ts'
import { listOf } from './shape.ts'
import { findTargetPort, targetPortOf } from './target-ports.ts'

/** A container that Services send to. */
export interface ServedContainer {
  /** Undefined where a port leads to no declared one: any container may be listening. */
  readonly container: ContainerView | undefined
  /** The farthest first. */
  readonly exposures: readonly Exposure[]
  /** The numbers, or names where no container has them, to which the Services send. */
  readonly targets: ReadonlySet<number | string>
}

/**
 * The containers of a workload to which Services send, but for headless ones, with what sends to them; and the kinds
 * among which more may.
 */
export function servedContainers(
  kind: KindName,
  object: unknown,
  view: PodSpecView,
  namespace: string,
  inventory: Inventory<'Service' | 'Ingress'>,
): { readonly served: readonly ServedContainer[]; readonly unsure: readonly KindName[] } {
  const { found, unsure } = exposuresOf(kind, object, namespace, inventory)
  const served = new Map<
    string,
    { container: ContainerView | undefined; exposures: Set<Exposure>; targets: Set<number | string> }
  >()
  for (const exposure of found) {
    if (exposure.reach === 'headless') continue
    for (const port of listOf(exposure.service.spec?.ports)) {
      const target = findTargetPort(view, port)
      const container = target.state === 'found' ? target.declared?.container : undefined
      const entry = served.get(container?.path ?? '') ?? { container, exposures: new Set(), targets: new Set() }
      served.set(container?.path ?? '', entry)
      entry.exposures.add(exposure)
      const asked = targetPortOf(port)
      const number = target.state === 'found' ? target.number : undefined
      if (number !== undefined || typeof asked !== 'symbol') entry.targets.add(number ?? (asked as number | string))
    }
  }
  return {
    served: [...served.values()].map(({ exposures, ...rest }) => ({ ...rest, exposures: inReach(exposures) })),
    unsure,
  }
}

/** The containers that may listen: main containers and sidecars. */
export function servingContainers(view: PodSpecView): ContainerView[] {
  return containersOf(view).filter(({ class: role }) => role === 'main' || role === 'sidecar')
}

const order: readonly Reach[] = ['load-balancer', 'ingress', 'node-port', 'cluster', 'headless']

function inReach(exposures: Iterable<Exposure>): Exposure[] {
  return [...exposures].sort((a, b) => order.indexOf(a.reach) - order.indexOf(b.reach))
}
