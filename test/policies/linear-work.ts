import { Session } from 'node:inspector'
import { axesOf, grown } from '../../bench/growth.ts'
import { exampleNow, readExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { buildInventory } from '../../src/inventory/files.ts'
import type { Example } from '../../src/sdk/policy.ts'

// Prints where the code runs more often than in proportion to its input, each as `file:offset axis`. Counts of V8, not
// times: the same on every machine. A process of its own, because whoever counts takes the counts of all.
const sizes = { small: 64, large: 256 } as const

const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

const engine = createEngine(policies, { ...defaultSettings, profile: 'strict' })
const tried = new Set<string>()
const found = new Map<string, string>()
let inputs = 0
for (const example of policies.flatMap((policy) => policy.examples.fails)) {
  const { subject, context } = readExample(example)
  for (const axis of axesOf(subject.object, context)) {
    const kind = `${subject.info.kind} ${axis.name}`
    if (tried.has(kind)) continue
    tried.add(kind)
    inputs++
    const counts = (size: number) => {
      const { object, entries } = grown(axis, subject.object, context, size)
      return countsOf(example, object, buildInventory(entries, { complete: true }))
    }
    const [few, many] = [counts(sizes.small), counts(sizes.large)]
    for (const [place, count] of many) {
      const exponent = Math.log(count / Math.max(1, few.get(place) ?? 0)) / Math.log(sizes.large / sizes.small)
      if (count > sizes.large * 16 && exponent > 1.5 && !found.has(place)) found.set(place, `${kind} (${example.name})`)
    }
  }
}
process.stdout.write(JSON.stringify({ inputs, found: [...found].map(([place, kind]) => `${place} ${kind}`) }))

function countsOf(example: Example, object: object, inventory: ReturnType<typeof buildInventory>) {
  const { subject } = readExample(example)
  take()
  evaluate(engine, { ...subject, object }, { inventory, now: exampleNow, frontEnd: example.frontEnd ?? 'webhook' })
  return take()
}

/** How often each block ran since the last time. */
function take(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  session.post('Profiler.takePreciseCoverage', (error, answer) => {
    if (error) throw error
    for (const { url, functions } of answer.result) {
      const file = /\/build\/((?:src|policies)\/.*)$/.exec(url)?.[1]
      if (file === undefined) continue
      for (const { ranges } of functions)
        for (const { startOffset, count } of ranges) if (count > 0) counts.set(`${file}:${startOffset}`, count)
    }
  })
  return counts
}
