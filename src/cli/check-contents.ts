import type { Engine } from '../engine/engine.ts'
import type { Manifest } from '../files/manifest.ts'
import type { Problem } from '../files/problem.ts'
import type { Contents } from '../files/read.ts'
import { scopesOf } from '../files/scopes.ts'
import type { FilePlace, Report, ReportedFinding } from '../report/report.ts'
import type { CheckInput } from './check-input.ts'
import { notesOf } from './check-notes.ts'
import type { Said } from './check-said.ts'
import { checkScope } from './check-scope.ts'
import { version } from './version.ts'

/** Judges everything that was read. `faults` counts policies and objects that failed by a fault of our own. */
export function checkContents(engine: Engine, input: CheckInput): { report: Report; faults: number } {
  const { contents, context, namespace } = input
  const others = scopesOf(context, namespace).flatMap(({ members }) => members)
  const said = new Map<Manifest, Said>()
  for (const scope of scopesOf(contents, namespace)) checkScope(engine, scope, others, input, said)
  const all = [...said.values()]
  const findings = sorted(
    all.flatMap((of) => of.findings),
    contents,
  )
  const unresolved = all.flatMap((of) => of.unresolved)
  const exempted = all.flatMap((of) => of.exempted)
  const faults = all.flatMap((of) => of.faults)
  const problems: Problem[] = [...contents.problems, ...context.problems, ...(input.live?.problems ?? []), ...faults]
  problems.push(...notesOf(input.paths, contents, problems))
  const skipped = skippedOf(contents)
  const covered = contents.manifests.filter(
    ({ info }) => info && engine.policiesFor(info.kind, '', 'CREATE').length > 0,
  )
  const bySeverity = (severity: ReportedFinding['severity']) =>
    findings.filter((finding) => finding.severity === severity).length
  return {
    faults: faults.length,
    report: {
      tool: { name: 'day2-admission', version },
      profile: engine.settings.profile,
      summary: {
        files: contents.files,
        objects: contents.manifests.length,
        checked: covered.length,
        notCovered: contents.manifests.length - covered.length,
        skipped: skipped.reduce((sum, { count }) => sum + count, 0),
        unresolved: unresolved.length,
        exempted: exempted.length,
        findings: { deny: bySeverity('deny'), warn: bySeverity('warn'), audit: bySeverity('audit') },
        problems: {
          error: problems.filter(({ level }) => level === 'error').length,
          warning: problems.filter(({ level }) => level === 'warning').length,
        },
      },
      findings,
      unresolved,
      exempted,
      problems,
      skipped,
    },
  }
}

function sorted(findings: ReportedFinding[], { manifests }: Contents): ReportedFinding[] {
  const order = new Map<string, number>()
  for (const { file } of manifests) if (!order.has(file)) order.set(file, order.size)
  const rank = ({ file }: FilePlace) => order.get(file) ?? 0
  return findings.sort((one, two) => {
    const [a, b] = [one.rendered ?? one, two.rendered ?? two]
    return rank(a) - rank(b) || a.line - b.line || a.column - b.column || (one.rule < two.rule ? -1 : 1)
  })
}

function skippedOf({ skipped, charts }: Contents): Report['skipped'] {
  const counts = new Map<string, Report['skipped'][number]>()
  for (const { file, reason } of skipped) {
    const key = `${file}\n${reason}`
    counts.set(key, { file, reason, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [
    ...counts.values(),
    ...charts.map(({ path, templates }) => ({ file: path, reason: 'helm-template', count: templates })),
  ]
}
