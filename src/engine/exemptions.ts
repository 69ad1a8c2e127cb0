import { didYouMean } from '../sdk/did-you-mean.ts'
import type { AnyObject } from '../sdk/objects.ts'
import type { Policy } from '../sdk/policy.ts'
import { pointer } from '../sdk/pointer.ts'
import { memberOf } from '../sdk/shape.ts'
import type { Exempted } from './finding.ts'
import { matchesAny } from './glob.ts'
import { exemptionRule, type Settings, type SettingsExemption } from './settings.ts'
import type { Subject } from './subject.ts'

export const exemptAnnotation = 'day2-admission.dev/exempt'
export const reasonAnnotation = 'day2-admission.dev/exempt-reason'
export const untilAnnotation = 'day2-admission.dev/exempt-until'

export const exemptionAnnotations = [exemptAnnotation, reasonAnnotation, untilAnnotation] as const

/** An exemption that is in force. */
export type Grant = Pick<Exempted, 'by' | 'because' | 'until'>

/** What an object says about its exemptions: those in force, and those that do not count with the reason why. */
export interface Exemptions {
  /** The exemption of a rule, or undefined. Settings go before annotations. */
  grantOf(policy: Policy): Grant | undefined
  readonly invalid: readonly InvalidExemption[]
}

export interface InvalidExemption {
  readonly reason: InvalidReason
  readonly path: string
  readonly message: string
  readonly fix: string
}

export type InvalidReason =
  'no-reason' | 'no-until' | 'bad-date' | 'expired' | 'too-long' | 'not-exemptable' | 'unknown-rule' | 'disabled'

/** Reads the exemptions of one subject. `now` is in milliseconds since the epoch. */
export function exemptionsOf(
  subject: Subject,
  object: AnyObject,
  settings: Settings,
  policies: ReadonlyMap<string, Policy>,
  now: number,
): Exemptions {
  const annotated = annotatedExemptions(object, settings, policies, now)
  return {
    invalid: annotated.invalid,
    grantOf: (policy) =>
      settingsGrant(policy, subject, object, settings, now) ?? annotated.granted.get(policy.id) ?? undefined,
  }
}

/**
 * The end of an RFC 3339 date or date-time in milliseconds, NaN if it is neither, or names a day that no month has. A date
 * counts to its end in UTC.
 */
export function endOf(until: string): number {
  const [, date, time] = dateOrTime.exec(until) ?? []
  const day = Date.parse(date ?? '')
  // A day too many would else be one of the next month.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return NaN
  return Date.parse(time === undefined ? `${date}T23:59:59.999Z` : until)
}

const dateOrTime = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?$/

function settingsGrant(
  policy: Policy,
  subject: Subject,
  object: AnyObject,
  settings: Settings,
  now: number,
): Grant | undefined {
  const granted = settings.rules
    .get(policy.id)
    ?.exemptions?.find((exemption) => covers(exemption, subject, object) && inForce(exemption, now))
  if (!granted) return undefined
  return { by: 'settings', because: granted.reason, ...(granted.until ? { until: granted.until } : {}) }
}

function covers(exemption: SettingsExemption, subject: Subject, object: AnyObject): boolean {
  const { namespaces, names, users, groups, labels, operations } = exemption
  if (namespaces && !matchesAny(namespaces, subject.namespace)) return false
  if (names && !matchesAny(names, subject.name || (subject.generateName ?? ''))) return false
  if (operations && !operations.includes(subject.operation)) return false
  if (users && !(subject.user && matchesAny(users, subject.user.username))) return false
  if (groups && !subject.user?.groups.some((group) => matchesAny(groups, group))) return false
  return !labels || Object.entries(labels).every(([key, value]) => memberOf(object.metadata?.labels, key) === value)
}

function inForce(exemption: SettingsExemption, now: number): boolean {
  return exemption.until === undefined || endOf(exemption.until) >= now
}

interface Annotated {
  readonly granted: ReadonlyMap<string, Grant>
  readonly invalid: readonly InvalidExemption[]
}

const none: Annotated = { granted: new Map(), invalid: [] }

function annotatedExemptions(
  object: AnyObject,
  settings: Settings,
  policies: ReadonlyMap<string, Policy>,
  now: number,
): Annotated {
  const places = annotationPlaces(object)
  if (places.length === 0) return none
  const granted = new Map<string, Grant>()
  const invalid: InvalidExemption[] = []
  for (const place of places) {
    const result = readPlace(place, settings, policies, now)
    for (const [rule, grant] of result.granted) if (!granted.has(rule)) granted.set(rule, grant)
    for (const exemption of result.invalid) invalid.push(exemption)
  }
  return { granted, invalid }
}

