import type { ContainerView, PodSpecView } from '../pod-specs.ts'
import { pointer } from '../pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import type { Field } from './hit.ts'
import { quoted } from './report.ts'

/** A field that can say where it is, in words: `container web: env AWS_REGION`. Few fields are ever asked. */
export interface PlacedField extends Field {
  place(): string
}

/** What a container is told in clear: variables, command and arguments. Values from elsewhere are there as unknown. */
export function containerFields({ container, path, name }: ContainerView): PlacedField[] {
  const fields: PlacedField[] = []
  const add = (place: (key: string) => string, at: string, key: string, text: string) =>
    fields.push({
      path: at,
      key,
      text,
      encoding: 'plain',
      place: () => `container ${shortened(name)}: ${place(key)}`,
    })
  addVariables(container.env, `${path}/env`, add)
  addWords('command', container.command, `${path}/command`, add)
  addWords('args', container.args, `${path}/args`, add)
  return fields
}

/** The annotations that the pods get. */
export function annotationFields({ metadata, metadataPath }: PodSpecView): PlacedField[] {
  return Object.entries(recordOf(metadata.annotations) ?? {}).flatMap(([key, value]) => {
    const text = stringOf(value)
    // kubectl's copy of the whole object changes with the object.
    if (text === undefined || key === 'kubectl.kubernetes.io/last-applied-configuration') return []
    const path = metadataPath + pointer('annotations', key)
    return [{ path, key: '', text, encoding: 'plain', place: () => `annotation ${quoted(key)}` } as const]
  })
}

type Add = (place: (key: string) => string, path: string, key: string, text: string) => void

function addVariables(env: unknown, path: string, add: Add): void {
  for (const [index, entry] of listOf(env).entries()) {
    const key = stringOf(memberOf(entry, 'name')) ?? ''
    const text = stringOf(memberOf(entry, 'value'))
    if (text !== undefined) add(variablePlace, `${path}/${index}/value`, key, text)
    // That the variable is set says something of the others: an endpoint, for one.
    else add(variablePlace, `${path}/${index}`, key, '$(elsewhere)')
  }
}

// `--flag=value` is a value under the name of its flag, and so is the word behind `--flag`.
function addWords(list: string, words: unknown, path: string, add: Add): void {
  let flag = ''
  for (const [index, word] of listOf(words).entries()) {
    const text = stringOf(word)
    if (text === undefined) continue
    const [, name, value] = (text.startsWith('-') && /^--?([\w.-]{1,64})(?:=(.*))?$/s.exec(text)) || []
    add(() => `${list}[${index}]`, `${path}/${index}`, name ?? flag, value ?? text)
    flag = name !== undefined && value === undefined ? name : ''
  }
}

function variablePlace(key: string): string {
  return `env ${shortened(key)}`
}

function shortened(name: string): string {
  return quoted(name).slice(1, -1)
}
