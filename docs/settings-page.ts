import { defaultSettings } from '../src/engine/settings.ts'
import { settingsApiVersion } from '../src/engine/settings-schema.ts'
import type { Policy } from '../src/sdk/policy.ts'
import { cell } from './rule-page.ts'

interface Schema {
  readonly description?: string
  readonly type?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly properties?: { readonly [name: string]: Schema }
}

/** The page of the settings file, from its JSON Schema. */
export function settingsPage(schema: object, policies: readonly Policy[]): string {
  // The schema is our own; what is read of it is optional.
  const { properties = {} } = schema as Schema
  const { rules, ...general } = properties
  const anyRule = rules?.properties?.[policies[0]?.id ?? '']
  return [
    '# Settings',
    `One YAML file, given to \`serve\` and \`check\` with \`--settings\`. Without one, the defaults hold (profile \`${defaultSettings.profile}\`, mode \`${defaultSettings.mode}\`). What the file does not name keeps its default; a name that nobody knows is an error with its line. Editors read [settings.schema.json](settings.schema.json), for example with this first line:`,
    [
      '```yaml',
      '# yaml-language-server: $schema=./settings.schema.json',
      `apiVersion: ${settingsApiVersion}`,
      'kind: Settings',
      'profile: baseline',
      'mode: enforce',
      'modes:',
      '  - { mode: audit, namespaces: [legacy-*] }',
      '```',
    ].join('\n'),
    '## Fields',
    table(flatten(general, '')),
    '## Fields of each rule',
    'Under `rules.<id>`, such as `rules.compute-pdb-deadlock.severity`. The more special setting wins: reason, then rule, then profile.',
    table(flatten(anyRule?.properties ?? {}, '').filter(({ path }) => !/^(reasons|params)\./.test(path))),
    'The parameters and reasons of each rule are on its page:',
    policies.map(({ id }) => `- [${id}](rules/${id}.md)`).join('\n'),
  ].join('\n\n')
}

interface Field {
  readonly path: string
  readonly schema: Schema
}

function flatten(properties: { readonly [name: string]: Schema }, prefix: string): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`
    const inner = flatten(schema.properties ?? {}, `${path}.`)
    const items = flatten(schema.items?.properties ?? {}, `${path}[].`)
    return [{ path, schema }, ...inner, ...items]
  })
}

function table(fields: readonly Field[]): string {
  const rows = fields.map(({ path, schema }) => {
    const preset = schema.default === undefined ? '' : `\`${cell(JSON.stringify(schema.default))}\``
    return `| \`${path}\` | ${cell(values(schema))} | ${preset} | ${cell(schema.description ?? '')} |`
  })
  return ['| field | values | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function values({ const: constant, enum: words, type, items }: Schema): string {
  if (constant !== undefined) return `\`${constant}\``
  if (words) return words.join(', ')
  if (type === 'array') return `list of ${items?.enum?.join(', ') ?? (items?.type === 'object' ? 'objects' : 'words')}`
  return type ?? ''
}
