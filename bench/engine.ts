import { policies } from '../policies/index.ts'
import { createEngine } from '../src/engine/engine.ts'
import { evaluate } from '../src/engine/evaluate.ts'
import { defaultSettings } from '../src/engine/settings.ts'
import type { Subject } from '../src/engine/subject.ts'
import { buildInventory } from '../src/inventory/files.ts'
import { kinds } from '../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../src/sdk/objects.ts'
import { timePerCall, type Benchmark } from './measure.ts'
import { pod, wideObject } from './objects.ts'

export const engineBenchmark: Benchmark = {
  name: 'engine',
  run: () => [
    {
      name: 'all policies on a 3-container Pod',
      value: timePerCall(judging(pod())),
      unit: 'µs',
      target: { value: 50, better: 'lower' },
    },
    {
      name: 'all policies on a 1 MiB Pod of small entries',
      value: timePerCall(judging(wideObject(2 ** 20)), { rounds: 7 }) / 1e3,
      unit: 'ms',
    },
    {
      name: 'all policies on a 3 MiB object with its old object',
      value: timePerCall(judging(wideObject(3 * 2 ** 20), true), { rounds: 5 }) / 1e3,
      unit: 'ms',
      target: { value: 80, better: 'lower' },
    },
  ],
}

function judging(object: AnyObject, update = false): () => void {
  const engine = createEngine(policies, defaultSettings)
  const inventory = buildInventory([], { complete: true })
  // The benchmark's own objects name kinds of the table.
  const info = kinds.get(object.kind as KindName)
  if (!info) throw new Error(`no kind ${String(object.kind)}`)
  const subject: Subject = {
    info,
    apiVersion: object.apiVersion ?? '',
    namespace: object.metadata?.namespace ?? '',
    name: object.metadata?.name ?? '',
    operation: update ? 'UPDATE' : 'CREATE',
    subresource: '',
    object,
    // A copy, as parsed from the wire: nothing is shared with the new object.
    ...(update ? { oldObject: JSON.parse(JSON.stringify(object)) as AnyObject } : {}),
  }
  return () => {
    evaluate(engine, subject, { inventory, now: 0, frontEnd: 'webhook' })
  }
}
