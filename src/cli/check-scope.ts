import type { Engine } from '../engine/engine.ts'
import { evaluate } from '../engine/evaluate.ts'
import type { Subject } from '../engine/subject.ts'
import type { Manifest } from '../files/manifest.ts'
import { autoscalerOf } from '../files/scaled-objects.ts'
import type { Member, Scope } from '../files/scopes.ts'
import { buildInventory, type Entry } from '../inventory/files.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import type { KindInfo } from '../sdk/kinds.ts'
import type { ObjectRef } from '../sdk/objects.ts'
import { memberOf, stringOf } from '../sdk/shape.ts'
import { addNew, failed, reported, type Said } from './check-said.ts'

/** Judges the objects of one scope, with the scope and the context as their inventory, and adds what is said to `all`. */
export function checkScope(
  engine: Engine,
  scope: Scope,
  context: readonly Member[],
  { complete, now }: { readonly complete: boolean; readonly now: number },
  all: Map<Manifest, Said>,
): void {
  const members = scope.members.filter(isKnown)
  const own = scope.members.flatMap(entriesOf)
  const identities = new Map(own.map((entry) => [identityOf(entry), entry.manifest]))
  const others = context.flatMap(entriesOf).filter((entry) => !identities.has(identityOf(entry)))
  const inventory = buildInventory([...own, ...others], { complete })
  const find = (ref: ObjectRef) => identities.get(identityOf(ref))
  for (const member of members) {
    const said = judged(engine, member, inventory, now, find)
    const before = all.get(member.manifest)
    // An object may be in several scopes (a base under two overlays): what is said of it twice is reported once.
    if (before) addNew(before, said)
    else all.set(member.manifest, said)
  }
}

// One object that brings a fault to light must not cost the report on all others.
function judged(
  engine: Engine,
  member: Known,
  inventory: InventorySource,
  now: number,
  find: (ref: ObjectRef) => Manifest | undefined,
): Said {
  try {
    const evaluation = evaluate(engine, subjectOf(member), { inventory, now, frontEnd: 'check' })
    return reported(evaluation, member.manifest, refOf(member), find)
  } catch (error) {
    return failed(error, member.manifest, refOf(member))
  }
}

interface Known extends Member {
  readonly manifest: Manifest & { readonly info: KindInfo }
}

function isKnown(member: Member): member is Known {
  return member.manifest.info !== undefined
}

function subjectOf({ manifest, object, namespace }: Known): Subject {
  const { info, apiVersion, name, partial } = manifest
  const generateName = stringOf(memberOf(object.metadata, 'generateName'))
  return {
    ...{ info, apiVersion, namespace, name, operation: 'CREATE', subresource: '', object },
    ...(name === '' && generateName !== undefined ? { generateName } : {}),
    ...(partial ? { partial } : {}),
  }
}

function refOf({ manifest, namespace }: Known): ObjectRef {
  return { kind: manifest.info.kind, namespace, name: manifest.name }
}

function identityOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`
}

/** An object as the inventory holds it: itself, or what a controller will make of it. */
function entriesOf(member: Member): (Entry & { readonly manifest: Manifest })[] {
  const { manifest, namespace, patched } = member
  if (isKnown(member)) {
    const { info, name, partial } = member.manifest
    const { object } = member
    return [{ kind: info.kind, namespace, name, object, uncertain: partial || patched, manifest }]
  }
  const made = autoscalerOf(manifest)
  if (!made) return []
  const { name, object, uncertain } = made
  return [{ kind: 'HorizontalPodAutoscaler', namespace, name, object, uncertain: uncertain || patched, manifest }]
}
