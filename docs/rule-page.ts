import { renderSnippet } from '../src/sdk/snippet.ts'
import { Scalar, stringify } from 'yaml'
import type { Evaluation, Finding } from '../src/engine/finding.ts'
import { settingsApiVersion } from '../src/engine/settings-schema.ts'
import { asBlock } from '../src/files/yaml/block.ts'
import { levelText } from '../src/report/levels.ts'
import type { Example, Policy, Reason, Target } from '../src/sdk/policy.ts'
import { runExample } from './examples.ts'

/** The page of one rule, with the findings that its examples really get when all `policies` judge them. */
export function rulePage(policy: Policy, policies: readonly Policy[]): string {
  return [
    `# ${policy.id}`,
    policy.summary,
    facts(policy),
    '## Reasons',
    reasonTable(policy),
    ...Object.entries(policy.reasons).map(([name, reason]) => reasonSection(name, reason)),
    '## Parameters',
    parameters(policy),
    '## Examples that pass',
    ...policy.examples.passes.map((example) => exampleSection(example)),
    '## Examples that fail',
    ...policy.examples.fails.map((example) => `${exampleSection(example)}\n\n${outcome(policy, policies, example)}`),
    '## Exemption',
    exemption(policy),
    ...sources(policy),
  ].join('\n\n')
}

/** What a level with exceptions means, for the pages that show one. */
export const levelLegend =
  'Where a severity has exceptions, the first word holds for everything else: `warn, budget deny` refuses a PodDisruptionBudget and only warns of whatever else is under review. A `template` is a workload of any kind, `template:CREATE` a new one, `scale` a request on its scale subresource.'

