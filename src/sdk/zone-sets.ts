import { unknown, type Unknown } from './inventory.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'
import { isZone, isZoneKey } from './zones.ts'

/**
 * The zones that a constraint leaves open, by whichever key it names them: undefined where it leaves all of them, unknown
 * where a `${VARIABLE}` decides. A set serves to prove that two constraints have no zone in common; whether a node meets
 * a constraint is decided by its labels, key by key.
 */
export type ZoneSet = ReadonlySet<string> | Unknown | undefined

/** The zones that node selector terms leave: of several terms one must hold, so all of their zones count. */
export function zonesOfTerms(terms: readonly unknown[]): ZoneSet {
  const found = new Set<string>()
  let varies = false
  for (const term of terms) {
    const expressions = listOf(memberOf(term, 'matchExpressions'))
    // A term that asks for nothing matches no node.
    if (expressions.length === 0 && listOf(memberOf(term, 'matchFields')).length === 0) continue
    const zones = expressions.map(zonesOfExpression).reduce<ZoneSet>(meet, undefined)
    if (zones === undefined) return undefined
    if (zones === unknown) varies = true
    else for (const zone of zones) found.add(zone)
  }
  return varies ? unknown : found
}

/** The zones that a map of labels to values asks for, as `nodeSelector` does. */
export function zonesOfLabels(labels: unknown): ZoneSet {
  return Object.entries(recordOf(labels) ?? {})
    .filter(([key]) => isZoneKey(key))
    .map(([, value]) => setOf([value]))
    .reduce<ZoneSet>(meet, undefined)
}

/** The zones that the terms of `allowedTopologies` leave. */
export function zonesOfTopologies(terms: readonly unknown[]): ZoneSet {
  if (terms.length === 0) return undefined
  return zonesOfTerms(
    terms.map((term) => ({
      matchExpressions: listOf(memberOf(term, 'matchLabelExpressions')).map((expression) => ({
        key: memberOf(expression, 'key'),
        operator: 'In',
        values: memberOf(expression, 'values'),
      })),
    })),
  )
}

/**
 * The zones of the label of a volume, which lists those of a regional one as `a__b`
 * (cloud-provider/volume/helpers/zones.go LabelZonesToSet).
 */
export function zonesOfVolumeLabel(labels: unknown): ZoneSet {
  return volumeLabels
    .map((key) => stringOf(memberOf(labels, key)))
    .map((value) => (value === undefined ? undefined : setOf(value.split('__').map((zone) => zone.trim()))))
    .reduce<ZoneSet>(meet, undefined)
}

/** What two constraints leave together. */
export function meet(a: ZoneSet, b: ZoneSet): ZoneSet {
  if (a === undefined || b === undefined) return a ?? b
  return a === unknown || b === unknown ? unknown : new Set([...a].filter((zone) => b.has(zone)))
}

/** True where two constraints are known to leave no zone in common, though each leaves some. */
export function areDisjoint(a: ZoneSet, b: ZoneSet): boolean {
  if (a === undefined || b === undefined || a === unknown || b === unknown) return false
  return a.size > 0 && b.size > 0 && ![...a].some((zone) => b.has(zone))
}

/** The labels of a volume by which the scheduler places its pods (VolumeZone). */
export const volumeLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'] as const

function zonesOfExpression(expression: unknown): ZoneSet {
  const isZones = isZoneKey(memberOf(expression, 'key')) && memberOf(expression, 'operator') === 'In'
  return isZones ? setOf(listOf(memberOf(expression, 'values'))) : undefined
}

// What Azure writes where there is no zone, a bare number or nothing, says nothing of zones.
function setOf(values: readonly unknown[]): ZoneSet {
  if (values.some(isVariable)) return unknown
  const zones = values.filter((value) => typeof value === 'string')
  return zones.length === values.length && zones.every(isZone) ? new Set(zones) : undefined
}
