import { exemptionReasons } from '../engine/exemption-policy.ts'
import { exemptionRule } from '../engine/settings.ts'
import type { Policy, Signature } from '../sdk/policy.ts'
import type { Paint } from './paint.ts'
import { strongest } from './levels.ts'
import { loops, signatures } from './signatures.ts'
import { wrap } from './wrap.ts'

/** All rules by loop and all signatures, one line each. */
export function explainAll(policies: readonly Policy[], paint: Paint): string {
  const width = Math.max(...policies.map(({ id }) => id.length))
  const byLoop = Object.entries(loops).flatMap(([loop, about]) => {
    const rules = policies.filter((policy) => policy.loop === loop)
    if (rules.length === 0) return []
    const lines = rules.map((rule) => `  ${rule.id.padEnd(width)}  ${strongest(rule).padEnd(5)}  ${rule.summary}`)
    return [`${paint('bold', loop)}: ${about}\n${lines.join('\n')}`]
  })
  const idWidth = Math.max(...Object.keys(signatures).map((id) => id.length))
  const known = Object.entries(signatures).map(([id, { seen }]) => `  ${id.padEnd(idWidth)}  ${seen}`)
  return `${[
    `${policies.length} rules, with the strongest severity that each has in the profile baseline.`,
    ...byLoop,
    `${paint('bold', 'failures')}, and what people see\n${known.join('\n')}`,
    'day2 explain RULE shows a rule, day2 explain FAILURE (or a text such as ImagePullBackOff) what is behind it.',
  ].join('\n\n')}\n`
}

/** What is behind a failure, and which rules prevent it. */
export function explainSignature(id: Signature, policies: readonly Policy[], paint: Paint): string {
  const { seen, symptoms, loop, cause, mitigation } = signatures[id]
  const rules = policies.filter((policy) => policy.signatures.includes(id))
  const width = Math.max(0, ...rules.map((rule) => rule.id.length))
  return `${[
    `${paint('bold', id)}: ${seen}`,
    `${paint('bold', 'shows as')}  ${symptoms.join(', ')}`,
    `${paint('bold', 'loop')}      ${loop}: ${loops[loop]}`,
    wrap(cause, `${paint('bold', 'cause')}     `, 10),
    wrap(mitigation, `${paint('bold', 'instead')}   `, 10),
    `${paint('bold', 'rules that prevent it')}\n${rules.map((rule) => `  ${rule.id.padEnd(width)}  ${rule.summary}`).join('\n')}`,
  ].join('\n')}\n`
}

/** The rule of the engine itself, which no policy file holds. */
export function explainExemptions(paint: Paint): string {
  const reasons = Object.entries(exemptionReasons).map(([name, { baseline, strict }]) => {
    const levels = [...new Set([baseline, strict ?? baseline])].map((level) =>
      JSON.stringify(level).replaceAll('"', ''),
    )
    return `  ${name.padEnd(15)} ${levels.join(', in strict ')}`
  })
  return `${[
    `${paint('bold', exemptionRule)}: an exemption by annotation names a rule, says why, and ends`,
    wrap(exemptionReasons.expired.why, `${paint('bold', 'why')}       `, 10),
    `${paint('bold', 'reasons')}\n${reasons.join('\n')}`,
    wrap(
      'write day2-admission.dev/exempt, exempt-reason and exempt-until, a date, as the guide on exemptions shows.',
      `${paint('bold', 'instead')}   `,
      10,
    ),
  ].join('\n')}\n`
}
