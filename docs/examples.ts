import { parse, parseAllDocuments } from 'yaml'
import { createEngine, type Engine } from '../src/engine/engine.ts'
import { evaluate } from '../src/engine/evaluate.ts'
import type { Evaluation } from '../src/engine/finding.ts'
import { parseSettings } from '../src/engine/parse-settings.ts'
import { settingsApiVersion } from '../src/engine/settings-schema.ts'
import type { Profile, Settings } from '../src/engine/settings.ts'
import type { Subject } from '../src/engine/subject.ts'
import { buildInventory, type Entry } from '../src/inventory/files.ts'
import { expandSamples } from '../src/sdk/credentials/samples.ts'
import { unknown, type InventorySource } from '../src/sdk/inventory.ts'
import { kinds, type KindInfo } from '../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../src/sdk/objects.ts'
import type { Example, Policy } from '../src/sdk/policy.ts'

/** The day on which every example is judged. */
export const exampleNow = Date.parse('2026-01-01T00:00:00Z')

/** An example read from its YAML, ready to be judged by any front end. */
export interface ReadExample {
  readonly subject: Subject
  readonly inventory: InventorySource
  readonly context: readonly Entry[]
}

/**
 * Judges an example by the given policies, under the profile and the parameters that the example gives its own policy.
 * Throws where the example is not readable: a fault of ours.
 */
export function runExample(
  policies: readonly Policy[],
  policy: Policy,
  example: Example,
  profile: Profile = 'baseline',
): Evaluation {
  const { subject, inventory } = readExample(example)
  const engine = engineOf(policies, policy, example, profile)
  return evaluate(engine, subject, { inventory, now: exampleNow, frontEnd: example.frontEnd ?? 'webhook' })
}

/**
 * Completes what an example leaves out: apiVersion, the name `example`, the namespace `default`. Read once: nobody may
 * change what it returns.
 */
export function readExample(example: Example): ReadExample {
  const known = examplesRead.get(example) ?? readAnew(example)
  examplesRead.set(example, known)
  return known
}

const examplesRead = new WeakMap<Example, ReadExample>()

function readAnew(example: Example): ReadExample {
  const object = completed(parseYaml(example.object))
  const oldObject = example.oldObject === undefined ? undefined : completed(parseYaml(example.oldObject)).object
  const context = parseAll(example.inventory ?? '').map(completed)
  const known = buildInventory(context, { complete: example.complete ?? example.frontEnd !== 'check' })
  const { info, namespace, name } = object
  const subresource = example.subresource ?? ''
  return {
    context,
    inventory: hide(known, example.unknown ?? []),
    subject: {
      info,
      apiVersion: apiVersionOf(info),
      namespace,
      name,
      operation: oldObject || subresource !== '' ? 'UPDATE' : 'CREATE',
      subresource,
      object: object.object,
      ...(oldObject ? { oldObject } : {}),
      ...(example.user ? { user: { username: example.user, groups: [] } } : {}),
    },
  }
}

/** The settings under which an example is judged. */
export function exampleSettings(
  policies: readonly Policy[],
  policy: Policy,
  example: Example,
  profile: Profile,
): Settings {
  const { params, severity } = example
  const own = { ...(params ? { params } : {}), ...(severity ? { severity } : {}) }
  // Settings that name the same rules are validated by the same validator, and most name none.
  const rules = Object.keys(own).length > 0 ? { [policy.id]: own } : {}
  const parsed = parseSettings({ apiVersion: settingsApiVersion, kind: 'Settings', profile, rules }, policies)
  if ('settings' in parsed) return parsed.settings
  throw new Error(`${policy.id}, "${example.name}": ${parsed.errors.map(({ message }) => message).join('; ')}`)
}

const plainEngines = {
  baseline: new WeakMap<readonly Policy[], Engine>(),
  strict: new WeakMap<readonly Policy[], Engine>(),
}

/** The engine that judges an example; one for all that are judged under the defaults of the profile. */
export function engineOf(policies: readonly Policy[], policy: Policy, example: Example, profile: Profile): Engine {
  if (example.params || example.severity)
    return createEngine(policies, exampleSettings(policies, policy, example, profile))
  const plain = plainEngines[profile].get(policies)
  if (plain) return plain
  const engine = createEngine(policies, exampleSettings(policies, policy, example, profile))
  plainEngines[profile].set(policies, engine)
  return engine
}

interface Completed extends Entry {
  readonly info: KindInfo
  readonly object: AnyObject
}

function completed(value: unknown): Completed {
  // The harness reads our own examples; what is not an object with a known kind stops it here.
  const given = value as AnyObject
  const info = kinds.get((given.kind ?? '') as KindName)
  if (!info) throw new Error(`an example holds an object of kind ${String(given.kind)}, which no table knows`)
  const namespace = info.namespaced ? (given.metadata?.namespace ?? 'default') : ''
  const name = given.metadata?.name ?? 'example'
  const metadata = { ...given.metadata, name, ...(info.namespaced ? { namespace } : {}) }
  const object = { ...given, apiVersion: given.apiVersion ?? apiVersionOf(info), metadata }
  return { info, kind: info.kind, namespace, name, object }
}

function apiVersionOf({ group, version }: KindInfo): string {
  return group === '' ? version : `${group}/${version}`
}

function hide(inventory: InventorySource, hidden: readonly KindName[]): InventorySource {
  if (hidden.length === 0) return inventory
  return {
    complete: inventory.complete,
    uncertain: (object) => inventory.uncertain(object),
    stale: (kind) => hidden.includes(kind) || inventory.stale(kind),
    list: (kind, namespace) => (hidden.includes(kind) ? unknown : inventory.list(kind, namespace)),
    get: (kind, namespace, name) => (hidden.includes(kind) ? unknown : inventory.get(kind, namespace, name)),
  }
}

// Credentials are made up here: the catalogue and its pages hold the tokens that ask for them.
function parseYaml(text: string): unknown {
  return parse(expandSamples(text), { merge: true })
}

function parseAll(text: string): unknown[] {
  return parseAllDocuments(expandSamples(text), { merge: true }).flatMap((document) => {
    if ('errors' in document && document.errors[0]) throw new Error(document.errors[0].message)
    const value: unknown = document.toJS()
    return value === null ? [] : [value]
  })
}
