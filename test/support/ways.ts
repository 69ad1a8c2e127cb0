import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { exampleNow, readExample } from '../../docs/examples.ts'
import type { Handled } from '../../src/admission/handle.ts'
import { checkContents } from '../../src/cli/check-contents.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { readPaths } from '../../src/files/read.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { noInventory } from '../../src/inventory/none.ts'
import { kinds, type KindInfo } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import type { Example, Level, Policy } from '../../src/sdk/policy.ts'
import { startListening } from './listening.ts'
import { acceptable } from './acceptable.ts'

/** An example as an object that is created in a cluster where the others are already. */
export interface Situation {
  readonly policy: Policy
  readonly example: Example
  readonly info: KindInfo
  readonly object: AnyObject
  readonly others: readonly Entry[]
}

/** Every example of every policy, with what any API server wants of an object and no rule asks for. */
export function situationsOf(policies: readonly Policy[]): Situation[] {
  return policies.flatMap((policy) =>
    [...policy.examples.passes, ...policy.examples.fails].map((example) => {
      const { subject, context } = readExample(example)
      const others = context
        .filter((entry) => !isSame(entry, subject.info.kind, subject.namespace, subject.name))
        .map((entry) => ({ ...entry, object: acceptable(infoOf(entry.kind), entry.object) }))
      return { policy, example, info: subject.info, object: acceptable(subject.info, subject.object), others }
    }),
  )
}

/** Why an example cannot be the same in a way, or undefined where it must be. Whoever leaves one out counts it. */
export function exclusionOf(
  { example, info, object, others }: Situation,
  way: 'file' | 'review' | 'cluster',
): string | undefined {
  if (way === 'file' && object.apiVersion !== [info.group, info.version].filter(Boolean).join('/'))
    return 'the API server converts an old version before it asks any webhook'
  if (way === 'file' && example.frontEnd === 'check' && [info, ...others].every(({ kind }) => kind === 'StorageClass'))
    return 'files do not tell which class is the newest, and a webhook knows that the one under review is'
  if (example.user && way !== 'review') return 'it depends on who writes, which only the webhook sees'
  if (example.unknown && way === 'file') return 'files never lack a kind: what is not there does not exist'
  if (example.unknown && way === 'cluster') return 'its kinds would have to be forbidden: see audit.e2e'
  if (example.frontEnd === 'webhook' && way !== 'review')
    return 'it is judged as the API server completed it, after all webhooks that change objects'
  if (others.some(({ kind }) => kind === 'Secret') && way === 'cluster')
    return 'Secrets are looked up in files alone: an audit keeps none'
  return undefined
}

