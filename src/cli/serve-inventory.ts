import { policies } from '../../policies/index.ts'
import { watchedKinds } from '../engine/watched-kinds.ts'
import type { AdmittedObject } from '../inventory/admitted.ts'
import type { InventoryEvent, LiveInventory } from '../inventory/live.ts'
import { noInventory } from '../inventory/none.ts'
import { unknown, type InventorySource } from '../sdk/inventory.ts'
import { zoneOfLabels, type Identity } from '../server/identity.ts'
import type { Log } from '../server/log.ts'
import type { InventoryStatus } from '../server/metrics.ts'
import type { Check } from '../server/readiness.ts'
import { openLiveInventory } from './live-inventory.ts'
import type { ServeOptions } from './serve-options.ts'

export interface ServedInventory {
  readonly source: InventorySource
  readonly status: () => readonly InventoryStatus[]
  readonly check: Check
  /** Told of every object that was let in. */
  readonly admitted: (object: AdmittedObject) => void
  readonly stop: () => Promise<void>
}

const maxStalenessSeconds = 60

/**
 * Follows the cluster, unless told not to. Its check holds back readiness until the cluster is known, for so many
 * seconds at most: a webhook that never becomes ready because one kind cannot be listed helps nobody.
 * @throws KubeFailure where no cluster is configured
 */
export async function startInventory(options: ServeOptions, identity: Identity, log: Log): Promise<ServedInventory> {
  if (!options.inventory) {
    log.warn({}, 'no inventory: rules that look at other objects stay unresolved')
    warnWithoutZone(identity, log)
    return { source: noInventory, status: () => [], check: () => undefined, admitted: () => {}, stop: async () => {} }
  }
  const live = await openLiveInventory({
    source: options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig },
    kinds: watchedKinds(policies),
    maxStalenessSeconds,
    onEvent(event) {
      tell(event, log)
      if (event.type === 'synced' && event.resource === 'nodes') learnZone(identity, live.inventory)
    },
  })
  const stopping = new AbortController()
  let waiting = true
  const limit = AbortSignal.timeout(options.syncSeconds * 1000)
  void live.settled(AbortSignal.any([stopping.signal, limit])).then(
    () => endWaiting(),
    // The time is up, or the process ends.
    () => endWaiting(),
  )
  function endWaiting(): void {
    waiting = false
    if (stopping.signal.aborted) return
    const unsynced = missing(live)
    if (unsynced.length > 0)
      log.warn({ resources: unsynced }, 'serving without these: rules that need them stay unresolved')
    warnWithoutZone(identity, log)
  }
  return {
    source: live.inventory,
    status: () => live.status(),
    admitted: (object) => live.admitted(object),
    check: () => (waiting ? `not synced yet: ${missing(live).join(', ')}` : undefined),
    async stop() {
      stopping.abort()
      await live.stop()
    },
  }
}

function missing(live: LiveInventory): string[] {
  return live.status().flatMap(({ resource, synced }) => (synced ? [] : [resource]))
}

function tell(event: InventoryEvent, log: Log): void {
  const { resource } = event
  switch (event.type) {
    case 'synced':
      log.info({ resource, objects: event.objects }, 'inventory synced')
      return
    case 'recovered':
      log.info({ resource }, 'inventory follows again')
      return
    case 'failed':
      log.warn({ resource, code: event.code, problem: event.message }, 'inventory cannot follow; trying again')
  }
}

/** Our own zone is a label of our Node, which the inventory holds anyway. */
function learnZone(identity: Identity, inventory: InventorySource): void {
  if (identity.zone !== 'unknown') return
  const node = inventory.get('Node', '', identity.node)
  const zone = node === unknown ? undefined : zoneOfLabels(node?.metadata?.labels)
  if (zone !== undefined) identity.zone = zone
}

function warnWithoutZone({ zone, node }: Identity, log: Log): void {
  if (zone === 'unknown')
    log.warn(
      { on_node: node },
      'the zone of this Pod is not known: neither POD_ZONE nor the labels of its Node tell it',
    )
}
