import type { InventorySource } from '../sdk/inventory.ts'
import type { AnyObject, KindName } from '../sdk/objects.ts'
import { controllerOf } from '../sdk/owners.ts'
import { resolve } from '../sdk/pointer.ts'
import type { FrontEnd, Policy, Review, Unresolved, Violation } from '../sdk/policy.ts'
import { memberOf } from '../sdk/shape.ts'
import { renderSnippet } from '../sdk/snippet.ts'
import { caps, type Circumstances } from './caps.ts'
import { isController } from './controllers.ts'
import type { ConfiguredPolicy, Engine } from './engine.ts'
import { exemptionReasons } from './exemption-policy.ts'
import { exemptionAnnotations, exemptionsOf, type Exemptions, type Grant } from './exemptions.ts'
import type { Evaluation, Exempted, Finding } from './finding.ts'
import { fingerprint, FingerprintCounts } from './fingerprint.ts'
import { matchesAny } from './glob.ts'
import { modeOf } from './modes.ts'
import { oneLine } from './one-line.ts'
import { Overlay } from './overlay.ts'
import { sameContent } from './same-content.ts'
import { exemptionRule } from './settings.ts'
import { rank, severityOf } from './severity.ts'
import type { Subject } from './subject.ts'

export interface EvaluationContext {
  readonly inventory: InventorySource
  /** Milliseconds since the epoch: the end of an exemption is the only thing that depends on it. */
  readonly now: number
  readonly frontEnd: FrontEnd
  /** Asked before each policy; once true, the policies that are left count as errors of class `OutOfTime`. */
  readonly outOfTime?: () => boolean
}

/**
 * Judges one subject: runs every policy on it, and completes what they yield by severity, ratchet, exemptions,
 * staleness and mode. Pure and synchronous; the same arguments give the same evaluation. A policy that throws is
 * counted in `policyErrors`, and the others still answer.
 */
export function evaluate(engine: Engine, subject: Subject, context: EvaluationContext): Evaluation {
  const judged = judge(engine, subject, context)
  const findings: Finding[] = []
  const exempted: Exempted[] = []
  const circumstances = circumstancesOf(engine, subject, context)
  const everywhere = { ...circumstances, exempt: exemptUser(engine, subject) }
  const object = refOf(subject)

  for (const { policy, violations, before, ...result } of judged.results) {
    for (const violation of violations) {
      const stale = result.stale || restsOnUnconfirmed(violation, context.inventory)
      const preExisting = before?.take(print(policy, violation, subject.object)) ?? false
      const severity = severityOf(policy, violation.reason, engine.settings, circumstances)
      if (severity === 'off') continue
      const absence = policy.reasons[violation.reason]?.absence ?? false
      const at = policy.systemConfigMaps ? everywhere : circumstances
      const lowered = caps(severity, at, { absence, stale, preExisting })
      if (!lowered) continue
      const grant = judged.exemptions.grantOf(policy)
      if (grant) exempted.push(exemptedBy(grant, policy.id, violation))
      else findings.push(complete(policy, violation, object, lowered, { stale, preExisting }))
    }
  }
  for (const finding of invalidExemptions(engine, subject, judged, circumstances)) findings.push(finding)

  return {
    findings: findings.sort((a, b) => rank[b.severity] - rank[a.severity] || compare(a.rule, b.rule)),
    unresolved: judged.unresolved,
    exempted,
    policyErrors: judged.policyErrors,
  }
}

function restsOnUnconfirmed({ related = [] }: Violation, inventory: InventorySource): boolean {
  return related.some((other) => inventory.unconfirmed?.(other) ?? false)
}

interface Judged {
  readonly results: readonly PolicyResult[]
  readonly unresolved: Evaluation['unresolved']
  readonly policyErrors: Evaluation['policyErrors']
  readonly exemptions: Exemptions
}

interface PolicyResult {
  readonly policy: Policy
  readonly violations: readonly Violation[]
  /** What the old object had; undefined without one. */
  readonly before: FingerprintCounts | undefined
  readonly stale: boolean
}

