import { policies } from '../policies/index.ts'
import { createEngine } from '../src/engine/engine.ts'
import { evaluate } from '../src/engine/evaluate.ts'
import { defaultSettings } from '../src/engine/settings.ts'
import type { Subject } from '../src/engine/subject.ts'
import { buildInventory } from '../src/inventory/files.ts'
import { kinds } from '../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../src/sdk/objects.ts'
import { cpuPerCall, type Benchmark } from './measure.ts'
import { pod, wideObject } from './objects.ts'

export const engineBenchmark: Benchmark = {
  name: 'engine',
  run: () => [
    {
      name: 'all policies on a 3-container Pod',
      value: perReview(pod(), 300, { rounds: 120 }),
      unit: 'µs',
      target: { value: 50, better: 'lower' },
    },
    {
      name: 'all policies on a 1 MiB Pod of small entries',
      value: perReview(wideObject(2 ** 20), 4) / 1e3,
      unit: 'ms',
    },
    {
      name: 'all policies on a 3 MiB object with its old object',
      value: perReview(wideObject(3 * 2 ** 20), 2, { update: true }) / 1e3,
      unit: 'ms',
      target: { value: 80, better: 'lower' },
    },
  ],
}

/** CPU of one review in microseconds. */
function perReview(object: AnyObject, calls: number, { rounds = 24, update = false } = {}): number {
  const engine = createEngine(policies, defaultSettings)
  const inventory = buildInventory([], { complete: true })
  // The benchmark's own objects name kinds of the table.
  const info = kinds.get(object.kind as KindName)
  if (!info) throw new Error(`no kind ${String(object.kind)}`)
  const text = JSON.stringify(object)
  const copy = () => JSON.parse(text) as AnyObject
  const make = (): Subject => ({
    info,
    apiVersion: object.apiVersion ?? '',
    namespace: object.metadata?.namespace ?? '',
    name: object.metadata?.name ?? '',
    operation: update ? 'UPDATE' : 'CREATE',
    subresource: '',
    object: copy(),
    ...(update ? { oldObject: copy() } : {}),
  })
  return cpuPerCall(
    make,
    (subject) => void evaluate(engine, subject, { inventory, now: 0, frontEnd: 'webhook' }),
    calls,
    rounds,
  )
}
