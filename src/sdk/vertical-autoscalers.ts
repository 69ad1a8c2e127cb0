import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { groupOf } from './kinds.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import type { ScalableWitness } from './budget-cover.ts'
import { listOf, memberOf, stringOf, textOf } from './shape.ts'

type Vertical = Kinds['VerticalPodAutoscaler']

/**
 * The VerticalPodAutoscaler that changes the requests of a workload, with the resources that it changes; undefined where
 * there is none, or only recommendations (https://github.com/kubernetes/autoscaler vertical-pod-autoscaler, API).
 */
export function resizerOf(
  { kind, object }: ScalableWitness,
  namespace: string,
  inventory: Inventory<'VerticalPodAutoscaler'>,
): { readonly name: string; readonly resources: ReadonlySet<string> } | undefined | Unknown {
  const listed = inventory.list('VerticalPodAutoscaler', namespace)
  if (listed === unknown) return unknown
  const group = groupOf(stringOf(object.apiVersion) ?? '')
  const vertical = byTarget(listed).get(`${group}/${kind}/${nameOf(object)}`)
  const mode = memberOf(memberOf(vertical?.spec, 'updatePolicy'), 'updateMode')
  // Without quotes, Off is false in YAML as kubectl reads it.
  if (!vertical || mode === 'Off' || mode === false) return undefined
  return inventory.uncertain(vertical) ? unknown : { name: nameOf(vertical), resources: controlled(vertical) }
}

const byTarget = oncePerList((list: readonly Vertical[]) => {
  return new Map(
    list.map((vertical) => {
      const target = memberOf(vertical.spec, 'targetRef')
      const group = groupOf(stringOf(memberOf(target, 'apiVersion')) ?? '')
      return [`${group}/${textOf(memberOf(target, 'kind'))}/${textOf(memberOf(target, 'name'))}`, vertical] as const
    }),
  )
})

function controlled({ spec }: Vertical): ReadonlySet<string> {
  const policies = listOf(memberOf(memberOf(spec, 'resourcePolicy'), 'containerPolicies'))
  const resources = policies.flatMap((policy): readonly unknown[] => {
    if (memberOf(policy, 'mode') === 'Off') return []
    const named = memberOf(policy, 'controlledResources')
    return Array.isArray(named) ? (named as readonly unknown[]) : both
  })
  // Containers that no policy names are resized in cpu and memory.
  const all = policies.some((policy) => memberOf(policy, 'containerName') === '*')
  return new Set([...resources, ...(all ? [] : both)].filter((name) => typeof name === 'string'))
}

const both: readonly string[] = ['cpu', 'memory']