function judge(engine: Engine, subject: Subject, { inventory, now, frontEnd, outOfTime }: EvaluationContext): Judged {
  const { info, namespace, name, operation, subresource, object, oldObject, user } = subject
  const owned = isOwned(subject)
  const unchanged = oldObject !== undefined && sameContent(oldObject, object)
  const review: Review = {
    operation,
    subresource,
    frontEnd,
    ...(user ? { user } : {}),
    ...(oldObject ? { oldObject } : {}),
  }
  const overlay = new Overlay(inventory, info.kind, namespace, name, object)
  const oldOverlay = oldObject && new Overlay(inventory, info.kind, namespace, name, oldObject)
  const results: PolicyResult[] = []
  const unresolved = new Map<string, Evaluation['unresolved'][number]>()
  const policyErrors: { rule: string; error: string }[] = []

  for (const configured of engine.policiesFor(info.kind, subresource, operation)) {
    const { policy } = configured
    if (owned && !policy.ownedPods) continue
    if (unchanged && !policy.readsMetadata) continue
    if (outOfTime?.()) {
      policyErrors.push({ rule: policy.id, error: 'OutOfTime' })
      continue
    }
    try {
      const { violations, missing } = run(configured, subject, review, object, overlay)
      for (const { unresolved: kind, there } of missing) {
        const key = `${policy.id} ${kind}`
        // Of a kind of which objects are there, others may be missing.
        if (!there || !unresolved.has(key)) unresolved.set(key, { rule: policy.id, kind, ...(there ? { there } : {}) })
      }
      if (violations.length === 0) continue
      const before =
        oldObject && oldOverlay
          ? printsOf(policy, run(configured, subject, review, oldObject, oldOverlay).violations, oldObject)
          : undefined
      results.push({ policy, violations, before, stale: policy.reads.some((kind) => inventory.stale(kind)) })
    } catch (error) {
      // The text of an error may quote a value of the object, so only its class is kept.
      policyErrors.push({ rule: policy.id, error: error instanceof Error ? error.name : typeof error })
    }
  }
  const exemptions = exemptionsOf(subject, object, engine.settings, engine.policies, now)
  return { results, unresolved: [...unresolved.values()], policyErrors, exemptions }
}

interface Yielded {
  readonly violations: readonly Violation[]
  readonly missing: readonly Unresolved[]
}

const nothing: Yielded = Object.freeze({ violations: [], missing: [] })

function run(
  { policy, params }: ConfiguredPolicy,
  { info, namespace, name, partial }: Subject,
  review: Review,
  object: AnyObject,
  inventory: Overlay,
): Yielded {
  // Nearly every rule has nothing to say of nearly every object: lists are made where one has.
  let found: { violations: Violation[]; missing: Unresolved[] } | undefined
  for (const yielded of policy.check({ kind: info.kind, object, namespace, name, params, review, inventory })) {
    found ??= { violations: [], missing: [] }
    if ('unresolved' in yielded) found.missing.push(yielded)
    // A patch says nothing about the values that it leaves out.
    else if (!partial || resolve(yielded.path, object) !== undefined) found.violations.push(yielded)
  }
  return found ?? nothing
}

function printsOf(policy: Policy, violations: readonly Violation[], object: AnyObject): FingerprintCounts {
  const counts = new FingerprintCounts()
  for (const violation of violations) counts.add(print(policy, violation, object))
  return counts
}

function print(policy: Policy, { reason, path }: Violation, object: AnyObject): string {
  return fingerprint(policy.id, policy.ratchet === 'place' ? '' : reason, path, object)
}

function circumstancesOf(engine: Engine, subject: Subject, context: EvaluationContext): Circumstances {
  return {
    word: subject.subresource === 'scale' ? 'scale' : subject.info.subject,
    operation: subject.operation,
    frontEnd: context.frontEnd,
    complete: context.inventory.complete,
    // Scaling must always work: up to serve, down in an emergency.
    scaling: subject.subresource === 'scale',
    owned: isOwned(subject),
    unsure: subject.unsure ?? false,
    exempt: exemptNamespace(engine, subject) ?? exemptUser(engine, subject),
    mode: modeOf(engine.settings, subject, context.inventory),
  }
}

