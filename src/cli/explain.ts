import { policies } from '../../policies/index.ts'
import { exemptionRule } from '../engine/settings.ts'
import { asBlock } from '../files/yaml/block.ts'
import { explainRule } from '../report/explain-rule.ts'
import { explainAll, explainExemptions, explainSignature } from '../report/explain.ts'
import { findSignature, signatures } from '../report/signatures.ts'
import { didYouMean } from '../sdk/did-you-mean.ts'
import { exitCodes, UsageError } from './failure.ts'
import { parseOptions } from './options.ts'
import { writeText } from './output.ts'
import { paintFor } from './paint.ts'

const help = `Usage: day2 explain [RULE|FAILURE] [OPTION]…

Without an argument: every rule by loop, and the failures that they prevent.
  RULE        what a rule asks for, why it fires, what to type instead, and what can be set
  FAILURE     what is behind a failure and which rules prevent it: its name, such as pending-pods, or what
              people see of it, such as ImagePullBackOff, 502 or "volume node affinity conflict"
  --verbose   every example of the rule in full
`

/** Explains a rule or a failure; resolves to the exit code. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions('explain', args, {
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.clean
  }
  await writeText(textFor(positionals.join(' '), values.verbose))
  return exitCodes.clean
}

function textFor(wanted: string, verbose: boolean): string {
  const paint = paintFor(process.stdout)
  if (wanted === '') return explainAll(policies, paint)
  const policy = policies.find(({ id }) => id === wanted)
  if (policy) return explainRule(policy, { paint, verbose, toBlock: asBlock })
  if (wanted === exemptionRule) return explainExemptions(paint)
  const signature = findSignature(wanted)
  if (signature) return explainSignature(signature, policies, paint)
  const known = [...policies.map(({ id }) => id), exemptionRule, ...Object.keys(signatures)]
  const hint = didYouMean(wanted, known, '; day2 explain lists them')
  throw new UsageError(`no rule and no failure is called "${wanted}"${hint}`)
}
