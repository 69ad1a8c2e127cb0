import { readExample } from '../docs/examples.ts'
import { policies } from '../policies/index.ts'
import { createEngine } from '../src/engine/engine.ts'
import { evaluate } from '../src/engine/evaluate.ts'
import { defaultSettings } from '../src/engine/settings.ts'
import { buildInventory, type Entry } from '../src/inventory/files.ts'
import type { AnyObject } from '../src/sdk/objects.ts'
import type { Example, Policy } from '../src/sdk/policy.ts'
import { axesOf, grown, type Axis } from './growth.ts'
import type { Benchmark, Figure } from './measure.ts'

/**
 * How the time of each policy grows with its input: every list and map of the objects in its examples, one at a time, and
 * the number of the objects beside them. The exponent is 1 for time that grows with the size, 2 for time that grows with
 * its square.
 */
export const policiesBenchmark: Benchmark = { name: 'policies', run: benchPolicies }

const sizes = [128, 256, 512, 1024] as const
const steepest = 1.3
const mostExamples = 4

function benchPolicies(): Figure[] {
  const worst = policies
    .map((policy) => steepestOf(policy))
    .sort((one, other) => other.exponent - one.exponent)
    .slice(0, 5)
  return worst.map(({ policy, example, axis, exponent, largest }) => ({
    name: `${policy.id} (${example.name}), ${axis}: ${(largest / 1e3).toFixed(1)} ms`,
    value: exponent,
    unit: 'exponent',
    target: { value: steepest, better: 'lower' },
  }))
}

interface Growth {
  readonly policy: Policy
  readonly example: Example
  readonly axis: string
  readonly exponent: number
  /** CPU time of the largest input, in microseconds. */
  readonly largest: number
}

function steepestOf(policy: Policy): Growth {
  let worst: Growth = {
    policy,
    example: policy.examples.fails[0] ?? { name: '', object: '' },
    axis: '',
    exponent: 0,
    largest: 0,
  }
  const tried = new Map<string, number>()
  for (const example of policy.examples.fails) {
    const { subject, context } = readExample(example)
    for (const axis of axesOf(subject.object, context)) {
      // Examples of one policy are of much the same objects.
      const kind = `${subject.info.kind} ${axis.name}`
      const times = tried.get(kind) ?? 0
      if (times >= mostExamples) continue
      tried.set(kind, times + 1)
      const growth = growthAlong(policy, example, axis)
      if (growth.exponent > worst.exponent) worst = growth
    }
  }
  return worst
}

function growthAlong(policy: Policy, example: Example, axis: Axis): Growth {
  const time = (size: number, rounds: number) => cpuOf(policy, example, axis, size, rounds)
  const none = { policy, example, axis: axis.name, exponent: 0, largest: 0 }
  // What takes next to no time at the largest size is not worth a closer look, and neither is what grows little.
  const [, , , last] = sizes
  const quick = time(last, 2)
  if (quick < 1000) return none
  if (exponentOf(sizes.map((size) => [size, time(size, 2)])) < 1.15) return none
  const times = sizes.map((size) => [size, time(size, 7)] as const)
  return { ...none, exponent: exponentOf(times), largest: times.at(-1)?.[1] ?? 0 }
}

const engines = new WeakMap<Policy, ReturnType<typeof createEngine>>()

// The least of some rounds, each with objects of its own and an inventory that nobody has asked yet.
function cpuOf(policy: Policy, example: Example, axis: Axis, size: number, rounds: number): number {
  const engine = engines.get(policy) ?? createEngine([policy], { ...defaultSettings, profile: 'strict' })
  engines.set(policy, engine)
  const { subject, context } = readExample(example)
  const inputs = grown(axis, subject.object, context, size)
  const text = JSON.stringify(inputs)
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    // Written a line above.
    const { object, entries } = JSON.parse(text) as { readonly object: AnyObject; readonly entries: readonly Entry[] }
    const inventory = buildInventory(entries, { complete: true })
    const start = process.cpuUsage()
    evaluate(engine, { ...subject, object }, { inventory, now: 0, frontEnd: example.frontEnd ?? 'webhook' })
    const { user, system } = process.cpuUsage(start)
    least = Math.min(least, user + system)
  }
  return least
}

/** Slope of the line through the points, both axes logarithmic. */
function exponentOf(points: readonly (readonly [size: number, time: number])[]): number {
  const logs = points.map(([size, time]) => [Math.log(size), Math.log(Math.max(1, time))] as const)
  const mean = (index: 0 | 1) => logs.reduce((sum, point) => sum + point[index], 0) / logs.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const above = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return above / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
