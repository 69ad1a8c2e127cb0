import type { Engine } from '../engine/engine.ts'
import { evaluate } from '../engine/evaluate.ts'
import type { Subject } from '../engine/subject.ts'
import type { Manifest } from '../files/manifest.ts'
import { autoscalerOf } from '../files/scaled-objects.ts'
import type { Member, Scope } from '../files/scopes.ts'
import { buildInventory, type Entry } from '../inventory/files.ts'
import { unknown, type InventorySource } from '../sdk/inventory.ts'
import type { KindInfo } from '../sdk/kinds.ts'
import type { ObjectRef } from '../sdk/objects.ts'
import { memberOf, stringOf } from '../sdk/shape.ts'
import type { CheckInput } from './check-input.ts'
import type { LiveContext } from './live-context.ts'
import { addNew, failed, reported, type Said } from './check-said.ts'

/** Judges the objects of one scope, with the scope and the context as their inventory, and adds what is said to `all`. */
export function checkScope(
  engine: Engine,
  scope: Scope,
  context: readonly Member[],
  { complete, live, now }: Pick<CheckInput, 'complete' | 'live' | 'now'>,
  all: Map<Manifest, Said>,
): void {
  const members = scope.members.filter(isKnown)
  const own = scope.members.flatMap(entriesOf)
  const identities = new Map(own.map((entry) => [identityOf(entry), entry.manifest]))
  const others = context.flatMap(entriesOf).filter((entry) => !identities.has(identityOf(entry)))
  const inventory = inventoryOf([...own, ...others], complete && !scope.open, live)
  const find = (ref: ObjectRef) => identities.get(identityOf(ref))
  for (const member of members) {
    const said = judged(engine, member, inventory, now, find)
    const before = all.get(member.written)
    // An object may be in several scopes (a base under two overlays): what is said of it twice is reported once.
    if (before) addNew(before, said)
    else all.set(member.written, said)
  }
}

/** The files, and beneath them the cluster: what the files hold is what will be there. */
function inventoryOf(entries: readonly Entry[], complete: boolean, live: LiveContext | undefined): InventorySource {
  if (!live) return buildInventory(entries, { complete })
  const given = new Set(entries.map(identityOf))
  const files = buildInventory(entries, { complete })
  const all = buildInventory([...entries, ...live.entries.filter((entry) => !given.has(identityOf(entry)))], {
    complete: true,
  })
  return {
    complete: true,
    list: (kind, namespace) => (live.unknown.has(kind) ? unknown : all.list(kind, namespace)),
    get: (kind, namespace, name) =>
      live.unknown.has(kind) ? (files.get(kind, namespace, name) ?? unknown) : all.get(kind, namespace, name),
    uncertain: (object) => all.uncertain(object),
    stale: () => false,
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
    return reported(evaluation, member.manifest, refOf(member), inventory, find)
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

function subjectOf({ manifest, namespace, unsure }: Known): Subject {
  const { info, apiVersion, name, object, partial } = manifest
  const generateName = stringOf(memberOf(object.metadata, 'generateName'))
  return {
    ...{ info, apiVersion, namespace, name, operation: 'CREATE', subresource: '', object },
    ...(name === '' && generateName !== undefined ? { generateName } : {}),
    ...(partial ? { partial } : {}),
    ...(unsure ? { unsure } : {}),
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
  const { manifest, namespace, unsure } = member
  if (isKnown(member)) {
    const { info, name, object, partial } = member.manifest
    return [{ kind: info.kind, namespace, name, object, uncertain: partial || unsure, manifest }]
  }
  const made = autoscalerOf(manifest)
  if (!made) return []
  const { name, object, uncertain } = made
  return [{ kind: 'HorizontalPodAutoscaler', namespace, name, object, uncertain: uncertain || unsure, manifest }]
}
