import { policies } from '../../policies/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { Evaluation } from '../../src/engine/finding.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { unknown, type InventorySource } from '../../src/sdk/inventory.ts'
import { findKind, groupOf } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import type { FrontEnd } from '../../src/sdk/policy.ts'

export type Judge = (object: AnyObject, frontEnd: FrontEnd) => Evaluation

/** Some rules over a set of objects that is all there is. Only an audit knows Pods, as in a live cluster. */
export function judgeOf(rules: readonly string[], objects: readonly AnyObject[]): Judge {
  const chosen = policies.filter(({ id }) => rules.includes(id))
  if (chosen.length !== rules.length) throw new Error(`no such rules among ${rules.join(', ')}`)
  const engine = createEngine(chosen, defaultSettings)
  const all = buildInventory(objects.map(entryOf), { complete: true })
  const podless: InventorySource = {
    ...all,
    list: (kind, ...rest) => (kind === 'Pod' ? unknown : all.list(kind, ...rest)),
  }
  return (object, frontEnd) => {
    const { kind, namespace, name } = entryOf(object)
    const info = findKind(groupOf(object.apiVersion), kind)
    if (!info) throw new Error(kind)
    const evaluation = evaluate(
      engine,
      { info, apiVersion: object.apiVersion ?? '', namespace, name, operation: 'CREATE', subresource: '', object },
      { inventory: frontEnd === 'webhook' ? podless : all, now: Date.now(), frontEnd },
    )
    if (evaluation.policyErrors.length > 0) throw new Error(JSON.stringify(evaluation.policyErrors))
    return evaluation
  }
}

function entryOf(object: AnyObject): Entry {
  const { name, namespace } = object.metadata ?? {}
  // Objects of a comparison are of kinds that rules know.
  return { kind: object.kind as KindName, namespace: namespace ?? '', name: name ?? '', object }
}
