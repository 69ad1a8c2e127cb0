import t from 'tap'
import { exampleNow, exampleSettings, readExample, type ReadExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'
import { resolve } from '../../src/sdk/pointer.ts'
import type { Example, Policy } from '../../src/sdk/policy.ts'

const identity: ReadonlySet<string> = new Set(['/apiVersion', '/kind', '/metadata/name', '/metadata/namespace'])

// One list for each: validators are kept by list.
const lists = new Map<Policy, readonly Policy[]>()
// Two changes away from any fault, at least: another kind, and then what makes that wrong.
const farFromFaulty: ReadonlySet<string> = new Set([
  'compute-cpu-limit: cpu limits forbidden, but this pod pins its cores',
  'compute-do-not-evict: a Job ends by itself',
  'compute-quantity-suspicious: a quota of a large team, and one that forbids volumes',
  'compute-quota-unspecified: only cpu and memory are wanted of every container',
  'compute-quota-unspecified: the scopes of the quota do not hold: the pods have no deadline, and another priority',
  'compute-request-exceeds-node: a DaemonSet has one pod on each node anyway',
  'identity-legacy-sa-token: a token that the kubelet asks for and rotates',
  'identity-legacy-sa-token: a Secret of another type is mounted',
  'identity-legacy-sa-token: a Secret that does not exist is the fault of another rule',
  'identity-static-pull-secret: another Secret is of another rule',
  'storage-default-class-ambiguous: files need not hold the default',
  'storage-immediate-binding: files wait for nobody, whatever a variable says',
  'storage-pvc-immediate-class: the class waits for the first consumer',
  'storage-pvc-immediate-class: the volumes reach every zone of the region',
  'storage-zone-conflict: a volume that a provisioner made is not refused to it',
])

/**
 * A rule that is silent about an example must be silent because the example is right, not because it does not look: one
 * change, the smallest that makes it like an example that fails, has to wake the rule.
 */
t.test('the list of exceptions names examples that are there', async (t) => {
  const known = new Set(policies.flatMap(({ id, examples }) => examples.passes.map(({ name }) => `${id}: ${name}`)))
  t.strictSame(
    [...farFromFaulty].filter((each) => !known.has(each)),
    [],
  )
})

for (const policy of policies) {
  t.test(`${policy.id}: one change wakes the rule about what passes`, async (t) => {
    const faulty = policy.examples.fails.map((example) => prepared(policy, example))
    for (const example of policy.examples.passes) {
      if (farFromFaulty.has(`${policy.id}: ${example.name}`)) continue
      const sound = prepared(policy, example)
      let found = false
      for (const changed of changes(sound, faulty)) if ((found = isFound(policy, changed))) break
      t.ok(found, example.name)
    }
  })
}

interface Prepared extends ReadExample {
  readonly example: Example
  readonly engine: Engine
}

interface Changed extends Prepared {
  readonly object: AnyObject
}

function prepared(policy: Policy, example: Example): Prepared {
  const engine = createEngine([policy], exampleSettings(listOf(policy), policy, example, 'strict'))
  return { ...readExample(example), example, engine }
}

function listOf(policy: Policy): readonly Policy[] {
  const list = lists.get(policy) ?? [policy]
  lists.set(policy, list)
  return list
}

/** The example with one thing changed: a value taken away, a value of a faulty one put in, or its surroundings. */
function* changes(sound: Prepared, faulty: readonly Prepared[]): Generator<Changed> {
  const { object } = sound.subject
  for (const path of pathsIn(object)) yield { ...sound, object: without(object, path) }
  for (const other of faulty) {
    if (other.subject.info.kind === sound.subject.info.kind) {
      for (const path of pathsIn(other.subject.object)) {
        const value = resolve(path, other.subject.object)
        yield { ...sound, object: withValue(object, path, value) }
      }
    }
    // What is right in one cluster, under one set of parameters or for one user is wrong in another.
    yield { ...other, subject: { ...other.subject, object, info: sound.subject.info }, object }
    yield { ...sound, engine: other.engine, object }
    yield { ...sound, inventory: other.inventory, object }
  }
}

function isFound(policy: Policy, { engine, subject, inventory, object, example }: Changed): boolean {
  const frontEnd = example.frontEnd ?? 'webhook'
  const { findings } = evaluate(engine, { ...subject, object }, { inventory, now: exampleNow, frontEnd })
  return findings.some(({ rule }) => rule === policy.id)
}

/** Pointers to every value of an object but its identity, outer ones first. */
function pathsIn(object: unknown, path = ''): string[] {
  if (typeof object !== 'object' || object === null) return []
  return Object.entries(object).flatMap(([key, value]) => {
    const own = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (identity.has(own)) return []
    return [own, ...pathsIn(value, own)]
  })
}

function without(object: AnyObject, path: string): AnyObject {
  return edited(object, path, (holder, key) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete holder[key]
  })
}

/** Makes the objects on the way that are not there. */
function withValue(object: AnyObject, path: string, value: unknown): AnyObject {
  return edited(object, path, (holder, key) => {
    // Lists are written by index as objects are by key.
    ;(holder as Record<string, unknown>)[key] = value
  })
}

type Holder = unknown[] | Record<string, unknown>

function edited(object: AnyObject, path: string, edit: (holder: Holder, key: string) => void): AnyObject {
  const copy = structuredClone(object)
  const keys = path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop() ?? ''
  // A copy of JSON holds nothing but objects, lists and plain values.
  let holder = copy as unknown as Record<string, unknown>
  for (const [index, key] of keys.entries()) {
    const next = holder[key]
    if (typeof next !== 'object' || next === null) {
      holder[key] = /^\d+$/.test(keys[index + 1] ?? last) ? [] : {}
    }
    holder = holder[key] as Record<string, unknown>
  }
  edit(holder, last)
  return copy
}
