import fc from 'fast-check'
import t from 'tap'
import { exampleNow, readExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'

const wildValue = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1, 1e300, '', '${VARIABLE}', true, [], {}, [null], [[]], { '': {} }),
  fc.jsonValue(),
)

// Files hold what nobody validated: any value may stand anywhere, in the object under review and beside it.
for (const policy of policies) {
  const engine = createEngine([policy], defaultSettings)
  t.test(`${policy.id} answers, whatever stands in the objects`, async () => {
    for (const example of policy.examples.fails) {
      const { subject, context } = readExample(example)
      const all: readonly Entry[] = [{ ...subject, kind: subject.info.kind }, ...context]
      fc.assert(
        fc.property(fc.nat(all.length - 1), fc.nat(), wildValue, (which, place, value) => {
          const changed = all.map((entry, index) =>
            index === which ? { ...entry, object: damaged(entry.object, place, value) } : entry,
          )
          const object = (changed[0]?.object ?? {}) as AnyObject
          const inventory = buildInventory(changed.slice(1), { complete: true })
          const reviewed = { ...subject, object }
          const { policyErrors } = evaluate(engine, reviewed, { inventory, now: exampleNow, frontEnd: 'check' })
          return policyErrors.length === 0
        }),
        { numRuns: 40 },
      )
    }
  })
}

/** The object with one of its values, at any depth, replaced. */
function damaged(object: object, place: number, value: unknown): object {
  const copy = structuredClone(object)
  const slots: { holder: Record<string, unknown>; key: string }[] = []
  const visit = (node: unknown, top: boolean): void => {
    if (typeof node !== 'object' || node === null) return
    // Arrays too are read and written by key here.
    const holder = node as Record<string, unknown>
    for (const key of Object.keys(holder)) {
      // Who an object is has been read before any policy sees it.
      if (!top || !['apiVersion', 'kind', 'metadata'].includes(key)) slots.push({ holder, key })
      visit(holder[key], false)
    }
  }
  visit(copy, true)
  const slot = slots[place % Math.max(1, slots.length)]
  if (slot) slot.holder[slot.key] = value
  return copy
}