const ownable: ReadonlySet<KindName> = new Set(['Pod', 'ReplicaSet', 'Job'])

// A controller made it from a template that was judged; refusing it would stop a recovery (Pod Security Admission
// draws the same line the other way round).
function isOwned(subject: Subject): boolean {
  return ownable.has(subject.info.kind) && controllerOf(subject.object) !== undefined
}

function exemptNamespace({ settings }: Engine, { namespace }: Subject): string | undefined {
  return settings.exemptNamespaces.includes(namespace) ? `exempt namespace ${namespace}` : undefined
}

function exemptUser({ settings }: Engine, { user }: Subject): string | undefined {
  if (!user) return undefined
  if (isController(user.username)) return `controller ${user.username}`
  if (matchesAny(settings.exemptUsers, user.username)) return `exempt user ${user.username}`
  const group = user.groups.find((name) => matchesAny(settings.exemptGroups, name))
  return group === undefined ? undefined : `exempt group ${group}`
}

function complete(
  policy: Policy,
  violation: Violation,
  object: Finding['object'],
  { severity, capped }: Pick<Finding, 'severity' | 'capped'>,
  { stale, preExisting }: Pick<Finding, 'stale' | 'preExisting'>,
): Finding {
  const reason = policy.reasons[violation.reason]
  return {
    severity,
    rule: policy.id,
    loop: policy.loop,
    signatures: policy.signatures,
    reason: violation.reason,
    object,
    path: violation.path,
    message: oneLine(violation.message),
    why: reason?.why ?? '',
    fix: oneLine(violation.fix),
    related: violation.related ?? [],
    stale,
    preExisting,
    ...(reason?.snippet ? { snippet: renderSnippet(reason.snippet, violation.values) } : undefined),
    ...(capped ? { capped } : undefined),
  }
}

function refOf(subject: Subject): Finding['object'] {
  const { info, apiVersion, namespace, name, generateName } = subject
  return { apiVersion, kind: info.kind, namespace, name: name || (generateName ?? '') }
}

function exemptedBy(grant: Grant, rule: string, { reason, path }: Violation): Exempted {
  return { rule, reason, path, ...grant, because: oneLine(grant.because) }
}

function invalidExemptions(
  engine: Engine,
  subject: Subject,
  { exemptions }: Judged,
  circumstances: Circumstances,
): Finding[] {
  const { settings } = engine
  return exemptions.invalid.flatMap((invalid) => {
    const reason = exemptionReasons[invalid.reason]
    const set = settings.rules.get(exemptionRule)?.severity
    const level = settings.profile === 'strict' ? (reason.strict ?? reason.baseline) : reason.baseline
    const severity = set ?? (typeof level === 'string' ? level : level.default)
    // An exemption that was valid when the object was last written must not block its next, unrelated change.
    const preExisting =
      subject.oldObject !== undefined && sameExemption(invalid.path, subject.oldObject, subject.object)
    const lowered =
      severity === 'off' ? undefined : caps(severity, circumstances, { absence: false, stale: false, preExisting })
    if (!lowered) return []
    return {
      rule: exemptionRule,
      loop: 'engine' as const,
      signatures: [],
      reason: invalid.reason,
      object: refOf(subject),
      path: invalid.path,
      message: oneLine(invalid.message),
      why: reason.why,
      fix: oneLine(invalid.fix),
      related: [],
      stale: false,
      preExisting,
      ...lowered,
    }
  })
}

// All annotations of the place are compared: a reason that is missing now and was missing before says nothing by itself.
function sameExemption(path: string, before: AnyObject, after: AnyObject): boolean {
  const annotations = path.slice(0, path.lastIndexOf('/'))
  return exemptionAnnotations.every((name) => {
    return memberOf(resolve(annotations, before), name) === memberOf(resolve(annotations, after), name)
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
