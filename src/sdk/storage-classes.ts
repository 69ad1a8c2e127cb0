import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import type { Relation } from './relations.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'
import { isZoneKey } from './zones.ts'

type StorageClass = Kinds['StorageClass']

/** The zones that a class allows; undefined where one of its terms leaves the zone open. */
export function allowedZones(storageClass: StorageClass): ReadonlySet<string> | undefined {
  const terms = listOf(storageClass.allowedTopologies)
  const zones = new Set<string>()
  for (const term of terms) {
    const expression = listOf(memberOf(term, 'matchLabelExpressions')).find((each) => isZoneKey(memberOf(each, 'key')))
    if (expression === undefined) return undefined
    for (const value of listOf(memberOf(expression, 'values'))) if (typeof value === 'string') zones.add(value)
  }
  return terms.length > 0 ? zones : undefined
}

/**
 * The class that a claim without one gets; all that it may get where files do not say which default is the newest.
 */
export function defaultClasses(inventory: Inventory<'StorageClass'>): Relation<StorageClass> {
  const listed = inventory.list('StorageClass')
  if (listed === unknown) return { found: [], unsure: ['StorageClass'] }
  const defaults = defaultsAmong(listed)
  if (defaults.some((each) => inventory.uncertain(each)) || (defaults.length === 0 && !inventory.complete))
    return { found: [], unsure: ['StorageClass'] }
  const winner = winnerOf(defaults)
  return { found: winner ? [winner] : defaults, unsure: [] }
}

/**
 * Of several default classes the newest counts, of equally new ones the first by name
 * (kubernetes/pkg/volume/util/storageclass.go). Undefined where an age is not known, or there is none.
 */
export function winnerOf(defaults: readonly StorageClass[]): StorageClass | undefined {
  if (defaults.length < 2) return defaults[0]
  const aged = defaults.map((object) => ({
    object,
    age: Date.parse(stringOf(object.metadata?.creationTimestamp) ?? ''),
  }))
  if (aged.some(({ age }) => Number.isNaN(age))) return undefined
  return aged.sort((a, b) => b.age - a.age || (nameOf(a.object) < nameOf(b.object) ? -1 : 1))[0]?.object
}

/** The annotation by which a class is a default; only the exact text `true` makes it one. */
export function defaultKeyOf(storageClass: StorageClass): string | undefined {
  const annotations: unknown = storageClass.metadata?.annotations
  return defaultKeys.find((key) => memberOf(annotations, key) === 'true')
}

/** The default classes of a list. */
export const defaultsAmong = oncePerList((classes: readonly StorageClass[]) =>
  classes.filter((each) => defaultKeyOf(each) !== undefined),
)

const defaultKeys = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
] as const

/**
 * Whether a class has its claims bound before a pod needs them. Left out means so
 * (kubernetes/pkg/apis/storage/v1/defaults.go SetDefaults_StorageClass).
 */
export function bindsAtOnce({ volumeBindingMode }: StorageClass): boolean | Unknown {
  return isVariable(volumeBindingMode) ? unknown : (volumeBindingMode ?? 'Immediate') === 'Immediate'
}
