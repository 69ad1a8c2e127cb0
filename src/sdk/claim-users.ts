import { filedUnder } from './filed-lists.ts'
import { unknown, type Inventory } from './inventory.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import type { Relation } from './relations.ts'
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
