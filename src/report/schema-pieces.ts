/** A finding as every front end writes it, but for the other objects and the place in a file. */
export function finding() {
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
  }
}

export type Schema = { readonly [keyword: string]: unknown }
export type Fields = { readonly [name: string]: Schema }

const optionalMark = Symbol('optional')

export function optional(schema: Schema): Schema {
  return { ...schema, [optionalMark]: true }
}

/** Fields that may come in a later version are allowed; all of today's are required unless marked. */
export function object(fields: Fields): Schema {
  const required = Object.keys(fields).filter((name) => !(optionalMark in (fields[name] ?? {})))
  return { type: 'object', required, properties: fields }
}

export function list(description: string, fields: Fields): Schema {
  return { description, type: 'array', items: object(fields) }
}

export function text(description?: string): Schema {
  return { ...(description ? { description } : {}), type: 'string' }
}

export function count(description?: string): Schema {
  return { ...(description ? { description } : {}), type: 'integer', minimum: 0 }
}

export function severity(): Schema {
  return { enum: ['deny', 'warn', 'audit'] }
}

export function pointer(): Schema {
  return text('JSON pointer into the object, to the wrong value or to where the missing one belongs.')
}

export function reference(): Fields {
  return { kind: text(), namespace: text("'' for cluster-scoped kinds."), name: text() }
}

export function place(mark: (schema: Schema) => Schema = (schema) => schema): Fields {
  const position = { type: 'integer', minimum: 1, description: 'Counted from 1.' }
  return { file: mark(text()), line: mark(position), column: mark(position) }
}
