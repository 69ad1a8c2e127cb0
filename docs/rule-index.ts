import type { Level, Loop, Policy, Severity, Signature } from '../src/sdk/policy.ts'
import { cell, levelLegend, levelText } from './rule-page.ts'

/** What people see when the failure that a rule prevents has happened. */
export const signatures: { readonly [S in Signature]: string } = {
  'image-pull-backoff': 'Pods stay in ImagePullBackOff although the image exists',
  'crash-loop': 'containers exit at once, again and again',
  'pending-pods': 'Pods stay Pending while nodes have room',
  'drain-stuck': 'a node cannot be drained, upgraded or scaled down',
  eviction: 'the kubelet kills Pods to save the node',
  'failed-create': 'a controller cannot create its Pods',
  'gateway-timeout': 'clients get 502, 503 or 504',
  'volume-affinity-conflict': 'a volume lies in a zone where its Pod may not run',
  'blind-logs': 'a log line does not say where it comes from',
}

export const loops: { readonly [L in Loop]: string } = {
  identity: 'who a workload is, and what it may use',
  compute: 'where Pods run, and whether they can move',
  network: 'how a request finds a Pod that answers',
  storage: 'where volumes lie, and who may mount them',
  observability: 'whether a failure in one loop can be traced to another',
}

/** The index of the rule pages: by loop, then by the failure that is prevented. */
export function ruleIndex(policies: readonly Policy[]): string {
  const byLoop = Object.entries(loops).flatMap(([loop, about]) => {
    const rules = policies.filter((policy) => policy.loop === loop)
    return rules.length === 0 ? [] : [`### ${loop}: ${about}\n\n${ruleTable(rules)}`]
  })
  const bySignature = Object.entries(signatures).flatMap(([signature, seen]) => {
    const rules = policies.filter(({ signatures }) => signatures.some((name) => name === signature))
    return rules.length === 0 ? [] : [`- **${signature}** (${seen}): ${rules.map((rule) => link(rule, '')).join(', ')}`]
  })
  return [
    '# Rules',
    `${policies.length} rules. Severities are those of the profile \`baseline\`, reason by reason; \`strict\` is on each page.`,
    levelLegend,
    'One rule is not in the tables, because it judges exemptions and not objects: `exemption-invalid` ([exempt](../../guides/exempt.md#on-the-object)).',
    '## By loop',
    ...byLoop,
    '## By failure',
    bySignature.join('\n'),
  ].join('\n\n')
}

/** The table of the README: every rule with its strongest severity in either profile. */
export function ruleSummary(policies: readonly Policy[], folder: string): string {
  const rows = policies.map((policy) => {
    const levels = Object.values(policy.reasons)
    const baseline = strongest(levels.map((reason) => reason.baseline))
    const strict = strongest(levels.map((reason) => reason.strict ?? reason.baseline))
    return `| ${link(policy, folder)} | ${cell(policy.summary)} | ${baseline} | ${strict} |`
  })
  return ['| rule | asks for | baseline | strict |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function ruleTable(policies: readonly Policy[]): string {
  const rows = policies.map((policy) => `| ${link(policy, '')} | ${cell(policy.summary)} | ${severities(policy)} |`)
  return ['| rule | asks for | in baseline |', '| --- | --- | --- |', ...rows].join('\n')
}

function link({ id }: Policy, folder: string): string {
  return `[${id}](${folder}${id}.md)`
}

function severities({ reasons }: Policy): string {
  const levels = Object.entries(reasons).map(([name, { baseline }]) => [name, levelText(baseline)] as const)
  const distinct = [...new Set(levels.map(([, level]) => level))]
  if (distinct.length === 1) return distinct[0] ?? ''
  return distinct
    .map((level) => `${level} (${levels.flatMap(([name, of]) => (of === level ? [name] : [])).join(', ')})`)
    .join('; ')
}

function strongest(levels: readonly Level[]): Severity {
  const used = new Set(levels.flatMap((level) => (typeof level === 'string' ? level : Object.values(level))))
  return (['deny', 'warn', 'audit'] as const).find((severity) => used.has(severity)) ?? 'off'
}
