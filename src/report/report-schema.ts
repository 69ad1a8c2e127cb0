import { schemaVersion } from './json.ts'
import { count, finding, list, object, optional, place, pointer, reference, text } from './schema-pieces.ts'

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
        ...place(),
        rendered: optional(object(place())),
        related: list('Other objects or places that take part.', {
          ...reference(),
          path: optional(pointer()),
          ...place(optional),
          change: optional({
            enum: ['set', 'removed'],
            description: 'What a kustomization does at this place to the object of the finding.',
          }),
        }),
      }),
      unresolved: list('Rules that could not decide, because objects of a kind or a value are not known.', {
        rule: text('Rule id.'),
        kind: text(
          'The kind of which too little is known, or `value` where the object itself holds a variable or a malformed value.',
        ),
        known: optional({
          const: true,
          description: 'The objects of the kind are there, and what they say decides nothing: nothing is missing.',
        }),
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
