import type { ContainerView, PodSpecView } from '../pod-specs.ts'
import { pointer, segmentsOf } from '../pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import type { Field } from './hit.ts'
import { quoted } from './report.ts'

/** What a container is told in clear: variables, command and arguments. Values from elsewhere are there as unknown. */
export function containerFields({ container, path }: ContainerView): Field[] {
  const fields: Field[] = []
  addVariables(container.env, `${path}/env`, fields)
  addWords(container.command, `${path}/command`, fields)
  addWords(container.args, `${path}/args`, fields)
  return fields
}

/** Where a field of a container is, in words: `container web: env AWS_REGION`, `container web: args[1]`. */
export function placeInContainer({ path, name }: ContainerView, field: Pick<Field, 'path' | 'key'>): string {
  const [list = '', index = ''] = field.path.slice(path.length + 1).split('/')
  return `container ${shortened(name)}: ${list === 'env' ? `env ${shortened(field.key)}` : `${list}[${index}]`}`
}

/** The annotations that the pods get. */
export function annotationFields({ metadata, metadataPath }: PodSpecView): Field[] {
  return Object.entries(recordOf(metadata.annotations) ?? {}).flatMap(([key, value]) => {
    const text = stringOf(value)
    // kubectl's copy of the whole object changes with the object.
    if (text === undefined || key === 'kubectl.kubernetes.io/last-applied-configuration') return []
    return [{ path: metadataPath + pointer('annotations', key), key: '', text, encoding: 'plain' } as const]
  })
}

/** Where an annotation is, in words. */
export function placeOfAnnotation({ path }: Pick<Field, 'path'>): string {
  return `annotation ${quoted(segmentsOf(path)?.at(-1) ?? '')}`
}

function addVariables(env: unknown, path: string, fields: Field[]): void {
  const entries = listOf(env)
  for (let index = 0; index < entries.length; index++) {
    const key = stringOf(memberOf(entries[index], 'name')) ?? ''
    const text = stringOf(memberOf(entries[index], 'value'))
    if (text !== undefined) fields.push({ path: `${path}/${index}/value`, key, text, encoding: 'plain' })
    // That the variable is set says something of the others: an endpoint, for one.
    else fields.push({ path: `${path}/${index}`, key, text: '$(elsewhere)', encoding: 'plain' })
  }
}

// `--flag=value` is a value under the name of its flag, and so is the word behind `--flag`.
function addWords(words: unknown, path: string, fields: Field[]): void {
  let flag = ''
  for (const [index, word] of listOf(words).entries()) {
    const text = stringOf(word)
    if (text === undefined) continue
    const [, name, value] = (text.startsWith('-') && /^--?([\w.-]{1,64})(?:=(.*))?$/s.exec(text)) || []
    fields.push({ path: `${path}/${index}`, key: name ?? flag, text: value ?? text, encoding: 'plain' })
    flag = name !== undefined && value === undefined ? name : ''
  }
}

function shortened(name: string): string {
  return quoted(name).slice(1, -1)
}
