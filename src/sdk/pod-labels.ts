import type { Unknown } from './inventory.ts'
import type { KindName } from './objects.ts'
import { podSpecOf, usesTemplateOfAnother } from './pod-specs.ts'
import type { Selector } from './selectors.ts'

/**
 * Whether a selector selects the pods of an object: of its template, or the Pod itself. Labels that only a controller
 * sets are there, but their values are unknown. False for an object without a pod spec; a Rollout may take that of another.
 */
export function selectsPods(selector: Selector, kind: KindName, object: unknown): boolean | Unknown {
  const view = podSpecOf(kind, object)
  if (view) return selector(view.metadata.labels, added.get(kind))
  return usesTemplateOfAnother(kind, object) ? selector(anyLabels) : false
}

const anyLabels = { '${ANY}': '' }

/** The labels that the controller of a kind gives to its pods, with values that nobody knows yet. */
export function controllerLabelsOf(kind: KindName): ReadonlyMap<string, string> {
  return added.get(kind) ?? none
}

/** True for a label that a controller gives to the pods of a workload. */
export function isControllerLabel(key: string): boolean {
  return controllerLabels.has(key)
}

/**
 * True for a label whose value a controller makes anew: with the next revision, or for each single pod. Whoever selects
 * by it selects what is soon gone, or one pod of several.
 */
export function isRotatedLabel(key: string): boolean {
  return controllerLabels.has(key) && !lasting.has(key)
}

// A Job is not renamed.
const lasting: ReadonlySet<string> = new Set(['batch.kubernetes.io/job-name', 'job-name'])

const none: ReadonlyMap<string, string> = new Map()

// A variable is what a value is that nobody knows yet.
const value = '${set by the controller}'

const jobLabels = [
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'controller-uid',
  'job-name',
] as const

// apps/v1 well-known labels, kubernetes/pkg/apis/batch/v1/defaults.go, kubernetes/pkg/controller/statefulset.
const added: ReadonlyMap<KindName, ReadonlyMap<string, string>> = new Map([
  ['CronJob', labels(jobLabels)],
  ['DaemonSet', labels(['controller-revision-hash', 'pod-template-generation'])],
  ['Deployment', labels(['pod-template-hash'])],
  ['Job', labels(jobLabels)],
  // argo-rollouts pkg/apis/rollouts/v1alpha1/types.go
  ['Rollout', labels(['rollouts-pod-template-hash'])],
  [
    'StatefulSet',
    labels(['apps.kubernetes.io/pod-index', 'controller-revision-hash', 'statefulset.kubernetes.io/pod-name']),
  ],
])

const controllerLabels: ReadonlySet<string> = new Set([...added.values()].flatMap((map) => [...map.keys()]))

function labels(keys: readonly string[]): ReadonlyMap<string, string> {
  return new Map(keys.map((key) => [key, value]))
}
