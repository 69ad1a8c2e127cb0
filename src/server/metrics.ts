import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Handled, Outcome } from '../admission/handle.ts'
import { createTally } from './tally.ts'

/** What the inventory tells of one resource, as the live inventory reports it. */
export interface InventoryStatus {
  readonly resource: string
  readonly objects: number
  readonly ageSeconds: number
}

/** Where values come from that are read when somebody asks for the metrics. */
export interface MetricSources {
  readonly inventory: () => readonly InventoryStatus[]
  /** When each certificate ends, by role. */
  readonly certificates: () => ReadonlyMap<'serving' | 'authority', Date>
  readonly now: () => number
}

export interface Metrics {
  /** Counts an answered review. */
  review(handled: Handled, seconds: number): void
  /** Counts a body that was no AdmissionReview of ours, or that was given up for want of memory. */
  refused(why: 'invalid' | 'overloaded'): void
  settingsReload(result: 'success' | 'failure'): void
  /** The metrics in the text format of Prometheus. */
  text(): Promise<string>
  readonly contentType: string
  readonly definitions: readonly MetricDefinition[]
}

/** What the reference page says of a metric. */
export interface MetricDefinition {
  readonly name: string
  readonly type: string
  readonly labelNames: readonly string[]
  readonly help: string
}

/** The metrics of one server, in a registry of its own. Labels are bounded: no name of an object or namespace. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const reviews = createTally(
    registry,
    'day2_admission_reviews_total',
    'AdmissionReviews answered, by operation, resource and what became of them.',
    ['operation', 'resource', 'verdict'],
  )
  const duration = new Histogram({
    name: 'day2_admission_review_duration_seconds',
    help: 'Time from the arrival of a review to its answer.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const findings = createTally(registry, 'day2_findings_total', 'Findings on reviewed objects, by rule and severity.', [
    'rule',
    'severity',
  ])
  const exemptions = createTally(registry, 'day2_exemptions_total', 'Findings that an exemption silenced, by rule.', [
    'rule',
  ])
  const policyErrors = createTally(
    registry,
    'day2_policy_errors_total',
    'Policies that failed by a fault of their own or ran out of time, by rule; "engine" is a fault outside every rule.',
    ['rule'],
  )
  const reloads = new Counter({
    name: 'day2_settings_reloads_total',
    help: 'Settings files that were read again, by result.',
    labelNames: ['result'],
    registers,
  })
  for (const result of ['success', 'failure']) reloads.inc({ result }, 0)
  gauges(registers, sources)

  return {
    review({ request, outcome, evaluation, fault }, seconds) {
      const { operation, info, subresource } = request
      reviews.add(operationLabel(operation), resourceLabel(info, subresource), verdictOf(outcome))
      duration.observe(seconds)
      // A fault outside every policy; no rule is named like this.
      if (fault !== undefined) policyErrors.add('engine')
      if (!evaluation) return
      for (const { rule, severity } of evaluation.findings) findings.add(rule, severity)
      for (const { rule } of evaluation.exempted) exemptions.add(rule)
      for (const { rule } of evaluation.policyErrors) policyErrors.add(rule)
    },
    refused: (why) => reviews.add('other', 'other', why),
    settingsReload: (result) => reloads.inc({ result }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    // Every metric of prom-client has these fields; its type declares only some of them.
    definitions: registry.getMetricsAsArray() as unknown as readonly MetricDefinition[],
  }
}

function gauges(registers: Registry[], sources: MetricSources): void {
  const inventoryGauge = (name: string, help: string, value: (status: InventoryStatus) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['resource'],
      registers,
      collect() {
        this.reset()
        for (const status of sources.inventory()) this.set({ resource: status.resource }, value(status))
      },
    })
  inventoryGauge('day2_inventory_objects', 'Objects that the inventory holds.', ({ objects }) => objects)
  inventoryGauge(
    'day2_inventory_age_seconds',
    'Time since the watch of a resource last proved that it is alive.',
    ({ ageSeconds }) => ageSeconds,
  )
  new Gauge({
    name: 'day2_certificate_expiry_seconds',
    help: 'Time until a certificate ends; negative once it has.',
    labelNames: ['role'],
    registers,
    collect() {
      this.reset()
      for (const [role, end] of sources.certificates()) this.set({ role }, (end.getTime() - sources.now()) / 1000)
    },
  })
}

const operations: ReadonlySet<string> = new Set(['CREATE', 'UPDATE', 'DELETE', 'CONNECT'])

function operationLabel(operation: string): string {
  return operations.has(operation) ? operation : 'other'
}

const subresources: ReadonlySet<string> = new Set(['scale', 'ephemeralcontainers', 'resize', 'status'])

function resourceLabel(info: Handled['request']['info'], subresource: string): string {
  if (!info) return 'other'
  const resource = info.group === '' ? info.resource : `${info.resource}.${info.group}`
  return subresources.has(subresource) ? `${resource}/${subresource}` : resource
}

function verdictOf(outcome: Outcome): string {
  switch (outcome) {
    case 'allowed':
    case 'warned':
    case 'denied':
    case 'failed':
    case 'uncovered':
      return outcome
    case 'workload-unknown':
      return 'unresolved'
    default:
      return 'skipped'
  }
}
