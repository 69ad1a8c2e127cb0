import type { KindName } from './objects.ts'
import { podSpecOf } from './pod-specs.ts'
import { memberOf, recordOf } from './shape.ts'

type Labels = { readonly [key: string]: string }

/** Labels as somebody can type them; undefined where there are none, or one is no text. */
export function labelsToType(labels: unknown): Labels | undefined {
  const record = recordOf(labels)
  return record && Object.keys(record).length > 0 && isLabels(record) ? record : undefined
}

/**
 * The labels by which others may select the pods of a workload: those by which it does itself, which never change, or
 * else those of its pod template.
 */
export function labelsOfPods(kind: KindName, object: object): Labels | undefined {
  const selector = memberOf(memberOf(object, 'spec'), 'selector')
  return labelsToType(memberOf(selector, 'matchLabels')) ?? labelsToType(podSpecOf(kind, object)?.metadata.labels)
}

function isLabels(record: { readonly [key: string]: unknown }): record is Labels {
  return Object.values(record).every((value) => typeof value === 'string')
}
