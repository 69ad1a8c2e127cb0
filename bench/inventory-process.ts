import { monitorEventLoopDelay } from 'node:perf_hooks'
import { policies } from '../policies/index.ts'
import { openLiveInventory } from '../src/cli/live-inventory.ts'
import { createEngine } from '../src/engine/engine.ts'
import { evaluate } from '../src/engine/evaluate.ts'
import { defaultSettings } from '../src/engine/settings.ts'
import { watchedKinds } from '../src/engine/watched-kinds.ts'
import { kinds } from '../src/sdk/kinds.ts'
import { budget } from './cluster-objects.ts'
import { timePerCall } from './measure.ts'

// Runs in a process of its own, which holds an inventory and nothing else, and prints what that took.
const [kubeconfig = ''] = process.argv.slice(2)
const mib = () => process.memoryUsage().rss / 2 ** 20
const delays = monitorEventLoopDelay({ resolution: 1 })
const started = process.hrtime.bigint()
const wanted = new Set(['PersistentVolume'])
const live = await openLiveInventory({
  source: { kubeconfig },
  kinds: [...new Set([...watchedKinds(policies), ...[...kinds.values()].filter(({ kind }) => wanted.has(kind))])],
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

const engine = createEngine(policies, defaultSettings)
const info = kinds.get('PodDisruptionBudget')
if (!info) throw new Error('no such kind')
const name = 'service-1234'
const object = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', ...budget(name, 'team-34') }
const subject = { info, apiVersion: 'policy/v1', namespace: 'team-34', name, operation: 'CREATE' as const }
const review = timePerCall(() => {
  evaluate(engine, { ...subject, subresource: '', object }, { inventory: live.inventory, now: 0, frontEnd: 'webhook' })
})
const result = {
  objects,
  seconds,
  cpuSeconds: (user + system) / 1e6,
  loadedMib: loaded.mib,
  rssMib: held,
  delayMs: delays.percentile(99) / 1e6,
  longestMs: delays.max / 1e6,
  review,
}
process.stdout.write(JSON.stringify(result))
await live.stop()
