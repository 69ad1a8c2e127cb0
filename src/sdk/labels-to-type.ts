import type { KindName } from './objects.ts'
import { isControllerLabel } from './pod-labels.ts'
import { podSpecOf } from './pod-specs.ts'
import { listOf, memberOf, recordOf } from './shape.ts'

type Labels = { readonly [key: string]: string }

/** Labels as somebody can type them; undefined where there are none, or one is no text. */
export function labelsToType(labels: unknown): Labels | undefined {
  const record = recordOf(labels)
  return record && Object.keys(record).length > 0 && isLabels(record) ? record : undefined
}

/** The labels that say all that a selector does, but for those left out; undefined where it says more. */
export function labelsOfSelector(selector: unknown, isLeftOut = (_key: string) => false): Labels | undefined {
  const said: [string, unknown][] = Object.entries(recordOf(memberOf(selector, 'matchLabels')) ?? {})
  for (const expression of listOf(memberOf(selector, 'matchExpressions'))) {
    const key = memberOf(expression, 'key')
    if (typeof key !== 'string') return undefined
    const [value, second] = listOf(memberOf(expression, 'values'))
    const isOne = memberOf(expression, 'operator') === 'In' && second === undefined
    if (!isOne && !isLeftOut(key)) return undefined
    said.push([key, value])
  }
  return labelsToType(Object.fromEntries(said.filter(([key]) => !isLeftOut(key))))
}

/**
 * The labels by which others may select the pods of a workload, and no pods of another: those by which it does itself,
 * which never change, or else those of its pod template. Without the labels that a controller sets; undefined where no
 * labels say what the selector does, such as that one must be absent.
 */
export function labelsOfPods(kind: KindName, object: object): Labels | undefined {
  const labels = podSpecOf(kind, object)?.metadata.labels
  const selector = memberOf(memberOf(object, 'spec'), 'selector')
  const selected: [string, unknown][] = Object.entries(recordOf(memberOf(selector, 'matchLabels')) ?? {})
  for (const expression of listOf(memberOf(selector, 'matchExpressions'))) {
    const key = memberOf(expression, 'key')
    if (typeof key !== 'string' || memberOf(labels, key) === undefined) return undefined
    selected.push([key, memberOf(labels, key)])
  }
  return lasting(selected) ?? lasting(Object.entries(recordOf(labels) ?? {}).filter(([key]) => !version.test(key)))
}

// app.kubernetes.io/version, helm.sh/chart and their like: another value with the next release.
const version = /(?:^|\/)(?:version|chart)$/

function lasting(labels: readonly (readonly [string, unknown])[]): Labels | undefined {
  return labelsToType(Object.fromEntries(labels.filter(([key]) => !isControllerLabel(key))))
}

function isLabels(record: { readonly [key: string]: unknown }): record is Labels {
  return Object.values(record).every((value) => typeof value === 'string')
}