/** What a finding must be in every way: all but its severity, the places of files and the owners of an audit. */
export function comparable(finding: Finding): object {
  const { severity: _severity, capped: _capped, related, fix, ...rest } = finding
  const {
    file: _file,
    line: _line,
    column: _column,
    rendered: _rendered,
    owner: _owner,
    count: _count,
    ...same
  } = rest as typeof rest & {
    file?: string
    line?: number
    column?: number
    rendered?: object
    owner?: object
    count?: number
  }
  const refs = related.map(({ kind, namespace, name, path }) => ({ kind, namespace, name, ...(path ? { path } : {}) }))
  // Only in files can the way out be one more object.
  const all = { ...same, fix: fix.replace(', or define a LimitRange', ''), related: refs }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Whether the severity may differ between ways: absence is weaker evidence in the webhook, and tables name front ends. */
export function mayDiffer({ policy }: Situation, { rule, reason }: Finding, policies: readonly Policy[]): boolean {
  const of = [policy, ...policies].find(({ id }) => id === rule)?.reasons[reason]
  return Boolean(of?.absence) || [of?.baseline, of?.strict].some(namesFrontEnd)
}

/** Judges a situation as `day2 check` judges files, with all that exists beside them. */
export async function asFile(engine: Engine, { object, others }: Situation, folder: string): Promise<Finding[]> {
  const [own, context] = [join(folder, 'object.yaml'), join(folder, 'context.yaml')]
  write(own, stringify(object))
  if (others.length > 0) write(context, others.map((entry) => `---\n${stringify(entry.object)}`).join(''))
  const { report } = checkContents(engine, {
    paths: [own],
    contents: await readPaths([own], process.stdin),
    context: await readPaths(others.length > 0 ? [context] : [], process.stdin),
    namespace: 'default',
    complete: true,
    now: exampleNow,
  })
  const errors = report.problems.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '))
  return [...report.findings]
}

/** A new file each time: some file systems bring to disk at once what is written over. */
function write(file: string, text: string): void {
  rmSync(file, { force: true })
  writeFileSync(file, text)
}

/** A webhook over real HTTPS that judges each review under the engine and the inventory that the test gives it. */
export async function startJudging(t: { teardown(fn: () => unknown): unknown }) {
  let engine: Engine | undefined
  let inventory = noInventory
  let handled: Handled | undefined
  const current = (): Engine => {
    if (!engine) throw new Error('no engine yet')
    return engine
  }
  const post = await startListening(t, {
    engine: current,
    inventory: () => inventory,
    now: () => exampleNow,
    onReview: (each) => void (handled = each),
  })
  return async (judging: Engine, { info, object, others, example }: Situation) => {
    engine = judging
    inventory = buildInventory(others, { complete: true })
    handled = undefined
    const answer = await post(reviewOf(info, object, example.user ?? 'tester'))
    return { findings: seen(handled), answer }
  }
}

function seen(handled: Handled | undefined): readonly Finding[] {
  if (!handled?.evaluation) throw new Error(`not judged: ${handled?.outcome ?? 'no review'}`)
  return handled.evaluation.findings
}

function reviewOf({ group, version, kind, resource }: KindInfo, object: AnyObject, username: string): object {
  const { name, namespace } = object.metadata ?? {}
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group, version, kind },
      resource: { group, version, resource },
      name,
      ...(namespace ? { namespace } : {}),
      operation: 'CREATE',
      userInfo: { username, groups: ['system:authenticated'] },
      object,
      oldObject: null,
      dryRun: false,
    },
  }
}

/** Findings in a form and an order in which they can be compared. */
export function inOrder(findings: readonly Finding[]): object[] {
  return [...findings].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map(comparable)
}

/** Tells the findings of one object apart. */
export function keyOf({ rule, reason, path, message }: Finding): string {
  return `${rule} ${path} ${reason} ${message}`
}

/** True for what only files can be told: what the API server itself refuses, and what it does not store as typed. */
export function isApi({ rule, reason }: Finding, policies: readonly Policy[]): boolean {
  const of = policies.find(({ id }) => id === rule)?.reasons[reason]
  return of?.api === true || (typeof of?.baseline === 'object' && of.baseline.default === 'off')
}

interface Unsaid {
  readonly way: 'file' | 'cluster'
  readonly rule: string
  readonly kind: KindName
}

const unsaid: readonly Unsaid[] = [
  // Every Pod of a cluster has a node, and nobody can tell whether it was asked for.
  { way: 'cluster', rule: 'compute-node-pinning node-name', kind: 'Pod' },
  // What is injected into a Pod is in no file.
  { way: 'file', rule: 'identity-injection-missing not-injected', kind: 'Pod' },
]

/** The findings that are told that way too; what is never told there stands in the table above. */
export function saidAlso(way: Unsaid['way'], findings: readonly Finding[]): Finding[] {
  return findings.filter(
    ({ rule, reason, object }) =>
      !unsaid.some((each) => each.way === way && each.rule === `${rule} ${reason}` && each.kind === object.kind),
  )
}

/** Counts reasons, so that nothing is left out without a word. */
export function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
}

function namesFrontEnd(level: Level | undefined): boolean {
  return typeof level === 'object' && ['webhook', 'check', 'audit'].some((name) => name in level)
}

function isSame(entry: Entry, kind: KindName, namespace: string, name: string): boolean {
  return entry.kind === kind && entry.namespace === namespace && entry.name === name
}

function infoOf(kind: KindName): KindInfo {
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  return info
}
