import fc from 'fast-check'
import t from 'tap'
import { exampleNow, readExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { createEngine, targetsOf, type Engine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import type { Subject } from '../../src/engine/subject.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { noInventory } from '../../src/inventory/none.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'
import type { Policy } from '../../src/sdk/policy.ts'

// Tried at every place. The last ones cannot be made into text.
const hostile: readonly unknown[] = [null, -1, '', [null], { toString: '' }, [{ toString: '' }]]
const wild: readonly unknown[] = [...hostile, 0, 1e300, 'x', '${VARIABLE}', true, [], {}, [[]], { '': {} }]
const wildValue = fc.oneof(fc.constantFrom(...wild), fc.jsonValue())

// Files hold what nobody validated: any value may stand anywhere, in the object under review and beside it.
for (const policy of policies) {
  const engine = createEngine([policy], defaultSettings)
  t.test(`${policy.id} answers to objects of any shape`, async () => {
    for (const { kind, subresource, operations } of targetsOf(policy)) {
      const info = kinds.get(kind)
      if (!info) throw new Error(kind)
      fc.assert(
        fc.property(fc.object({ key: fc.constantFrom(...keysOf(policy)), maxDepth: 5 }), (object) => {
          const subject = { info, apiVersion: 'v1', namespace: 'default', name: 'web', subresource, object }
          const { policyErrors } = evaluate(
            engine,
            { ...subject, operation: operations[0] ?? 'CREATE' },
            { inventory: noInventory, now: exampleNow, frontEnd: 'check' },
          )
          return policyErrors.length === 0
        }),
        { numRuns: 30 },
      )
    }
  })
  t.test(`${policy.id} answers, whatever stands in the objects`, async (t) => {
    for (const example of policy.examples.fails) {
      const { subject, context } = readExample(example)
      const all: readonly Entry[] = [{ ...subject, kind: subject.info.kind }, ...context]
      t.strictSame([...failures(engine, subject, all)], [], example.name)
      fc.assert(
        fc.property(fc.nat(all.length - 1), fc.nat(), wildValue, (which, place, value) => {
          const changed = all.map((entry, index) =>
            index === which ? { ...entry, object: damaged(entry.object, place, value) } : entry,
          )
          // Whoever changes what is frozen throws.
          const object = frozen((changed[0]?.object ?? {}) as AnyObject)
          const inventory = buildInventory(frozen(changed.slice(1)), { complete: true })
          const reviewed = { ...subject, object }
          const judge = () => evaluate(engine, reviewed, { inventory, now: exampleNow, frontEnd: 'check' })
          const first = judge()
          return first.policyErrors.length === 0 && JSON.stringify(judge()) === JSON.stringify(first)
        }),
        { numRuns: 40 },
      )
    }
  })
}

/** Every place of every object that no hostile value may stand in without a policy throwing: there should be none. */
function* failures(engine: Engine, subject: Subject, all: readonly Entry[]): Generator<string> {
  for (const [index, entry] of all.entries()) {
    for (let place = 0; place < slotsOf(entry.object).length; place++) {
      for (const value of hostile) {
        const changed = all.map((each, at) =>
          at === index ? { ...each, object: damaged(each.object, place, value) } : each,
        )
        const inventory = buildInventory(changed.slice(1), { complete: true })
        const reviewed = { ...subject, object: changed[0]?.object ?? {} }
        const { policyErrors } = evaluate(engine, reviewed, { inventory, now: exampleNow, frontEnd: 'check' })
        if (policyErrors.length > 0) yield `object ${index}, place ${place}: ${JSON.stringify(value)}`
      }
    }
  }
}

/** Every key that the examples of a policy use, so that arbitrary objects get past the first questions. */
function keysOf(policy: Policy): string[] {
  const keys = new Set(['spec', 'template', 'metadata', 'containers', '__proto__'])
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (!Array.isArray(node)) keys.add(key)
      visit(value)
    }
  }
  for (const example of policy.examples.fails) visit(readExample(example).subject.object)
  return [...keys]
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

/** The object with one of its values, at any depth, replaced. */
function damaged(object: object, place: number, value: unknown): object {
  const copy = structuredClone(object)
  const slots = slotsOf(copy)
  const slot = slots[place % Math.max(1, slots.length)]
  if (slot) slot.holder[slot.key] = value
  return copy
}

/** Where each value of an object is held. */
function slotsOf(object: object): { readonly holder: Record<string, unknown>; readonly key: string }[] {
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
  visit(object, true)
  return slots
}
