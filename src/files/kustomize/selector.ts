import { groupOf } from '../../sdk/kinds.ts'
import { memberOf, stringOf } from '../../sdk/shape.ts'
import { matchesText } from '../target-pattern.ts'
import { matchesLabels } from './label-selector.ts'
import { type Resource, versionOf } from './resource.ts'

/**
 * Whether kustomize takes an object for the target of a patch (`kustomize/api/resmap` Select): each part is a pattern
 * that matches as a whole, names and namespaces also those that the object began with. Undefined where a pattern is not
 * understood.
 */
export function isTarget(target: unknown, resource: Resource): boolean | undefined {
  const [first = resource.identity] = resource.previous
  const now = resource.identity
  const part = (key: string) => stringOf(memberOf(target, key)) ?? ''
  return all([
    matchesText(part('group'), groupOf(now.apiVersion)),
    matchesText(part('version'), versionOf(now.apiVersion)),
    matchesText(part('kind'), now.kind),
    any([matchesText(part('name'), first.name), matchesText(part('name'), now.name)]),
    any([first, now].map(({ namespace }) => matchesText(part('namespace'), namespace ?? noNamespace))),
    matchesLabels(part('labelSelector'), resource.labels()),
    matchesLabels(part('annotationSelector'), resource.labels('annotations')),
  ])
}

// What kustomize compares for kinds that have none.
const noNamespace = '_non_namespaceable_'

function all(answers: readonly (boolean | undefined)[]): boolean | undefined {
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

function any(answers: readonly (boolean | undefined)[]): boolean | undefined {
  if (answers.includes(true)) return true
  return answers.includes(undefined) ? undefined : false
}
