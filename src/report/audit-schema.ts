import { auditSchemaVersion } from './audit-json.ts'
import { count, finding, list, object, optional, pointer, reference, text } from './schema-pieces.ts'

/** The JSON Schema of `audit --output json`, published for programs that read it. */
export function auditSchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Report of day2 audit',
    description: 'Fields are added, never changed or removed, as long as schemaVersion stays the same.',
    ...object({
      schemaVersion: { const: auditSchemaVersion },
      tool: object({ name: text(), version: text() }),
      cluster: text('Address of the API server.'),
      profile: { enum: ['baseline', 'strict'] },
      namespaces: { description: 'Those asked for; empty for the whole cluster.', type: 'array', items: text() },
      secrets: { description: 'Whether Secrets were read.', type: 'boolean' },
      summary: object({
        listed: count('Objects read.'),
        judged: count('Objects that the rules were asked about.'),
        findings: object({ deny: count(), warn: count(), audit: count() }),
        unresolved: count('Times that a rule could not decide.'),
        exempted: count('Findings that an exemption silenced.'),
        unread: count('Entries of `unread` that are gaps: with one, the report is not the whole truth.'),
      }),
      findings: list('Sorted by namespace and by the object at the top.', {
        ...finding(),
        related: list('Other objects or places that take part.', { ...reference(), path: optional(pointer()) }),
        owner: optional({
          description: 'The workload that `object` was made for, where the finding is not in its template.',
          ...object({ ...reference(), apiVersion: text() }),
        }),
        count: optional(count('How many objects of the owner have the finding; `object` is the first.')),
      }),
      unresolved: list('Rules that could not decide, because objects of a kind or a value are not known.', {
        rule: text('Rule id.'),
        kind: text(
          'The kind of which nothing is known, or `value` where the object itself holds a variable or a malformed value.',
        ),
        objects: count('How many objects stay open.'),
      }),
      exempted: list('Findings that an exemption silenced.', {
        rule: text('Rule id.'),
        reason: text('Which of the reasons of the rule.'),
        path: pointer(),
        by: { enum: ['annotation', 'settings'] },
        because: text('Why it was granted, in the words of whoever granted it.'),
        until: optional(text('When it ends.')),
        object: object(reference()),
      }),
      scanned: list('What was read, by kind.', {
        kind: text(),
        resource: text('As in RBAC, such as deployments.apps.'),
        listed: count(),
        judged: count('Not judged: what is being deleted, and copies of a template that was judged.'),
      }),
      unread: list('What was not read, or not to its end.', {
        kind: text(),
        resource: text('As in RBAC.'),
        namespace: optional(text()),
        level: { description: 'A note is no gap: nothing to read there, or nobody asked.', enum: ['error', 'note'] },
        code: text('Stable, begins with D2_.'),
        reason: text('One sentence, with what to do about it.'),
      }),
      faults: list('Rules that failed by a fault of their own.', {
        rule: text('Rule id.'),
        error: text('Class of the error.'),
        objects: count(),
        object: object(reference()),
      }),
    }),
  }
}
