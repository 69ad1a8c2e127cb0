import { monitorEventLoopDelay } from 'node:perf_hooks'
import { policies } from '../policies/index.ts'
import { openLiveInventory } from '../src/cli/live-inventory.ts'
import { createEngine } from '../src/engine/engine.ts'
import { evaluate } from '../src/engine/evaluate.ts'
import { defaultSettings } from '../src/engine/settings.ts'
import { watchedKinds } from '../src/engine/watched-kinds.ts'
import { kinds } from '../src/sdk/kinds.ts'
import type { AnyObject } from '../src/sdk/objects.ts'
import { subjects } from './cluster-objects.ts'
import { cpuPerCall } from './measure.ts'

// Runs in a process of its own, which holds an inventory and nothing else, and prints what that took.
const [kubeconfig = ''] = process.argv.slice(2)
const mib = () => process.memoryUsage().rss / 2 ** 20
const delays = monitorEventLoopDelay({ resolution: 1 })
const started = process.hrtime.bigint()
const live = await openLiveInventory({
  source: { kubeconfig },
  kinds: watchedKinds(policies),
  maxStalenessSeconds: 60,
  onEvent: () => {},
})
delays.enable()
const loaded = { mib: mib(), cpu: process.cpuUsage() }
await live.settled(AbortSignal.timeout(120_000))
delays.disable()
const seconds = Number(process.hrtime.bigint() - started) / 1e9
const { user, system } = process.cpuUsage(loaded.cpu)
const objects = live.status().reduce((sum, status) => sum + status.objects, 0)
globalThis.gc?.()
const held = mib()

// What is asked of other objects; what a rule makes of one object alone is a figure of its own.
const engine = createEngine(
  policies.filter(({ reads }) => reads.length > 0),
  defaultSettings,
)
const reviews = subjects().map(({ kind, object }) => {
  const info = kinds.get(kind)
  if (!info) throw new Error(`no kind ${kind}`)
  const [name, namespace] = [object.metadata?.name ?? '', object.metadata?.namespace ?? '']
  const apiVersion = info.group ? `${info.group}/${info.version}` : info.version
  const subject = { info, apiVersion, namespace, name, operation: 'CREATE' as const, subresource: '' }
  const text = JSON.stringify({ apiVersion, kind, ...object })
  const make = () => ({ ...subject, object: JSON.parse(text) as AnyObject })
  const context = { inventory: live.inventory, now: 0, frontEnd: 'webhook' as const }
  return { kind, review: cpuPerCall(make, (fresh) => void evaluate(engine, fresh, context), 100, 120) }
})
const result = {
  objects,
  seconds,
  cpuSeconds: (user + system) / 1e6,
  loadedMib: loaded.mib,
  rssMib: held,
  delayMs: delays.percentile(99) / 1e6,
  longestMs: delays.max / 1e6,
  reviews,
}
process.stdout.write(JSON.stringify(result))
await live.stop()
