import { policies } from '../../policies/index.ts'
import { createEngine } from '../engine/engine.ts'
import { defaultSettings, exemptionRule } from '../engine/settings.ts'
import { auditFormats } from '../report/formats.ts'
import { didYouMean } from '../sdk/did-you-mean.ts'
import { auditCluster } from './audit-cluster.ts'
import { showProgress } from './audit-progress.ts'
import { failLevels, isFailed } from './fail-on.ts'
import { exitCodes, UsageError } from './failure.ts'
import { oneOf, parseOptions } from './options.ts'
import { readOutputs, writeOutput } from './output.ts'

const help = `Usage: day2 audit [OPTION]…

Judges what already runs in a cluster. Reads the kinds that the rules name and nothing else, changes nothing.
  --namespace NAME     only this namespace; may be repeated (cluster-wide objects are still looked up)
  --rule ID            only this rule; may be repeated
  --settings FILE      rules, severities, parameters and exemptions
  --profile PROFILE    baseline or strict; stands above the settings
  --fail-on SEVERITY   deny, warn, audit or never (default): from which severity on the exit code is 1
  --output FORMAT      text (default) or json, =FILE writes it to a file; may be repeated
  --kubeconfig FILE    the cluster (default: KUBECONFIG, the Pod's service account, ~/.kube/config)
  --context NAME       a context of the kubeconfig other than the current one
  --secrets            read Secrets too, page by page; no value of them is kept or shown
  --verbose            show findings of severity audit, exemptions and what was read of each kind

Exit codes: 0 done, 1 findings at or above --fail-on, 2 wrong usage or something could not be read, 3 internal fault.
`

/** Audits a cluster and reports; resolves to the exit code. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions('audit', args, {
    namespace: { type: 'string', multiple: true, short: 'n', default: [] },
    rule: { type: 'string', multiple: true, default: [] },
    settings: { type: 'string' },
    profile: { type: 'string' },
    'fail-on': { type: 'string', default: 'never' },
    output: { type: 'string', multiple: true, default: ['text'] },
    kubeconfig: { type: 'string' },
    context: { type: 'string' },
    secrets: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.clean
  }
  const [extra] = positionals
  if (extra !== undefined) throw new UsageError(`day2 audit takes options only, not "${extra}"`)
  if (values.namespace.includes('')) throw new UsageError('--namespace needs a name')
  const failOn = oneOf('fail-on', values['fail-on'], failLevels)
  const profile = values.profile === undefined ? undefined : oneOf('profile', values.profile, ['baseline', 'strict'])
  const outputs = readOutputs(values.output, auditFormats)
  const rules = new Set(values.rule.map(ruleOf))

  const settings = await settingsOf(values.settings)
  const progress = showProgress(process.stderr)
  const report = await auditCluster(createEngine(policies, profile ? { ...settings, profile } : settings), {
    source: {
      ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
      ...(values.context === undefined ? {} : { context: values.context }),
    },
    namespaces: [...new Set(values.namespace)],
    rules,
    secrets: values.secrets,
    now: Date.now(),
    onProgress: progress.show,
  }).finally(progress.end)

  for (const output of outputs) await writeOutput(output, report, values.verbose)
  // A report that went to a file, a pipe or a program must not hide that something could not be read.
  const isTold = process.stdout.isTTY && outputs.some(({ name, file }) => name === 'text' && file === undefined)
  if (!isTold)
    for (const each of report.unread) if (each.level === 'error') tell(`not read ${each.kind}: ${each.reason}`)
  if (report.faults.length > 0) return exitCodes.fault
  if (report.summary.unread > 0) return exitCodes.usage
  return isFailed(report.summary.findings, failOn) ? exitCodes.findings : exitCodes.clean
}

function tell(line: string): void {
  process.stderr.write(`day2: ${line}\n`)
}

// Loaded on demand, with the validator.
async function settingsOf(path: string | undefined) {
  if (path === undefined) return defaultSettings
  const { readSettings } = await import('./settings-file.ts')
  return readSettings(path, policies)
}

function ruleOf(id: string): string {
  const ids = [...policies.map((policy) => policy.id), exemptionRule]
  if (ids.includes(id)) return id
  throw new UsageError(`no rule is called "${id}"${didYouMean(id, ids, '; day2 explain lists them')}`)
}
