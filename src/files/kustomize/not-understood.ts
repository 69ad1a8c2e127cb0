import { listOf, memberOf, recordOf, stringOf } from '../../sdk/shape.ts'
import type { Resource } from './resource.ts'
import { isTarget } from './selector.ts'

/** Fields of a kustomization that bring objects which are not read here. */
const bringing = ['helmCharts', 'helmChartInflationGenerator', 'generators']

/** Fields that change objects in ways which are not understood here. */
const changing = ['transformers', 'configurations', 'replacements', 'vars', 'openapi']

/** The fields of a kustomization that are not applied here, in the words of its file. */
export function notUnderstood(kustomization: unknown): string[] {
  return [...bringing, ...changing].filter((field) => isSet(memberOf(kustomization, field)))
}

/** True where objects land that are not read here, or under other names than here. */
export function isOpen(kustomization: unknown): boolean {
  return notUnderstood(kustomization).some((field) => field !== 'replacements' && field !== 'vars')
}

/** Marks the objects that a kustomization may change in a way that is not understood here. */
export function markUnsure(kustomization: unknown, resources: readonly Resource[]): void {
  const fields = notUnderstood(kustomization)
  if (fields.some((field) => ['transformers', 'configurations', 'openapi'].includes(field)))
    for (const resource of resources) resource.unsure = true
  const targets = listOf(memberOf(kustomization, 'replacements')).flatMap((replacement) =>
    memberOf(replacement, 'path') === undefined ? listOf(memberOf(replacement, 'targets')) : [{}],
  )
  for (const resource of resources)
    if (targets.some((target) => isTarget(memberOf(target, 'select'), resource) !== false)) resource.unsure = true
}

/** Marks the objects in which a variable of a kustomization stands. */
export function markVariables(kustomization: unknown, resources: readonly Resource[]): void {
  const names = listOf(memberOf(kustomization, 'vars')).flatMap((entry) => stringOf(memberOf(entry, 'name')) ?? [])
  if (names.length === 0) return
  for (const resource of resources) {
    const text = JSON.stringify(resource.object.value, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    if (names.some((name) => text.includes(`$(${name})`))) resource.unsure = true
  }
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : recordOf(value) !== undefined
}