/** Text in a cell of a Markdown table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function facts(policy: Policy): string {
  return [
    `- Loop: ${policy.loop}`,
    `- Prevents: ${policy.signatures.join(', ')}`,
    `- Judges: ${policy.on.map(targetText).join(', ')}`,
    `- Looks up: ${policy.reads.join(', ') || 'nothing else'}`,
    ...(policy.ownedPods ? ['- Looks at Pods of a controller too, and only warns there'] : []),
    ...(policy.readsMetadata ? ['- Judges labels or annotations, so it also looks at updates of nothing else'] : []),
    ...(policy.systemConfigMaps
      ? [
          `- Holds in system namespaces too; of kube-system the webhook meets only the ConfigMaps ${policy.systemConfigMaps.join(', ')}`,
        ]
      : []),
    `- Since: ${policy.since}`,
  ].join('\n')
}

function targetText(target: Target): string {
  if (typeof target === 'string') return target
  const name = target.subresource ? `${target.kind}/${target.subresource}` : target.kind
  return target.operations ? `${name} (${target.operations.join(', ')})` : name
}

function reasonTable(policy: Policy): string {
  const rows = Object.entries(policy.reasons).map(
    ([name, { baseline, strict }]) => `| \`${name}\` | ${levelText(baseline)} | ${levelText(strict ?? baseline)} |`,
  )
  const table = ['| reason | baseline | strict |', '| --- | --- | --- |', ...rows].join('\n')
  return table.includes(',') ? `${table}\n\n${levelLegend}` : table
}

function reasonSection(name: string, reason: Reason): string {
  return [
    `### ${name}`,
    reason.why,
    ...(reason.absence
      ? ['Fires because something is missing: at most a warning in the webhook, and in `check` only with `--complete`.']
      : []),
    ...(reason.api ? ['The API server itself refuses this; `check` says so before anything is applied.'] : []),
    ...(reason.snippet ? [`Type instead:\n\n${fenced('yaml', renderSnippet(reason.snippet))}`] : []),
  ].join('\n\n')
}

function parameters(policy: Policy): string {
  const names = Object.keys(policy.params)
  if (names.length === 0) return 'None.'
  const rows = Object.entries(policy.params).map(([name, schema]) => {
    const values = 'enum' in schema && schema.enum ? schema.enum.join(', ') : schema.type
    return `| \`${name}\` | ${cell(values)} | \`${cell(JSON.stringify(schema.default))}\` | ${cell(schema.description)} |`
  })
  const params = Object.fromEntries(Object.entries(policy.params).map(([name, schema]) => [name, schema.default]))
  return [
    ['| parameter | values | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    'In the settings, with the defaults:',
    fenced('yaml', settings(policy.id, { params })),
  ].join('\n\n')
}

function exampleSection(example: Example): string {
  const circumstances = [
    ...(example.frontEnd ? [`by ${example.frontEnd}`] : []),
    ...(example.user ? [`asked for by ${example.user}`] : []),
    ...(example.subresource ? [`on the subresource ${example.subresource}`] : []),
    ...(example.complete ? ['with an inventory known to be complete'] : []),
    ...(example.unknown ? [`while ${example.unknown.join(', ')} are not known`] : []),
    ...(example.severity ? [`with the severity \`${example.severity}\` in the settings`] : []),
    ...(example.params ? [`with the parameters \`${JSON.stringify(example.params)}\``] : []),
  ]
  return [
    `### ${example.name[0]?.toUpperCase() ?? ''}${example.name.slice(1)}`,
    ...(circumstances.length > 0 ? [`Judged ${circumstances.join(', ')}.`] : []),
    ...(example.object.includes('{{sample.') ? [sampleNote] : []),
    fenced('yaml', asBlock(example.object)),
    ...(example.oldObject
      ? ['The object as it was before the update:', fenced('yaml', asBlock(example.oldObject))]
      : []),
    ...(example.inventory ? ['In the cluster:', fenced('yaml', asBlock(example.inventory))] : []),
  ].join('\n\n')
}

const sampleNote =
  '`{{sample.…}}` stands for a credential that is made when the example is judged: none is written down anywhere.'

function outcome(policy: Policy, policies: readonly Policy[], example: Example): string {
  const baseline = runExample(policies, policy, example, 'baseline')
  const lines = linesOf(policy, baseline)
  if (lines.length > 0) return fenced('text', lines.join('\n'))
  const strict = linesOf(policy, runExample(policies, policy, example, 'strict'))
  return `Nothing in baseline; under the profile strict:\n\n${fenced('text', strict.join('\n'))}`
}

function linesOf(policy: Policy, { findings, unresolved }: Evaluation): string[] {
  return [
    ...findings.filter(({ rule }) => rule === policy.id).map(findingText),
    ...unresolved
      .filter(({ rule }) => rule === policy.id)
      .map(({ kind, there }) => {
        if (kind === 'value') return 'unresolved: a value is not known'
        return there ? `unresolved: what ${kind} says does not decide it` : `unresolved: nothing is known of ${kind}`
      }),
  ]
}

function findingText({ severity, reason, path, message, fix, preExisting, stale }: Finding): string {
  const marks = [...(preExisting ? ['was there before'] : []), ...(stale ? ['on stale context'] : [])]
  return `${severity}${marks.length > 0 ? ` (${marks.join(', ')})` : ''} ${reason} ${path}\n  ${message}\n  fix: ${fix}`
}

function exemption(policy: Policy): string {
  const granted = {
    reason: 'why it does not hold here',
    until: dated(),
    namespaces: ['team-a'],
    names: ['web-*'],
  }
  const bySettings = `In the settings:\n\n${fenced('yaml', settings(policy.id, { exemptions: [granted] }))}`
  if (policy.noAnnotationExemption) return `Not by annotation. ${bySettings}`
  const annotations = {
    'day2-admission.dev/exempt': policy.id,
    'day2-admission.dev/exempt-reason': 'why it does not hold here',
    'day2-admission.dev/exempt-until': dated(),
  }
  return `On the object:\n\n${fenced('yaml', stringify({ metadata: { annotations } }))}\n\n${bySettings}`
}

// kubectl reads YAML 1.1, where a bare date is no string. The pages outlive any date: it stands for the reader's own.
function dated(): Scalar {
  return Object.assign(new Scalar('2026-12-31'), { type: Scalar.QUOTE_SINGLE, comment: ' a date of yours' })
}

function settings(id: string, rule: object): string {
  return stringify({ apiVersion: settingsApiVersion, kind: 'Settings', rules: { [id]: rule } })
}

function sources({ sources }: Policy): string[] {
  if (!sources || sources.length === 0) return []
  return ['## Sources', sources.map((source) => `- ${source}`).join('\n')]
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``
}
