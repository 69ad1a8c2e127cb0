import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { Evaluation } from '../../src/engine/finding.ts'
import { parseSettings } from '../../src/engine/parse-settings.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import type { Subject } from '../../src/engine/subject.ts'
import { unknown, type InventorySource } from '../../src/sdk/inventory.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved, type FrontEnd, type Policy } from '../../src/sdk/policy.ts'

export const examples = { passes: [], fails: [] }

/** Every container wants a label-free image: a small object-only rule. */
export const image = definePolicy({
  id: 'compute-image',
  summary: 'Containers have an image.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  on: ['Deployment', 'Pod'],
  reads: [],
  ownedPods: true,
  reasons: {
    missing: { baseline: { default: 'deny', check: 'warn' }, strict: 'deny', why: 'No image, no Pod.' },
    odd: { baseline: { default: 'warn', 'template:CREATE': 'deny', pod: 'audit' }, why: 'Odd.' },
    refused: { baseline: 'deny', api: true, why: 'The API server refuses it.' },
  },
  examples,
  *check({ kind, object }) {
    const base = kind === 'Pod' ? '/spec' : '/spec/template/spec'
    const spec = kind === 'Pod' ? object.spec : object.spec?.template?.spec
    for (const [index, container] of (spec?.containers ?? []).entries()) {
      const path = `${base}/containers/${index}/image`
      if (container.image == null) yield { reason: 'missing', path, message: 'no\nimage', fix: 'add one' }
      if (container.image === 'odd') yield { reason: 'odd', path, message: 'odd image', fix: 'change it' }
      if (container.image === 'BAD') yield { reason: 'refused', path, message: 'refused', fix: 'lower case' }
    }
  },
})

export const paired = definePolicy({
  id: 'compute-paired',
  summary: 'A Deployment has a budget.',
  signatures: [],
  since: '0.1.0',
  on: ['Deployment', { kind: 'Deployment', subresource: 'scale' }],
  reads: ['PodDisruptionBudget', 'Deployment'],
  reasons: {
    lonely: { baseline: { default: 'deny', scale: 'warn' }, absence: true, why: 'Alone.' },
    twins: { baseline: 'deny', why: 'Two of one name.' },
  },
  examples,
  *check({ object, namespace, inventory }) {
    const budgets = inventory.list('PodDisruptionBudget', namespace)
    if (budgets === unknown) return yield unresolved('PodDisruptionBudget')
    if (budgets.length === 0) yield { reason: 'lonely', path: '/spec', message: 'no budget', fix: 'add one' }
    const deployments = inventory.list('Deployment', namespace)
    if (deployments === unknown) return yield unresolved('Deployment')
    const named = deployments.filter((other) => other.metadata?.name === object.metadata?.name)
    if (named.length !== 1) yield { reason: 'twins', path: '/metadata/name', message: `${named.length}`, fix: 'one' }
  },
})

export const labelled = definePolicy({
  id: 'identity-labelled',
  summary: 'Labels.',
  signatures: [],
  since: '0.1.0',
  on: ['Deployment'],
  reads: [],
  readsMetadata: true,
  noAnnotationExemption: true,
  reasons: { bad: { baseline: 'deny', why: 'Bad label.' } },
  examples,
  *check({ object }) {
    if (object.metadata?.labels?.['bad'])
      yield { reason: 'bad', path: '/metadata/labels/bad', message: 'bad', fix: 'no' }
  },
})

export const faulty = definePolicy({
  id: 'storage-faulty',
  summary: 'Throws.',
  signatures: [],
  since: '0.1.0',
  on: ['Deployment'],
  reads: [],
  reasons: { never: { baseline: 'deny', why: '' } },
  examples,
  *check({ object }) {
    yield { reason: 'never', path: '', message: 'x', fix: 'x' }
    throw new RangeError(`secret ${JSON.stringify(object)}`)
  },
})

export const all = [image, paired, labelled]
export const now = Date.parse('2026-11-24T12:00:00Z')

export function inventoryOf(
  objects: AnyObject[],
  options: { stale?: KindName[]; unknown?: KindName[]; complete?: boolean } = {},
): InventorySource {
  const of = (kind: string) => objects.filter((object) => object.kind === kind)
  return {
    complete: options.complete ?? true,
    stale: (kind) => options.stale?.includes(kind) ?? false,
    uncertain: () => false,
    list: (kind) => (options.unknown?.includes(kind) ? unknown : of(kind)),
    get: (kind, _namespace, name) =>
      options.unknown?.includes(kind) ? unknown : of(kind).find((object) => object.metadata?.name === name),
  }
}

export function deployment(
  containers: object[],
  extra: { labels?: Record<string, string>; annotations?: Record<string, string>; replicas?: number } = {},
): AnyObject {
  const { replicas, ...metadata } = extra
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    ...{ spec: { replicas, template: { spec: { containers } } } },
  }
}

export const budget: AnyObject = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' } }

interface Case {
  readonly object: AnyObject
  readonly oldObject?: AnyObject
  readonly policies?: readonly Policy[]
  readonly settings?: object
  readonly inventory?: InventorySource
  readonly frontEnd?: FrontEnd
  readonly subject?: Partial<Subject>
  readonly at?: number
}

export function run({
  object,
  oldObject,
  policies = all,
  settings,
  inventory,
  frontEnd = 'webhook',
  subject,
  at = now,
}: Case): Evaluation {
  const parsed = settings
    ? parseSettings({ apiVersion: 'day2-admission.dev/v1alpha1', kind: 'Settings', ...settings }, policies)
    : { settings: defaultSettings }
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors))
  const info = kinds.get((object.kind ?? '') as KindName)
  if (!info) throw new Error('kind')
  return evaluate(
    createEngine(policies, parsed.settings),
    {
      info,
      apiVersion: object.apiVersion ?? '',
      namespace: 'shop',
      name: object.metadata?.name ?? '',
      operation: oldObject ? 'UPDATE' : 'CREATE',
      subresource: '',
      object,
      ...(oldObject ? { oldObject } : {}),
      ...subject,
    },
    { inventory: inventory ?? inventoryOf([budget]), now: at, frontEnd },
  )
}

export const brief = ({ findings }: Evaluation) =>
  findings.map(({ severity, rule, reason, path }) => `${severity} ${rule} ${reason} ${path}`)

export const first = '/spec/template/spec/containers/0/image'
export const second = '/spec/template/spec/containers/1/image'
