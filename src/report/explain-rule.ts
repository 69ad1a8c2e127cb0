import type { Example, FailingExample, Policy, Target } from '../sdk/policy.ts'
import { renderSnippet } from '../sdk/snippet.ts'
import { levelText } from './levels.ts'
import type { Paint } from './paint.ts'
import { signatures } from './signatures.ts'
import { wrap } from './wrap.ts'

export interface ExplainOptions {
  readonly paint: Paint
  /** Shows every example in full, instead of one for each reason. */
  readonly verbose: boolean
  /** An example as block YAML. */
  readonly toBlock: (yaml: string) => string
}

/** The page of a rule in the terminal: what it asks for, why it fires, what to type instead, what can be set. */
export function explainRule(policy: Policy, options: ExplainOptions): string {
  const { paint } = options
  const failures = policy.signatures.map((id) => `${id} (${signatures[id].seen})`).join(', ')
  const head = [
    `${paint('bold', policy.id)}: ${policy.summary}`,
    wrap(failures, 'prevents   ', 11),
    wrap(policy.on.map(targetText).join(', '), 'judges     ', 11),
    wrap(policy.reads.join(', ') || 'nothing else', 'looks up   ', 11),
  ]
  const shown = new Set<Example>()
  const reasons = Object.entries(policy.reasons).map(([name, { baseline, strict, why, snippet, absence, api }]) => {
    const example = policy.examples.fails.find(({ finds }) => finds.some((line) => line.startsWith(`${name} `)))
    const isNew = example && !shown.has(example)
    if (example) shown.add(example)
    return [
      `${paint('bold', name)}  baseline ${levelText(baseline)}; strict ${levelText(strict ?? baseline)}`,
      wrap(why, '  why  ', 7),
      ...(absence ? ['  at most a warning in the webhook, and in check only with --complete'] : []),
      ...(api ? ['  the API server itself refuses it; check says so before anything is applied'] : []),
      ...(snippet ? [`  type instead\n${indented(renderSnippet(snippet), 4)}`] : []),
      ...(isNew && !options.verbose ? [failing(example, options)] : []),
    ].join('\n')
  })
  const { passes, fails } = policy.examples
  const others = options.verbose
    ? [
        `${paint('bold', 'examples that pass')}\n${passes.map((each) => example(each, options)).join('\n')}`,
        `${paint('bold', 'examples that fail')}\n${fails.map((each) => failing(each, options)).join('\n')}`,
      ]
    : [
        `${paint('bold', 'passes')}\n${passes.map(({ name }) => `  ${name}`).join('\n')}`,
        `${paint('bold', 'fails too')}\n${
          fails
            .filter((each) => !shown.has(each))
            .map(({ name, finds }) => `  ${name}: ${finds.map(reasonOf).join(', ')}`)
            .join('\n') || '  nothing else'
        }`,
      ]
  const params = Object.entries(policy.params).map(([name, schema]) =>
    wrap(schema.description, `  ${name} (${JSON.stringify(schema.default)})  `, 6),
  )
  const exemption = policy.noAnnotationExemption
    ? 'in the settings only (rules.<id>.exemptions)'
    : 'in the settings (rules.<id>.exemptions), or on the object (day2-admission.dev/exempt, -reason, -until)'
  return `${[
    head.join('\n'),
    ...reasons,
    `${paint('bold', 'parameters')}, in the settings under rules.${policy.id}.params\n${params.join('\n') || '  none'}`,
    ...others,
    `${paint('bold', 'exemption')}  ${exemption}`,
    ...(policy.sources ? [`${paint('bold', 'sources')}\n${policy.sources.map((each) => `  ${each}`).join('\n')}`] : []),
  ].join('\n\n')}\n`
}

function targetText(target: Target): string {
  if (typeof target === 'string') return target
  return target.subresource ? `${target.kind}/${target.subresource}` : target.kind
}

function failing(each: FailingExample, options: ExplainOptions): string {
  return `${example(each, options)}\n    ${options.paint('dim', `finds: ${each.finds.join('; ')}`)}`
}

function example({ name, object, inventory }: Example, { paint, toBlock }: ExplainOptions): string {
  return [
    `  ${paint('dim', `example: ${name}`)}`,
    indented(toBlock(object), 4),
    ...(inventory ? [`    ${paint('dim', 'in the cluster:')}`, indented(toBlock(inventory), 4)] : []),
  ].join('\n')
}

function reasonOf(line: string): string {
  return line.startsWith('unresolved ') ? 'unresolved' : (line.split(' ')[0] ?? line)
}

function indented(text: string, by: number): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(by) + line))
    .join('\n')
}
