import type { Evaluation, Finding } from '../engine/finding.ts'
import type { Manifest } from '../files/manifest.ts'
import type { Problem } from '../files/problem.ts'
import type { Placed, Report, ReportedFinding } from '../report/report.ts'
import { unknown, type InventorySource } from '../sdk/inventory.ts'
import type { KindName, ObjectRef } from '../sdk/objects.ts'

/** What was said of one object, with its places. */
export interface Said {
  readonly findings: ReportedFinding[]
  readonly unresolved: Report['unresolved'][number][]
  readonly exempted: Report['exempted'][number][]
  /** What failed by a fault of our own. */
  readonly faults: Problem[]
}

/** An evaluation with the places of the file. `find` gives the file of a related object, where it is among those read. */
export function reported(
  { findings, unresolved, exempted, policyErrors }: Evaluation,
  manifest: Manifest,
  object: ObjectRef,
  inventory: InventorySource,
  find: (ref: ObjectRef) => Manifest | undefined,
): Said {
  const file = manifest.source ?? manifest.file
  return {
    findings: findings.map((finding) => placed(finding, manifest, find)),
    unresolved: unresolved.map(({ rule, kind, there }) => {
      const known = there ?? (inventory.complete && kind !== 'value' && holdsAny(inventory, kind))
      return { rule, kind, ...(known ? { known: true } : {}), object, file }
    }),
    exempted: exempted.map((exemption) => ({ ...exemption, object, ...placeOf(manifest, exemption.path) })),
    faults: policyErrors.map(({ rule, error }) => ({
      level: 'error',
      code: 'D2_POLICY_FAULT',
      ...placeOf(manifest, ''),
      message: `the rule ${rule} failed on this object by a fault of its own (${error}); please report it`,
    })),
  }
}

function holdsAny(inventory: InventorySource, kind: KindName): boolean {
  const all = inventory.list(kind)
  return all !== unknown && all.length > 0
}

/** What is said of an object that could not be judged. Of the error only its class: its text may quote a value. */
export function failed(error: unknown, { file, source }: Manifest, { kind, namespace, name }: ObjectRef): Said {
  const of = error instanceof Error ? error.name : typeof error
  const object = `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  const message = `${object} could not be judged by a fault of day2 itself (${of}); please report it`
  const fault: Problem = { level: 'error', code: 'D2_OBJECT_FAULT', file: source ?? file, message }
  return { findings: [], unresolved: [], exempted: [], faults: [fault] }
}

/** Adds what was not said yet. */
export function addNew(said: Said, more: Said): void {
  const keysOf = ({ rule, reason, path, message }: ReportedFinding) => [rule, reason, path, message]
  for (const [index, known] of said.findings.entries()) {
    const other = more.findings.find((each) => keysOf(each).join('\n') === keysOf(known).join('\n'))
    if (other) said.findings[index] = { ...known, related: united(known.related, other.related) }
  }
  add(said.findings, more.findings, keysOf)
  add(said.unresolved, more.unresolved, ({ rule, kind }) => [rule, kind])
  add(said.exempted, more.exempted, ({ rule, reason, path }) => [rule, reason, path])
  add(said.faults, more.faults, ({ message }) => [message])
}

// Two overlays may do the same to one object, each in a place of its own.
function united(known: ReportedFinding['related'], more: ReportedFinding['related']): ReportedFinding['related'] {
  const places = new Set(known.map(({ file, line }) => `${file ?? ''}:${line ?? 0}`))
  return [...known, ...more.filter(({ change, file, line }) => change && !places.has(`${file ?? ''}:${line ?? 0}`))]
}

function add<T>(known: T[], more: readonly T[], keysOf: (item: T) => readonly string[]): void {
  const keys = new Set(known.map((item) => keysOf(item).join('\n')))
  known.push(...more.filter((item) => !keys.has(keysOf(item).join('\n'))))
}

function placed(finding: Finding, manifest: Manifest, find: (ref: ObjectRef) => Manifest | undefined): ReportedFinding {
  const { rule, loop, signatures, severity, reason, object, path, message, why, fix, snippet } = finding
  const related = finding.related.map((other) => {
    const found = find(other)
    return found ? { ...other, ...placeOf(found, other.path ?? '') } : other
  })
  const { file, line, column, rendered } = placeOf(manifest, path)
  const changes = (manifest.changes?.(path) ?? []).filter((each) => each.file !== file || each.line !== line)
  return {
    rule,
    loop,
    signatures,
    severity,
    reason,
    object,
    path,
    file,
    line,
    column,
    ...(rendered ? { rendered } : {}),
    message,
    why,
    fix,
    ...(snippet === undefined ? {} : { snippet }),
    related: [...related, ...changes.map((each) => ({ ...refOf(object), path, ...each }))],
    preExisting: finding.preExisting,
    stale: finding.stale,
    ...(finding.capped ? { capped: finding.capped } : {}),
  }
}

function refOf({ kind, namespace, name }: ObjectRef): ObjectRef {
  return { kind, namespace, name }
}

function placeOf(manifest: Manifest, path: string): Placed {
  const { file, source } = manifest
  const { line, column, file: elsewhere = file } = manifest.locate(path)
  if (elsewhere !== file) return { file: elsewhere, line, column }
  // Lines of rendered text say nothing about the template.
  return source === undefined
    ? { file, line, column }
    : { file: source, line: 1, column: 1, rendered: { file, line, column } }
}
