import { levelText, strongest } from '../src/report/levels.ts'
import { loops, signatures } from '../src/report/signatures.ts'
import type { Policy } from '../src/sdk/policy.ts'
import { cell, levelLegend } from './rule-page.ts'

/** The index of the rule pages: by loop, then by the failure that is prevented. */
export function ruleIndex(policies: readonly Policy[]): string {
  const byLoop = Object.entries(loops).flatMap(([loop, about]) => {
    const rules = policies.filter((policy) => policy.loop === loop)
    return rules.length === 0 ? [] : [`### ${loop}: ${about}\n\n${ruleTable(rules)}`]
  })
  const bySignature = Object.entries(signatures).flatMap(([signature, { seen, symptoms, loop, cause, mitigation }]) => {
    const rules = policies.filter(({ signatures }) => signatures.some((name) => name === signature))
    if (rules.length === 0) return []
    return [
      `### ${signature}: ${seen}`,
      `Shows as ${symptoms.map((text) => `\`${text}\``).join(', ')}. The ${loop} loop fails. ${cause} Instead: ${mitigation}`,
      `Prevented by ${rules.map((rule) => link(rule, '')).join(', ')}.`,
    ]
  })
  return [
    '# Rules',
    `${policies.length} rules. Severities are those of the profile \`baseline\`, reason by reason; \`strict\` is on each page.`,
    levelLegend,
    'One rule is not in the tables, because it judges exemptions and not objects: `exemption-invalid` ([exempt](../../guides/exempt.md#on-the-object)).',
    '## By loop',
    ...byLoop,
    '## By failure',
    ...bySignature,
  ].join('\n\n')
}

/** The list of the README: every rule of each loop, those that refuse in the profile baseline in bold. */
export function ruleSummary(policies: readonly Policy[], folder: string): string {
  return Object.entries(loops)
    .flatMap(([loop, about]) => {
      const rules = policies.filter((policy) => policy.loop === loop)
      if (rules.length === 0) return []
      const links = rules.map((rule) => {
        const text = link(rule, folder, rule.id.slice(loop.length + 1))
        return strongest(rule) === 'deny' ? `**${text}**` : text
      })
      return [`- ${loop} (${about}): ${links.join(', ')}`]
    })
    .join('\n')
}

function ruleTable(policies: readonly Policy[]): string {
  const rows = policies.map((policy) => `| ${link(policy, '')} | ${cell(policy.summary)} | ${severities(policy)} |`)
  return ['| rule | asks for | in baseline |', '| --- | --- | --- |', ...rows].join('\n')
}

function link({ id }: Policy, folder: string, text = id): string {
  return `[${text}](${folder}${id}.md)`
}

function severities({ reasons }: Policy): string {
  const levels = Object.entries(reasons).map(([name, { baseline }]) => [name, levelText(baseline)] as const)
  const distinct = [...new Set(levels.map(([, level]) => level))]
  if (distinct.length === 1) return distinct[0] ?? ''
  return distinct
    .map((level) => `${level} (${levels.flatMap(([name, of]) => (of === level ? [name] : [])).join(', ')})`)
    .join('; ')
}
