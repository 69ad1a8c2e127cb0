import { audit, type Audit } from '../audit/audit.ts'
import type { Progress } from '../audit/collect.ts'
import type { AuditedFinding } from '../audit/tally.ts'
import { auditedKinds } from '../engine/audited-kinds.ts'
import type { Engine } from '../engine/engine.ts'
import { exemptionRule } from '../engine/settings.ts'
import { rank } from '../engine/severity.ts'
import { createSnapshot } from '../inventory/snapshot.ts'
import { trim } from '../inventory/trim.ts'
import type { Connection } from '../kube/connect.ts'
import type { Source } from '../kube/credentials.ts'
import { KubeFailure } from '../kube/failure.ts'
import type { AuditReport } from '../report/audit-report.ts'
import { openCluster } from './open-cluster.ts'
import { version } from './version.ts'

export interface AuditClusterOptions {
  readonly source: Source
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[]
  /** Empty: every rule. */
  readonly rules: ReadonlySet<string>
  readonly secrets: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly onProgress: (progress: Progress) => void
}

/** Nothing of a cluster could be read, or not what was asked for. */
export class AuditError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Reads a cluster once and judges it. @throws KubeFailure or AuditError where there is nothing to report */
export async function auditCluster(engine: Engine, options: AuditClusterOptions): Promise<AuditReport> {
  const { namespaces, rules, secrets, now, onProgress } = options
  const cluster = await openCluster(options.source)
  const { connection } = cluster
  const wanted = (rule: string) => rules.size === 0 || rules.has(rule)
  const chosen = [...engine.policies.values()].filter(({ id }) => wanted(id))
  const labels = engine.settings.modes.some(({ namespaceLabels }) => namespaceLabels !== undefined)
  try {
    for (const namespace of namespaces) await mustExist(connection, namespace)
    const result = await audit(narrowed(engine, wanted), cluster, {
      kinds: auditedKinds(rules.has(exemptionRule) ? engine.policies.values() : chosen, { labels }),
      namespaces,
      secrets,
      now,
      wanted,
      shelves: createSnapshot(),
      keep: trim,
      onProgress,
    })
    failIfNothing(result)
    return reportOf(engine, connection.server, options, result)
  } finally {
    cluster.close()
  }
}

/** The same engine, its other rules not asked: what they need is not read. Exemptions may still name them. */
function narrowed(engine: Engine, wanted: (rule: string) => boolean): Engine {
  return {
    ...engine,
    policiesFor: (kind, subresource, operation) =>
      engine.policiesFor(kind, subresource, operation).filter(({ policy }) => wanted(policy.id)),
  }
}

// A list of a namespace that does not exist is empty, and an empty report of a typing error says that all is well.
async function mustExist(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.request(`/api/v1/namespaces/${encodeURIComponent(namespace)}`)
  } catch (error) {
    // Who may read what is in it may still not read the Namespace itself.
    if (error instanceof KubeFailure && error.code === 'D2_KUBE_FORBIDDEN') return
    if (!(error instanceof KubeFailure) || error.code !== 'D2_KUBE_NOT_FOUND') throw error
    throw new AuditError('D2_NAMESPACE_NOT_FOUND', `the cluster has no namespace "${namespace}": check --namespace`)
  }
}

function failIfNothing({ scanned, unread }: Audit): void {
  const gaps = unread.filter(({ level }) => level === 'error')
  const [first] = gaps
  if (scanned.length > 0 || !first) return
  const others = gaps.length > 1 ? ` (and ${String(gaps.length - 1)} more could not be read either)` : ''
  throw new AuditError('D2_NOTHING_READ', `nothing could be read: ${first.reason}${others}`)
}

function reportOf(engine: Engine, server: string, options: AuditClusterOptions, result: Audit): AuditReport {
  const { tally, scanned, unread } = result
  const findings = [...tally.findings].sort(byPlace)
  const of = (severity: AuditedFinding['severity']) =>
    findings.filter((finding) => finding.severity === severity).length
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const secrets = scanned.some(({ kind }) => kind === 'Secret')
  return {
    tool: { name: 'day2-admission', version },
    cluster: server,
    profile: engine.settings.profile,
    namespaces: options.namespaces,
    secrets,
    summary: {
      listed: sum(scanned.map(({ listed }) => listed)),
      judged: sum(scanned.map(({ judged }) => judged)),
      findings: { deny: of('deny'), warn: of('warn'), audit: of('audit') },
      unresolved: sum(tally.unresolved.map(({ objects }) => objects)),
      exempted: tally.exempted.length,
      unread: unread.filter(({ level }) => level === 'error').length,
    },
    findings,
    unresolved: tally.unresolved,
    exempted: tally.exempted,
    scanned,
    unread,
    faults: tally.faults,
  }
}

function byPlace(a: AuditedFinding, b: AuditedFinding): number {
  const [one, two] = [placeOf(a), placeOf(b)]
  return compare(one, two) || rank[b.severity] - rank[a.severity] || compare(a.rule, b.rule) || compare(a.path, b.path)
}

function placeOf({ object, owner }: AuditedFinding): string {
  const { namespace, kind, name } = owner ?? object
  return `${namespace}\n${kind}\n${name}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
