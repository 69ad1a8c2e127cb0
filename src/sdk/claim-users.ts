import { claimRefsOf } from './claims.ts'
import { filedUnder, type Filing } from './filed-lists.ts'
import { unknown, type Inventory } from './inventory.ts'
import { templateKinds } from './kinds.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { isRepresented, type Relation } from './relations.ts'
import { listOf, memberOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** The StatefulSets that make the claim of a name: `<template>-<set>-<ordinal>` of whichever replica. */
export function makersOf(
  claimName: string,
  namespace: string,
  inventory: Inventory<'StatefulSet'>,
): Relation<Kinds['StatefulSet']> {
  const stem = /^(.*-)\d+$/.exec(claimName)?.[1]
  if (stem === undefined) return { found: [], unsure: [] }
  const listed = inventory.list('StatefulSet', namespace)
  if (listed === unknown) return { found: [], unsure: ['StatefulSet'] }
  const found = filedUnder(listed, claimStems, [stem])
  const unsure = filedUnder(listed, claimStems, [anyKey]).length > 0
  return { found, unsure: found.length === 0 && unsure ? ['StatefulSet'] : [] }
}

function claimStems(object: Kinds['StatefulSet']): readonly string[] {
  const stems = listOf(memberOf(object.spec, 'volumeClaimTemplates')).map((template) => stemOf(template, object))
  return stems.some(isVariable) ? [anyKey] : stems
}

/** What the names of the claims of a template begin with, before the ordinal. */
export function stemOf(template: unknown, statefulSet: Kinds['StatefulSet']): string {
  return `${nameOf(template)}-${nameOf(statefulSet)}-`
}

/** A workload that mounts or makes a claim. */
export interface ClaimUser {
  readonly kind: UserKind
  readonly object: Kinds[UserKind]
  /** The replica that a claim of a StatefulSet belongs to, where it is no claim of all. */
  readonly ordinal?: number
}

/** Templates only: the webhook holds no Pods, and what a controller made stands for nothing of its own. */
export const userKinds = templateKinds
export type UserKind = (typeof userKinds)[number]

/** The workloads of a namespace that mount a claim of this name, or make it. */
export function usersOf(claimName: string, namespace: string, inventory: Inventory<UserKind>): Relation<ClaimUser> {
  const found: ClaimUser[] = []
  const unsure = new Set<UserKind>()
  for (const kind of userKinds) {
    const listed = inventory.list(kind, namespace)
    if (listed === unknown) {
      unsure.add(kind)
      continue
    }
    for (const object of filedUnder<Kinds[UserKind]>(listed, mountFilings.get(kind) ?? none, [claimName])) {
      if (inventory.uncertain(object)) unsure.add(kind)
      else if (!isRepresented(kind, object)) found.push({ kind, object })
    }
  }
  const makers = makersOf(claimName, namespace, inventory)
  for (const object of makers.found) {
    const ordinal = Number(claimName.slice(claimName.lastIndexOf('-') + 1))
    if (inventory.uncertain(object)) unsure.add('StatefulSet')
    else if (isReplica(object, ordinal)) found.push({ kind: 'StatefulSet', object, ordinal })
  }
  return { found, unsure: [...unsure] }
}

/** Whether an ordinal is one of the replicas that a StatefulSet wants. */
export function isReplica(statefulSet: object, ordinal: number): boolean {
  const replicas = memberOf(memberOf(statefulSet, 'spec'), 'replicas') ?? 1
  const first = firstOrdinal(statefulSet)
  return typeof replicas === 'number' && ordinal >= first && ordinal < first + replicas
}

/** The ordinal of the first replica of a StatefulSet. */
export function firstOrdinal(statefulSet: object): number {
  const start = memberOf(memberOf(memberOf(statefulSet, 'spec'), 'ordinals'), 'start')
  return typeof start === 'number' ? start : 0
}

// Tables are kept by filing, so each kind has one of its own.
const mountFilings: ReadonlyMap<UserKind, Filing<object>> = new Map(
  userKinds.map((kind) => [kind, (object: object) => claimRefsOf(kind, object).map(({ name }) => name)]),
)

const none: Filing<object> = () => []
