import { pointer, segmentsOf } from '../pointer.ts'
import { memberOf, recordOf, stringOf } from '../shape.ts'
import { detectCredentials } from './detect.ts'
import type { DetectOptions } from './detect.ts'
import type { Field, Hit } from './hit.ts'
import { quoted } from './report.ts'

/** A hit, and its place in words: `data["cloud"]`. */
export interface PlacedHit {
  readonly hit: Hit
  readonly place: string
}

/**
 * Credentials in the data of a Secret or a ConfigMap; where it holds none, those that kubectl's copy of an earlier state
 * still holds (as `possible`: to take a key out of the data must never be refused).
 */
export function credentialsInData(kind: 'Secret' | 'ConfigMap', object: object, options: DetectOptions): PlacedHit[] {
  const found = detectCredentials(dataFields(kind, object), options).map((hit) => ({ hit, place: placeOf(hit.path) }))
  if (found.some(({ hit }) => hit.level !== 'name')) return found
  const copies = detectCredentials(copiedFields(kind, object), options)
  const sure = copies.filter(({ level }) => level !== 'name')
  return [
    ...found,
    ...sure.map(({ line: _, ...hit }) => ({ hit: { ...hit, level: 'possible' } as const, place: copy })),
  ]
}

/** Names of the data, under whichever field they stand. */
export function dataKeys(object: object): ReadonlySet<string> {
  return new Set(
    ['data', 'stringData', 'binaryData'].flatMap((field) => Object.keys(recordOf(memberOf(object, field)) ?? {})),
  )
}

/** The values of the data. The API server merges stringData into data, where it wins; files hold both. */
export function dataFields(kind: 'Secret' | 'ConfigMap', object: object, copyPath?: string): Field[] {
  const plain = kind === 'Secret' ? 'stringData' : 'data'
  const overriding = kind === 'Secret' ? recordOf(memberOf(object, 'stringData')) : undefined
  return (kind === 'Secret' ? ['data', 'stringData'] : ['data', 'binaryData']).flatMap((name) =>
    Object.entries(recordOf(memberOf(object, name)) ?? {}).flatMap(([key, value]): readonly Field[] => {
      const text = stringOf(value)
      if (text === undefined || (name === 'data' && overriding && Object.hasOwn(overriding, key))) return []
      // The objects of a release are judged when Helm applies them.
      if (key === 'release' && memberOf(object, 'type') === 'helm.sh/release.v1') return []
      return [{ path: copyPath ?? pointer(name, key), key, text, encoding: name === plain ? 'plain' : 'base64' }]
    }),
  )
}

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
const copy = 'annotation last-applied-configuration'

function copiedFields(kind: 'Secret' | 'ConfigMap', object: object): Field[] {
  const text = stringOf(memberOf(memberOf(memberOf(object, 'metadata'), 'annotations'), annotation))
  const copied = text === undefined ? undefined : recordOf(parse(text))
  return copied ? dataFields(kind, copied, pointer('metadata', 'annotations', annotation)) : []
}

// The error of JSON.parse quotes its input, so it goes no further than here.
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function placeOf(path: string): string {
  const [field = '', key = ''] = segmentsOf(path) ?? []
  return `${field}[${quoted(key)}]`
}
