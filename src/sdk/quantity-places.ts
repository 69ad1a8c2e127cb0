import type { KindName } from './objects.ts'
import { containersOf, podSpecOf, type PodSpecView } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'

/** What a quantity is for: each use has its own bounds of what can be meant. `most` and `least` bound what others ask for. */
export type QuantityUse =
  'request' | 'limit' | 'most' | 'least' | 'ratio' | 'quota' | 'claim' | 'volume' | 'target' | 'metric'

/** A quantity in an object, as typed. */
export interface QuantityPlace {
  /** JSON pointer from the root of the object. */
  readonly path: string
  readonly value: unknown
  /** `cpu`, `memory`, `storage`, …; '' for metrics of any unit. */
  readonly resource: string
  readonly use: QuantityUse
  /** In words: `container web limits.memory`. */
  readonly name: string
  /** Requests and limits of one container: the value typed on the other side. */
  readonly counterpart?: unknown
  /** Places of one group tell of the same thing, so that a value which one was defaulted from another is told once. */
  readonly group: string
}

/** Every quantity of an object of the kinds that hold some, as typed, limits before requests. */
export function* quantitiesOf(kind: KindName, object: object): Generator<QuantityPlace, void, undefined> {
  const spec = memberOf(object, 'spec')
  const view = podSpecOf(kind, object)
  if (view) yield* ofPodSpec(view)
  if (kind === 'StatefulSet') {
    for (const [index, claim] of listOf(memberOf(spec, 'volumeClaimTemplates')).entries()) {
      const name = `claim ${stringOf(memberOf(memberOf(claim, 'metadata'), 'name')) ?? String(index)}`
      yield* ofClaim(memberOf(claim, 'spec'), pointer('spec', 'volumeClaimTemplates', index, 'spec'), name)
    }
  }
  if (kind === 'PersistentVolumeClaim') yield* ofClaim(spec, '/spec', 'claim')
  if (kind === 'LimitRange') yield* ofLimitRange(spec)
  if (kind === 'ResourceQuota') yield* ofQuota(spec)
  if (kind === 'HorizontalPodAutoscaler') yield* ofAutoscaler(spec)
}

function* ofPodSpec(view: PodSpecView): Generator<QuantityPlace, void, undefined> {
  yield* ofResources(view.spec.resources, view.path, 'pod')
  for (const { container, path, name, class: role } of containersOf(view)) {
    if (role !== 'ephemeral') yield* ofResources(container.resources, path, `container ${name}`)
  }
  for (const [index, volume] of listOf(view.spec.volumes).entries()) {
    const path = view.path + pointer('volumes', index)
    const name = `volume ${stringOf(memberOf(volume, 'name')) ?? String(index)}`
    const size = memberOf(memberOf(volume, 'emptyDir'), 'sizeLimit')
    const group = path
    if (size !== undefined) {
      yield {
        path: `${path}/emptyDir/sizeLimit`,
        value: size,
        resource: 'storage',
        use: 'volume',
        name: `${name} sizeLimit`,
        group,
      }
    }
    const claim = memberOf(memberOf(memberOf(volume, 'ephemeral'), 'volumeClaimTemplate'), 'spec')
    yield* ofClaim(claim, `${path}/ephemeral/volumeClaimTemplate/spec`, name)
  }
}

function* ofResources(resources: unknown, holder: string, name: string): Generator<QuantityPlace, void, undefined> {
  const group = `${holder}/resources`
  for (const [field, other, use] of sides) {
    for (const [resource, value] of entriesOf(memberOf(resources, field))) {
      const counterpart = memberOf(memberOf(resources, other), resource)
      const path = group + pointer(field, resource)
      yield { path, value, resource, use, name: `${name} ${field}.${resource}`, counterpart, group }
    }
  }
}

const sides = [
  ['limits', 'requests', 'limit'],
  ['requests', 'limits', 'request'],
] as const

function* ofClaim(spec: unknown, path: string, name: string): Generator<QuantityPlace, void, undefined> {
  for (const place of ofResources(memberOf(spec, 'resources'), path, name)) yield { ...place, use: 'claim' }
}

const itemFields: readonly (readonly [field: string, use: QuantityUse])[] = [
  ['max', 'most'],
  ['default', 'limit'],
  ['defaultRequest', 'request'],
  ['min', 'least'],
  ['maxLimitRequestRatio', 'ratio'],
]

function* ofLimitRange(spec: unknown): Generator<QuantityPlace, void, undefined> {
  for (const [index, item] of listOf(memberOf(spec, 'limits')).entries()) {
    const group = pointer('spec', 'limits', index)
    for (const [field, use] of itemFields) {
      for (const [resource, value] of entriesOf(memberOf(item, field))) {
        yield { path: group + pointer(field, resource), value, resource, use, name: `${field}.${resource}`, group }
      }
    }
  }
}

function* ofQuota(spec: unknown): Generator<QuantityPlace, void, undefined> {
  for (const [key, value] of entriesOf(memberOf(spec, 'hard'))) {
    const resource = key.slice(Math.max(key.lastIndexOf('/'), 0)).replace(/^\/?(requests\.|limits\.)?/, '')
    const path = pointer('spec', 'hard', key)
    yield { path, value, resource, use: 'quota', name: `hard ${key}`, group: path }
  }
}

function* ofAutoscaler(spec: unknown): Generator<QuantityPlace, void, undefined> {
  for (const [index, metric] of listOf(memberOf(spec, 'metrics')).entries()) {
    for (const [source, body] of entriesOf(metric)) {
      const resource =
        source === 'resource' || source === 'containerResource' ? stringOf(memberOf(body, 'name')) : undefined
      for (const field of ['averageValue', 'value']) {
        const value = memberOf(memberOf(body, 'target'), field)
        if (value === undefined) continue
        const path = pointer('spec', 'metrics', index, source, 'target', field)
        const use = resource === undefined ? 'metric' : 'target'
        yield { path, value, resource: resource ?? '', use, name: `${resource ?? source} ${field}`, group: path }
      }
    }
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries(recordOf(value) ?? {})
}
