import { policies } from '../../policies/index.ts'
import { watchedKinds } from '../engine/watched-kinds.ts'
import { startLiveInventory, type InventoryEvent, type LiveInventory } from '../inventory/live.ts'
import { noInventory } from '../inventory/none.ts'
import { trim } from '../inventory/trim.ts'
import { unknown, type InventorySource } from '../sdk/inventory.ts'
import { zoneOfLabels, type Identity } from '../server/identity.ts'
import type { Log } from '../server/log.ts'
import type { InventoryStatus } from '../server/metrics.ts'
import type { Check } from '../server/readiness.ts'
import type { ServeOptions } from './serve.ts'

export interface ServedInventory {
  readonly source: InventorySource
  status(): readonly InventoryStatus[]
  readonly check: Check
  stop(): Promise<void>
}

// A webhook that never becomes ready because one kind cannot be listed helps nobody: what is unknown stays unresolved.
const graceMs = 30_000
const maxStalenessSeconds = 60

/** Follows the cluster, unless told not to. @throws KubeFailure where no cluster is configured */
export async function startInventory(options: ServeOptions, identity: Identity, log: Log): Promise<ServedInventory> {
  if (!options.inventory) {
    log.warn({}, 'no inventory: rules that look at other objects stay unresolved')
    warnWithoutZone(identity, log)
    return { source: noInventory, status: () => [], check: () => undefined, stop: async () => {} }
  }
  const { connect } = await import('../kube/connect.ts')
  const { follow } = await import('../kube/follow.ts')
  const { sleep } = await import('../kube/sleep.ts')
  const connection = await connect(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig })
  const now = () => performance.now()
  const settings = { now, random: Math.random, sleep, keep: trim }
  const live = startLiveInventory(
    (info, signal) => follow(connection, info, { ...settings, signal }),
    watchedKinds(policies),
    { now, maxStalenessSeconds, onEvent: (event) => tell(event, log) },
  )
  const started = now()
  const stopping = new AbortController()
  void live.settled(stopping.signal).then(
    () => learnZone(identity, live.inventory, log),
    // Aborted: the process ends before the inventory was ever whole.
    () => {},
  )
  return {
    source: live.inventory,
    status: () => live.status(),
    check: () => (now() - started > graceMs ? undefined : pending(live)),
    async stop() {
      stopping.abort()
      await live.stop()
      connection.close()
    },
  }
}

function pending(live: LiveInventory): string | undefined {
  const waiting = live.status().filter(({ synced, error }) => !synced && error === undefined)
  return waiting.length === 0 ? undefined : `not synced yet: ${waiting.map(({ resource }) => resource).join(', ')}`
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
function learnZone(identity: Identity, inventory: InventorySource, log: Log): void {
  if (identity.zone !== 'unknown') return
  const node = inventory.get('Node', '', identity.node)
  const zone = node === unknown ? undefined : zoneOfLabels(node?.metadata?.labels)
  if (zone !== undefined) identity.zone = zone
  warnWithoutZone(identity, log)
}

function warnWithoutZone({ zone, node }: Identity, log: Log): void {
  if (zone === 'unknown')
    log.warn(
      { on_node: node },
      'the zone of this Pod is not known: neither POD_ZONE nor the labels of its Node tell it',
    )
}
