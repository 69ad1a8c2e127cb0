import type { ContainerView, PodSpecView } from '../pod-specs.ts'
import { pointer } from '../pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import type { Field } from './hit.ts'
import { quoted } from './report.ts'

/** A field, and its place in words: `container web: env AWS_REGION`. */
export interface PlacedField extends Field {
  readonly place: string
}

/** What a container is told in clear: variables, command and arguments. Values from elsewhere are there as unknown. */
export function containerFields({ container, path, name }: ContainerView): PlacedField[] {
  const words = [
    ...commandFields(container.command, `${path}/command`),
    ...commandFields(container.args, `${path}/args`),
  ]
  const fields = [...variables(container.env, `${path}/env`), ...words]
  return fields.map((field) => ({ ...field, place: `container ${shortened(name)}: ${field.place}` }))
}

/** The annotations that the pods get. */
export function annotationFields({ metadata, metadataPath }: PodSpecView): PlacedField[] {
  return Object.entries(recordOf(metadata.annotations) ?? {}).flatMap(([key, value]) => {
    const text = stringOf(value)
    // kubectl's copy of the whole object changes with the object.
    if (text === undefined || key === 'kubectl.kubernetes.io/last-applied-configuration') return []
    const path = metadataPath + pointer('annotations', key)
    return [{ path, key: '', text, encoding: 'plain', place: `annotation ${quoted(key)}` } as const]
  })
}

function variables(env: unknown, path: string): PlacedField[] {
  return listOf(env).flatMap((entry, index): readonly PlacedField[] => {
    const key = stringOf(memberOf(entry, 'name')) ?? ''
    const text = stringOf(memberOf(entry, 'value'))
    const place = `env ${shortened(key)}`
    if (text !== undefined) return [{ path: `${path}/${index}/value`, key, text, encoding: 'plain', place }]
    // That the variable is set says something of the others: an endpoint, for one.
    return [{ path: `${path}/${index}`, key, text: '$(elsewhere)', encoding: 'plain', place }]
  })
}

// `--flag=value` is a value under the name of its flag, and so is the word behind `--flag`.
function commandFields(words: unknown, path: string): PlacedField[] {
  let flag = ''
  return listOf(words).flatMap((word, index): readonly PlacedField[] => {
    const text = stringOf(word)
    if (text === undefined) return []
    const [, name, value] = /^--?([\w.-]{1,64})(?:=(.*))?$/s.exec(text) ?? []
    const key = name ?? flag
    flag = name !== undefined && value === undefined ? name : ''
    const at = path.slice(path.lastIndexOf('/') + 1)
    return [{ path: `${path}/${index}`, key, text: value ?? text, encoding: 'plain', place: `${at}[${index}]` }]
  })
}

function shortened(name: string): string {
  return quoted(name).slice(1, -1)
}
