import type { Engine } from '../engine/engine.ts'
import { evaluate } from '../engine/evaluate.ts'
import type { Evaluation } from '../engine/finding.ts'
import type { Manifest } from '../files/manifest.ts'
import type { Problem } from '../files/problem.ts'
import type { Member, Scope } from '../files/scopes.ts'
import { buildInventory, type Entry } from '../inventory/files.ts'
import type { Placed, Report, ReportedFinding } from '../report/report.ts'
import type { KindInfo } from '../sdk/kinds.ts'

/** What was said of the objects so far. The keys keep an object that is in several scopes from being reported twice. */
export interface Collected {
  readonly findings: Map<string, ReportedFinding>
  readonly unresolved: Map<string, Report['unresolved'][number]>
  readonly exempted: Map<string, Report['exempted'][number]>
  /** Policies that failed by a fault of their own. */
  readonly faults: Problem[]
}

/** Judges the objects of one scope, with the scope and the context as their inventory. */
export function checkScope(
  engine: Engine,
  scope: Scope,
  context: readonly Member[],
  { complete, now }: { readonly complete: boolean; readonly now: number },
  collected: Collected,
): void {
  const members = scope.members.filter(isKnown)
  const identities = new Map(members.map((member) => [identityOf(member), member]))
  const others = context.filter(isKnown).filter((member) => !identities.has(identityOf(member)))
  const inventory = buildInventory([...members, ...others].map(entryOf), { complete })
  for (const { manifest, namespace } of members) {
    const { info, apiVersion, name, object, partial } = manifest
    const subject = { info, apiVersion, namespace, name, operation: 'CREATE', subresource: '', object } as const
    const evaluation = evaluate(engine, partial ? { ...subject, partial } : subject, {
      inventory,
      now,
      frontEnd: 'check',
    })
    collect(evaluation, manifest, { kind: info.kind, namespace, name }, identities, collected)
  }
}

interface Known extends Member {
  readonly manifest: Manifest & { readonly info: KindInfo }
}

function isKnown(member: Member): member is Known {
  return member.manifest.info !== undefined
}

function identityOf({ manifest, namespace }: Known): string {
  return `${manifest.info.kind}/${namespace}/${manifest.name}`
}

function entryOf({ manifest, namespace, patched }: Known): Entry {
  const { info, name, object, partial } = manifest
  return { kind: info.kind, namespace, name, object, uncertain: partial || patched }
}

function placeOf(manifest: Manifest, path: string): Placed {
  const { file, source } = manifest
  const place = { file, ...manifest.locate(path) }
  // Lines of rendered text say nothing about the template.
  return source === undefined ? place : { file: source, line: 1, column: 1, rendered: place }
}

function collect(
  evaluation: Evaluation,
  manifest: Manifest,
  object: { kind: string; namespace: string; name: string },
  identities: ReadonlyMap<string, Known>,
  collected: Collected,
): void {
  const where = `${manifest.file}\n${manifest.index}\n${object.kind}/${object.name}`
  for (const finding of evaluation.findings) {
    const key = [where, finding.rule, finding.reason, finding.path, finding.message].join('\n')
    if (collected.findings.has(key)) continue
    const { rule, loop, signatures, severity, reason, path, message, why, fix, snippet, preExisting, stale, capped } =
      finding
    const related = finding.related.map((other) => {
      const found = identities.get(`${other.kind}/${other.namespace}/${other.name}`)
      return found ? { ...other, ...placeOf(found.manifest, other.path ?? '') } : other
    })
    collected.findings.set(key, {
      ...{ rule, loop, signatures, severity, reason, object: finding.object, path },
      ...placeOf(manifest, path),
      ...{ message, why, fix },
      ...(snippet === undefined ? {} : { snippet }),
      ...{ related, preExisting, stale },
      ...(capped ? { capped } : {}),
    })
  }
  for (const { rule, kind } of evaluation.unresolved) {
    collected.unresolved.set(`${where}\n${rule}\n${kind}`, {
      rule,
      kind,
      object,
      file: manifest.source ?? manifest.file,
    })
  }
  for (const exempted of evaluation.exempted) {
    const key = [where, exempted.rule, exempted.reason, exempted.path].join('\n')
    collected.exempted.set(key, { ...exempted, object, ...placeOf(manifest, exempted.path) })
  }
  for (const { rule, error } of evaluation.policyErrors) {
    collected.faults.push({
      level: 'error',
      code: 'D2_POLICY_FAULT',
      ...placeOf(manifest, ''),
      message: `the rule ${rule} failed on this object by a fault of its own (${error}); please report it`,
    })
  }
}