interface Place {
  readonly path: string
  readonly annotations: unknown
}

// An annotation may stand on the object or, for workloads, on the pod template, from where owned Pods inherit it.
const holders: readonly (readonly string[])[] = [
  [],
  ['spec', 'template'],
  ['spec', 'jobTemplate'],
  ['spec', 'jobTemplate', 'spec', 'template'],
  ['template'],
]

function annotationPlaces(object: AnyObject): Place[] {
  const places: Place[] = []
  for (const keys of holders) {
    let at: unknown = object
    for (const key of keys) at = memberOf(at, key)
    const annotations = memberOf(memberOf(at, 'metadata'), 'annotations')
    if (memberOf(annotations, exemptAnnotation) === undefined) continue
    places.push({ path: pointer(...keys, 'metadata', 'annotations'), annotations })
  }
  return places
}

function readPlace(
  { path, annotations }: Place,
  settings: Settings,
  policies: ReadonlyMap<string, Policy>,
  now: number,
): Annotated {
  const list = text(memberOf(annotations, exemptAnnotation))
  const because = text(memberOf(annotations, reasonAnnotation)).trim()
  const until = text(memberOf(annotations, untilAnnotation)).trim()
  const rules = [...new Set(list.split(',').map((rule) => rule.trim()))].filter((rule) => rule !== '')
  const at = (annotation: string) => `${path}/${annotation.replaceAll('/', '~1')}`
  const reject = (reason: InvalidReason, annotation: string, what: string, fix: string): Annotated => ({
    granted: new Map(),
    invalid: [{ reason, path: at(annotation), message: `exemption for ${named(rules)} ignored: ${what}`, fix }],
  })

  if (!settings.annotationExemptions)
    return reject('disabled', exemptAnnotation, 'this platform takes none by annotation', askForOne)
  if (because === '') return reject('no-reason', reasonAnnotation, 'no reason', `say why in ${reasonAnnotation}`)
  if (until === '')
    return reject('no-until', untilAnnotation, 'no end', `add ${untilAnnotation} with a date such as 2027-01-31`)
  const end = endOf(until)
  if (Number.isNaN(end))
    return reject('bad-date', untilAnnotation, 'its end is no date', `write ${untilAnnotation} as 2027-01-31`)
  if (end < now) return reject('expired', untilAnnotation, 'expired', 'mend the object, or renew the exemption')
  const days = settings.maxExemptionDays
  // A date counts to its end, so the last allowed one may lie up to a day further on.
  if (end > now + (days + 1) * 86_400_000)
    return reject('too-long', untilAnnotation, `more than ${days} days`, `choose an end within ${days} days`)

  const isRefused = (rule: string) => rule === exemptionRule || policies.get(rule)?.noAnnotationExemption === true
  const granted = rules.filter((rule) => policies.has(rule) && !isRefused(rule))
  const refused = rules.filter(isRefused)
  const unknown = rules.filter((rule) => !policies.has(rule) && !isRefused(rule))
  const ignored = (reason: InvalidReason, which: readonly string[], what: string, fix: string) => {
    if (which.length === 0) return []
    return [{ reason, path: at(exemptAnnotation), message: `exemption for ${named(which)} ignored: ${what}`, fix }]
  }
  return {
    granted: new Map(granted.map((rule) => [rule, { by: 'annotation', because, until }])),
    invalid: [
      ...ignored('not-exemptable', refused, 'not by annotation', askForOne),
      ...ignored('unknown-rule', unknown, 'no rule is called so', corrected(unknown[0], policies)),
    ],
  }
}

function corrected(rule = '', policies: ReadonlyMap<string, Policy>): string {
  return `correct the rule id${didYouMean(rule, [...policies.keys()])}`
}

const askForOne = 'ask the platform team for an exemption in its settings'

// An annotation may hold a quarter of a megabyte of names.
function named(rules: readonly string[]): string {
  if (rules.length === 0) return 'no rule'
  const shown = rules.slice(0, 3).map((rule) => (rule.length > 48 ? `${rule.slice(0, 47)}…` : rule))
  return shown.join(', ') + (rules.length > 3 ? ` and ${rules.length - 3} more` : '')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
