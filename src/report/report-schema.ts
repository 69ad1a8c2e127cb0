import { schemaVersion } from './json.ts'

/** The JSON Schema of `check --output json`, published for programs that read it. */
export function reportSchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Report of day2 check',
    description: 'Fields are added, never changed or removed, as long as schemaVersion stays the same.',
    ...object({
      schemaVersion: { const: schemaVersion },
      tool: object({ name: text(), version: text() }),
      profile: { enum: ['baseline', 'strict'] },
      summary: object({
        files: count('Files opened.'),
        objects: count('Objects read: those checked and those that no rule covers.'),
        checked: count('Objects of a kind that a rule judges.'),
        notCovered: count('Objects of kinds that no rule judges.'),
        skipped: count('Documents and files that hold no object.'),
        unresolved: count('Times that a rule could not decide.'),
        exempted: count('Findings that an exemption silenced.'),
        findings: object({ deny: count(), warn: count(), audit: count() }),
        problems: object({ error: count(), warning: count() }),
      }),
      findings: list('Sorted by file, line and column.', {
        ...finding(),
        related: list('Other objects or places that take part.', {
          ...reference(),
          path: optional(pointer()),
          ...place(optional),
        }),
      }),
      unresolved: list('Rules that could not decide, because objects of a kind are not known.', {
        rule: text('Rule id.'),
        kind: text('The kind of which nothing is known.'),
        object: object(reference()),
        file: text(),
      }),
      exempted: list('Findings that an exemption silenced.', {
        rule: text('Rule id.'),
        reason: text('Which of the reasons of the rule.'),
        path: pointer(),
        by: { enum: ['annotation', 'settings'] },
        because: text('Why it was granted, in the words of whoever granted it.'),
        until: optional(text('When it ends.')),
        object: object(reference()),
        ...place(),
        rendered: optional(object(place())),
      }),
      problems: list('What could not be read, or was read with a doubt.', {
        level: { enum: ['error', 'warning'] },
        code: text('Stable, begins with D2_.'),
        message: text(),
        ...place(optional),
        file: text(),
      }),
      skipped: list('What holds no object.', { file: text(), reason: text(), count: count() }),
    }),
  }
}

function finding() {
  return {
    rule: text('Rule id.'),
    loop: { enum: ['identity', 'compute', 'network', 'storage', 'observability', 'engine'] },
    signatures: { description: 'The failures that the rule prevents.', type: 'array', items: text() },
    severity: severity(),
    reason: text('Which of the reasons of the rule.'),
    object: object({ ...reference(), apiVersion: text() }),
    path: pointer(),
    message: text('What is wrong, with the numbers seen.'),
    why: text('Why it will hurt.'),
    fix: text('What to type instead.'),
    snippet: optional(text('YAML to type instead.')),
    preExisting: { description: 'Was there before an update.', type: 'boolean' },
    stale: { description: 'Decided on an inventory that was not fresh.', type: 'boolean' },
    capped: optional(object({ from: severity(), by: text('What lowered the severity.') })),
    ...place(),
    rendered: optional(object(place())),
  }
}

type Schema = { readonly [keyword: string]: unknown }
type Fields = { readonly [name: string]: Schema }

const optionalMark = Symbol('optional')

function optional(schema: Schema): Schema {
  return { ...schema, [optionalMark]: true }
}

/** Fields that may come in a later version are allowed; all of today's are required unless marked. */
function object(fields: Fields): Schema {
  const required = Object.keys(fields).filter((name) => !(optionalMark in (fields[name] ?? {})))
  return { type: 'object', required, properties: fields }
}

function list(description: string, fields: Fields): Schema {
  return { description, type: 'array', items: object(fields) }
}

function text(description?: string): Schema {
  return { ...(description ? { description } : {}), type: 'string' }
}

function count(description?: string): Schema {
  return { ...(description ? { description } : {}), type: 'integer', minimum: 0 }
}

function severity(): Schema {
  return { enum: ['deny', 'warn', 'audit'] }
}

function pointer(): Schema {
  return text('JSON pointer into the object, to the wrong value or to where the missing one belongs.')
}

function reference(): Fields {
  return { kind: text(), namespace: text("'' for cluster-scoped kinds."), name: text() }
}

function place(mark: (schema: Schema) => Schema = (schema) => schema): Fields {
  const position = { type: 'integer', minimum: 1, description: 'Counted from 1.' }
  return { file: mark(text()), line: mark(position), column: mark(position) }
}
