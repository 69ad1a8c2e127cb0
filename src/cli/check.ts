import { policies } from '../../policies/index.ts'
import { createEngine } from '../engine/engine.ts'
import { defaultSettings } from '../engine/settings.ts'
import type { Render } from '../files/kustomize/rendered.ts'
import type { Problem } from '../files/problem.ts'
import { readPaths } from '../files/read.ts'
import { formats } from '../report/formats.ts'
import type { Report } from '../report/report.ts'
import { problemLine } from '../report/text.ts'
import { checkContents } from './check-contents.ts'
import type { Source } from '../kube/credentials.ts'
import type { LiveContext } from './live-context.ts'
import { failLevels, isFailed } from './fail-on.ts'
import { exitCodes, UsageError } from './failure.ts'
import { oneOf, parseOptions } from './options.ts'
import { readOutputs, writeOutput } from './output.ts'
import { paintFor } from './paint.ts'

const help = `Usage: day2 check PATH… [OPTION]…

Checks manifests against the rules: YAML and JSON files, folders (searched for .yaml, .yml and .json), or - for
standard input. The files given are the inventory: a budget in one and its Deployment in another meet.
  --settings FILE      rules, severities, parameters and exemptions
  --profile PROFILE    baseline or strict; stands above the settings
  --fail-on SEVERITY   deny (default), warn, audit or never: from which severity on the exit code is 1
  --output FORMAT      text (default) or json, =FILE writes it to a file; may be repeated
  --context PATH       more files that the rules may look up, but that are not checked; may be repeated
  --complete           nothing exists beside these files: what is missing is reported
  --kustomize          let your own kubectl (or kustomize) render each kustomization, and check what it makes
  --live               the rules may look up what the cluster holds; what the files hold goes before it
  --kubeconfig FILE    the cluster (default: KUBECONFIG, the Pod's service account, ~/.kube/config)
  --kube-context NAME  a context of the kubeconfig other than the current one
  --namespace NAME     namespace of objects that name none (default "default")
  --verbose            show findings of severity audit and every unresolved rule

  helm template CHART | day2 check -
  day2 check --kustomize DIR

Exit codes: 0 clean, 1 findings, 2 wrong usage or unreadable input, 3 internal fault.
`

/** Checks files and reports; resolves to the exit code. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions('check', args, {
    settings: { type: 'string' },
    profile: { type: 'string' },
    'fail-on': { type: 'string', default: 'deny' },
    output: { type: 'string', multiple: true, default: ['text'] },
    context: { type: 'string', multiple: true, default: [] },
    complete: { type: 'boolean', default: false },
    namespace: { type: 'string', default: 'default' },
    kustomize: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    kubeconfig: { type: 'string' },
    'kube-context': { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.clean
  }
  const { kubeconfig, 'kube-context': kubeContext } = values
  if (!values.live && (kubeconfig ?? kubeContext) !== undefined)
    throw new UsageError('--kubeconfig and --kube-context name a cluster, which is only read with --live')
  if (positionals.length === 0) throw new UsageError('day2 check needs files or folders, or - for standard input')
  if (values.context.includes('-')) throw new UsageError('--context takes files and folders, not standard input')
  const failOn = oneOf('fail-on', values['fail-on'], failLevels)
  const profile = values.profile === undefined ? undefined : oneOf('profile', values.profile, ['baseline', 'strict'])
  const outputs = readOutputs(values.output, formats)

  const { settings, problems } = await settingsOf(values.settings)
  const engine = createEngine(policies, profile ? { ...settings, profile } : settings)
  const render = values.kustomize ? await renderer() : undefined
  const contents = await readPaths(positionals, process.stdin, render)
  const context = await readPaths(values.context, process.stdin, render)
  const notes = render && contents.kustomizations.length === 0 ? [nothingToRender(positionals)] : []
  const live = values.live
    ? await liveContext({ ...(kubeconfig === undefined ? {} : { kubeconfig }), ...contextOf(kubeContext) })
    : undefined
  const { report, faults } = checkContents(engine, {
    paths: positionals,
    contents: { ...contents, problems: [...problems, ...notes, ...contents.problems] },
    context,
    namespace: values.namespace,
    complete: values.complete,
    ...(live ? { live } : {}),
    now: Date.now(),
  })

  for (const output of outputs) await writeOutput(output, report, values.verbose)
  // A report that went to a file, a pipe or a program must not hide that something could not be read.
  const shown = process.stdout.isTTY && outputs.some(({ name, file }) => name === 'text' && file === undefined)
  if (!shown) tellProblems(report)
  if (faults > 0) return exitCodes.fault
  if (report.summary.problems.error > 0) return exitCodes.usage
  return isFailed(report.summary.findings, failOn) ? exitCodes.findings : exitCodes.clean
}

function nothingToRender(paths: readonly string[]): Problem {
  const message = 'there is no kustomization here for --kustomize to render; the files are checked as they are'
  return { level: 'warning', code: 'D2_NO_KUSTOMIZATION', file: paths.join(', '), message }
}

// Loaded on demand, like all that most checks do without.
async function renderer(): Promise<Render> {
  const { createRender } = await import('./kustomize.ts')
  return createRender()
}

// Loaded on demand: most checks need no cluster.
async function liveContext(source: Source): Promise<LiveContext> {
  const { readLiveContext } = await import('./live-context.ts')
  return readLiveContext(source)
}

function contextOf(context: string | undefined): Pick<Source, 'context'> {
  return context === undefined ? {} : { context }
}

// Loaded on demand: the validator costs more than checking a file.
async function settingsOf(path: string | undefined) {
  if (path === undefined) return { settings: defaultSettings, problems: [] }
  const { readSettingsWithProblems } = await import('./settings-file.ts')
  return readSettingsWithProblems(path, policies)
}

function tellProblems(report: Report): void {
  const paint = paintFor(process.stderr)
  for (const problem of report.problems) process.stderr.write(`${problemLine(problem, paint)}\n`)
}
