import { brief } from './names.ts'
import type { KindName } from './objects.ts'
import { containersOf, podSpecOf, type PodSpecView } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'

/** What a quantity is for: each use has its own bounds of what can be meant. `most` and `least` bound what others ask for. */
export type QuantityUse =
  'request' | 'limit' | 'most' | 'least' | 'ratio' | 'quota' | 'claim' | 'volume' | 'target' | 'metric'

/** A quantity in an object, as typed. */
export interface QuantityPlace {
  /** Who has it, in words: `container web`. */
  readonly holder: string
  /** JSON pointer to what holds the field. Places under one tell of the same thing. */
  readonly group: string
  readonly field: string
  readonly key: string
  readonly value: unknown
  /** `cpu`, `memory`, `storage`, …; '' for metrics of any unit. */
  readonly resource: string
  readonly use: QuantityUse
  /** Requests and limits of one container: the value typed on the other side. */
  readonly counterpart?: unknown
}

/** JSON pointer to a quantity from the root of the object. */
export function pathOf({ group, field, key }: QuantityPlace): string {
  return group + pointer(field, key)
}

/** Every quantity of an object of the kinds that hold some, limits before requests. */
export function quantitiesOf(kind: KindName, object: object): QuantityPlace[] {
  const found: QuantityPlace[] = []
  const view = podSpecOf(kind, object)
  if (view) addPodSpec(found, view)
  const spec = memberOf(object, 'spec')
  if (kind === 'StatefulSet') {
    for (const [index, claim] of listOf(memberOf(spec, 'volumeClaimTemplates')).entries()) {
      const name = stringOf(memberOf(memberOf(claim, 'metadata'), 'name')) ?? String(index)
      addClaim(
        found,
        memberOf(claim, 'spec'),
        pointer('spec', 'volumeClaimTemplates', index, 'spec'),
        `claim ${brief(name)}`,
      )
    }
  }
  if (kind === 'PersistentVolumeClaim') addClaim(found, spec, '/spec', 'claim')
  if (kind === 'LimitRange') addLimitRange(found, spec)
  if (kind === 'ResourceQuota') addQuota(found, spec)
  if (kind === 'HorizontalPodAutoscaler') addAutoscaler(found, spec)
  return found
}

function addPodSpec(found: QuantityPlace[], view: PodSpecView): void {
  addResources(found, view.spec.resources, view.path, 'pod')
  for (const { container, path, name, class: role } of containersOf(view)) {
    if (role !== 'ephemeral') addResources(found, container.resources, path, `container ${name}`)
  }
  for (const [index, volume] of listOf(view.spec.volumes).entries()) {
    const value = memberOf(memberOf(volume, 'emptyDir'), 'sizeLimit')
    const template = memberOf(memberOf(volume, 'ephemeral'), 'volumeClaimTemplate')
    if (value === undefined && template === undefined) continue
    const group = view.path + pointer('volumes', index)
    const holder = `volume ${brief(stringOf(memberOf(volume, 'name')) ?? String(index))}`
    if (value !== undefined) {
      found.push({ holder, group, field: 'emptyDir', key: 'sizeLimit', value, resource: 'storage', use: 'volume' })
    }
    addClaim(found, memberOf(template, 'spec'), `${group}/ephemeral/volumeClaimTemplate/spec`, holder)
  }
}

function addResources(found: QuantityPlace[], resources: unknown, path: string, holder: string): void {
  if (!recordOf(resources)) return
  const limits = recordOf(memberOf(resources, 'limits'))
  const requests = recordOf(memberOf(resources, 'requests'))
  const group = `${path}/resources`
  // Two lists in each container of each pod: entries by pairs would cost as much as the rest.
  for (const key of Object.keys(limits ?? {})) {
    const [value, counterpart] = [limits?.[key], memberOf(requests, key)]
    found.push({ holder, group, field: 'limits', key, value, resource: key, use: 'limit', counterpart })
  }
  for (const key of Object.keys(requests ?? {})) {
    const [value, counterpart] = [requests?.[key], memberOf(limits, key)]
    found.push({ holder, group, field: 'requests', key, value, resource: key, use: 'request', counterpart })
  }
}

function addClaim(found: QuantityPlace[], spec: unknown, path: string, holder: string): void {
  const group = `${path}/resources`
  for (const field of ['limits', 'requests']) {
    for (const [key, value] of entriesOf(memberOf(memberOf(spec, 'resources'), field))) {
      found.push({ holder, group, field, key, value, resource: key, use: 'claim' })
    }
  }
}

const itemFields: readonly (readonly [field: string, use: QuantityUse])[] = [
  ['max', 'most'],
  ['default', 'limit'],
  ['defaultRequest', 'request'],
  ['min', 'least'],
  ['maxLimitRequestRatio', 'ratio'],
]

function addLimitRange(found: QuantityPlace[], spec: unknown): void {
  for (const [index, item] of listOf(memberOf(spec, 'limits')).entries()) {
    const group = pointer('spec', 'limits', index)
    const holder = `limits[${index}]`
    for (const [field, use] of itemFields) {
      for (const [key, value] of entriesOf(memberOf(item, field))) {
        found.push({ holder, group, field, key, value, resource: key, use })
      }
    }
  }
}

function addQuota(found: QuantityPlace[], spec: unknown): void {
  for (const [key, value] of entriesOf(memberOf(spec, 'hard'))) {
    // `requests.memory`, and `gold.storageclass.storage.k8s.io/requests.storage`.
    const resource = key.slice(key.lastIndexOf('/') + 1).replace(/^(requests|limits)\./, '')
    found.push({ holder: 'quota', group: '/spec', field: 'hard', key, value, resource, use: 'quota' })
  }
}

function addAutoscaler(found: QuantityPlace[], spec: unknown): void {
  for (const [index, metric] of listOf(memberOf(spec, 'metrics')).entries()) {
    for (const [source, body] of entriesOf(metric)) {
      const ofPods = source === 'resource' || source === 'containerResource'
      const resource = (ofPods && stringOf(memberOf(body, 'name'))) || ''
      const group = pointer('spec', 'metrics', index, source)
      for (const key of ['averageValue', 'value']) {
        const value = memberOf(memberOf(body, 'target'), key)
        if (value === undefined) continue
        const holder = `metric ${brief(resource || source)}`
        found.push({ holder, group, field: 'target', key, value, resource, use: ofPods ? 'target' : 'metric' })
      }
    }
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  const record = recordOf(value)
  return record ? Object.entries(record) : []
}
