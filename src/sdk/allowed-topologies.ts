import type { Kinds } from './objects.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** One requirement of a term of `allowedTopologies`: the label must have one of the values. */
export interface TopologyRequirement {
  readonly key: string
  readonly values: readonly string[]
}

/** A term of `allowedTopologies`: all of its requirements must hold; without any it matches nothing. */
export type TopologyTerm = readonly TopologyRequirement[]

/** The terms of a class, of which one must match; none where it allows every node. */
export function topologyTerms(storageClass: Kinds['StorageClass']): readonly TopologyTerm[] {
  return listOf(storageClass.allowedTopologies).map((term) =>
    listOf(memberOf(term, 'matchLabelExpressions')).map((expression) => ({
      key: stringOf(memberOf(expression, 'key')) ?? '',
      values: listOf(memberOf(expression, 'values')).filter((value) => typeof value === 'string'),
    })),
  )
}

/** True where a `${VARIABLE}` stands for a key or a value of a term, or for all of them. */
export function topologiesVary(storageClass: Kinds['StorageClass']): boolean {
  return (
    isVariable(storageClass.allowedTopologies) ||
    topologyTerms(storageClass).some((term) => term.some(({ key, values }) => [key, ...values].some(isVariable)))
  )
}

/**
 * True if a label set satisfies one of the terms; without terms every one does
 * (component-helpers/storage/volume MatchTopologySelectorTerms).
 */
export function matchesTopologies(terms: readonly TopologyTerm[], labels: unknown): boolean {
  return terms.length === 0 || terms.some((term) => matchesTerm(term, labels))
}

/** True if a label has one of the values. */
export function meetsRequirement({ key, values }: TopologyRequirement, labels: unknown): boolean {
  const value = memberOf(labels, key)
  return typeof value === 'string' && values.includes(value)
}

function matchesTerm(term: TopologyTerm, labels: unknown): boolean {
  return term.length > 0 && term.every((requirement) => meetsRequirement(requirement, labels))
}

/** The driver that alone writes and reads a zone key of its own; undefined for keys that all clouds share. */
export function driverOfKey(key: string): string | undefined {
  return drivers.get(key)
}

/** True for a driver that has a zone key of its own, and reads no other but the well-known ones. */
export function hasOwnKey(driver: string): boolean {
  return withOwnKey.has(driver)
}

const drivers: ReadonlyMap<string, string> = new Map([
  ['topology.ebs.csi.aws.com/zone', 'ebs.csi.aws.com'],
  ['topology.gke.io/zone', 'pd.csi.storage.gke.io'],
  ['topology.disk.csi.azure.com/zone', 'disk.csi.azure.com'],
  ['topology.cinder.csi.openstack.org/zone', 'cinder.csi.openstack.org'],
  ['topology.csi.vmware.com/zone', 'csi.vsphere.vmware.com'],
])

const withOwnKey: ReadonlySet<string> = new Set(drivers.values())
