import { join } from 'node:path'
import t, { type Test } from 'tap'
import { policies } from '../../policies/index.ts'
import { checkContents } from '../../src/cli/check-contents.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { fieldPath } from '../../src/engine/field-path.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { readPaths } from '../../src/files/read.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { json, type Json } from '../control-plane/client.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import type { CommandResult } from '../control-plane/kubectl.ts'
import { waitFor } from '../control-plane/wait.ts'
import { auditedFindings, isAudited } from './support/audited.ts'
import { cases } from './cases/index.ts'
import { classesOfCases, type Case } from './support/case.ts'
import { list, openNamespace, webhookLabel } from './support/namespace.ts'
import { useCluster } from './support/shared-cluster.ts'
import { isWanted } from './support/wanted.ts'
import { startWebhook, type Webhook } from './support/webhook.ts'

const ways = {
  create: { args: ['create', '-f', '-'], named: true },
  'server-side apply': { args: ['apply', '--server-side', '-f', '-'], named: true },
  'dry run': { args: ['apply', '--dry-run=server', '-f', '-'], named: true },
  generateName: { args: ['create', '-f', '-'], named: false },
  update: { args: ['replace', '-f', '-'], named: true },
} as const
type Way = keyof typeof ways
type Profile = 'baseline' | 'strict'

for (const profile of ['baseline', 'strict'] as const) {
  t.test(`every policy under ${profile}`, async (t) => {
    const cluster = await useCluster(t)
    const webhook = await startWebhook(t, cluster, `cases-${profile}`, { profile })
    for (const object of classesOfCases) await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
    const covered = new Set(cases.map((each) => each.rule))
    t.same([...covered].sort(), policies.map((policy) => policy.id).sort(), 'each policy has a case')
    t.jobs = 4
    for (const each of cases.filter(({ rule }) => isWanted({ id: rule }))) {
      const name = [each.rule, each.kind].filter(Boolean).join(' of a ')
      t.test(`${profile}: ${name}, ${each[profile]}`, (t) => tryCase(t, cluster, webhook, each, profile))
    }
  })
}

/** The strict profile differs in severities alone, and how an object arrives matters to the webhook, not to each rule. */
function waysOf({ everyWay, immutable }: Case, profile: Profile): Way[] {
  if (profile === 'strict') return ['create']
  const all: Way[] = everyWay
    ? ['create', 'server-side apply', 'dry run', 'generateName', 'update']
    : ['create', 'update']
  return immutable ? all.filter((way) => way !== 'update') : all
}

async function tryCase(t: Test, cluster: Cluster, webhook: Webhook, each: Case, profile: Profile): Promise<void> {
  const { rule, bad, good, beside, clusterScoped } = each
  const named = each.name
  const severity = each[profile]
  const space = [webhook.name, rule, each.kind].filter(Boolean).join('-')
  const namespace = await openNamespace(cluster, space, webhook.name)
  const fullName = (name: string): string => named ?? (clusterScoped ? `${space}-${name}` : name)
  const identified = (object: object, way: Way, name: string): object => {
    const identity = ways[way].named ? { name: fullName(name) } : { generateName: `${space.slice(0, 40)}-` }
    const labels = clusterScoped ? { labels: { [webhookLabel]: webhook.name } } : {}
    const { metadata = {} } = object as { metadata?: { name?: string } }
    const { name: _name, ...own } = metadata
    return { ...object, metadata: { ...own, ...identity, ...labels } }
  }
  const send = (object: object, way: Way, name: string, more: readonly string[] = []): Promise<CommandResult> => {
    const input = JSON.stringify(identified(object, way, name))
    // A replace reads the version first, and a controller may write its status in between.
    return waitFor(`${way} without a conflict`, () => namespace.kubectl([...ways[way].args, ...more], { input }), {
      until: ({ stderr }) => !stderr.includes('(Conflict)'),
    })
  }

  // What no user reads need not be sent by kubectl, which takes more time than all the rest.
  const post = async (object: object, query = ''): Promise<CommandResult> => {
    const path = `${collectionOf(object, space)}?fieldValidation=Strict${query}`
    const { status, body, warnings } = await cluster.request('POST', path, object)
    const said = warnings.map((text) => `Warning: ${text}`)
    return status === 201
      ? { code: 0, stdout: '', stderr: said.join('\n') }
      : { code: 1, stdout: '', stderr: [...said, body.at('message').text].join('\n') }
  }

  for (const way of waysOf(each, profile)) {
    const name = way.toLowerCase().replace(/\W+/g, '-')
    if (beside) {
      // One that does not bear the name of the way is there already.
      for (const object of beside(name)) if ((await post(object)).code !== 0) await namespace.accept(object)
      // The webhook learns of it by its watch, and nothing tells of a rule that is off.
      const probe = { namespace: clusterScoped ? '' : space, name: fullName(`probe-${name}`) }
      const isKnown = async () => {
        await post(identified(bad(name), 'create', `probe-${name}`), '&dryRun=All')
        return await isAudited(cluster, probe, rule)
      }
      if (severity !== 'off') await waitFor(`${rule} to know ${name}`, isKnown)
    }

    // The one that was accepted last bears the same name.
    if (named) {
      const input = JSON.stringify(identified(good(name), way, name))
      await namespace.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input })
    }
    // It does not stay but to be changed: rules may ask that there be no second one of its sort.
    const passes =
      way === 'update'
        ? await post(identified(good(name), way, name))
        : way === 'create'
          ? await post(identified(good(name), way, name), '&dryRun=All')
          : await send(good(name), way, name, ['--dry-run=server'])
    t.equal(passes.code, 0, `${way}: the good one passes: ${passes.stderr}`)
    // The strict profile asks for more than the good neighbour of one rule has.
    const silent = profile === 'strict' ? `[${rule}]` : /\[[a-z]+-/
    t.notMatch(passes.stderr, silent, `${way}: and no rule says a word`)

    const faulty = way === 'update' ? name : `${name}-bad`
    const answer = await send(bad(name), way, faulty)
    const alone = profile === 'baseline'
    if (severity === 'deny') assertRefused(t, answer, each, way, alone)
    if (severity === 'warn') assertWarned(t, answer, each, way, alone)
    if (severity === 'audit' || severity === 'off') {
      t.equal(answer.code, 0, `${way}: passes: ${answer.stderr}`)
      t.notMatch(answer.stderr, rule, `${way}: without a word to the user`)
    }
    if (way === 'dry run' && !clusterScoped) {
      const gone = await namespace.kubectl(['get', '--ignore-not-found', '-f', '-'], {
        input: JSON.stringify(identified(good(name), way, name)),
      })
      t.equal(gone.stdout, '', 'a dry run leaves nothing behind')
    }
    if (way !== 'create' || severity === 'off') continue
    const audited = await auditedFindings(cluster, { namespace: clusterScoped ? '' : space, name: fullName(faulty) })
    const own = json(audited).items.filter((finding) => finding.at('rule').text === rule)
    t.ok(
      own.some((finding) => finding.at('severity').text === severity),
      'the audit log has the finding',
    )
    const known = [...(beside ? beside(name) : []), ...classesOfCases, ...(each.nodes ? await nodesOf(cluster) : [])]
    const inFiles = await findingsInFiles(t, profile, identified(bad(name), way, faulty), known)
    // Nobody called these files complete.
    const evident = json(audited)
      .items.filter((finding) => !isAbsence(finding) && !(each.completed && finding.at('rule').text === rule))
      .map((finding) => {
        const severity = finding.at('rule').text === rule ? each.inFiles : undefined
        return { ...Object(finding.value), ...(severity ? { severity } : {}) } as object
      })
    t.same(sorted(inFiles), sorted(evident), 'day2 check finds the same in files')
  }
}

/** Where objects of a kind are created, in the version in which this one is written. */
function collectionOf(object: object, namespace: string): string {
  const { apiVersion, kind } = object as { apiVersion: string; kind: KindName }
  const info = kinds.get(kind)
  if (!info) throw new Error(`no table knows ${kind}`)
  const root = info.group ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${root}${info.namespaced ? `/namespaces/${namespace}` : ''}/${info.resource}`
}

async function nodesOf(cluster: Cluster): Promise<object[]> {
  const { body } = await cluster.request('GET', '/api/v1/nodes')
  // What the API server lists are objects; in a list they carry neither kind nor version.
  return body.at('items').items.map(({ value }) => ({ apiVersion: 'v1', kind: 'Node', ...(value as object) }))
}

/** What `day2 check` says about one object beside others, in the form of the audit annotation. */
async function findingsInFiles(
  t: Test,
  profile: Profile,
  object: object,
  known: readonly object[],
): Promise<readonly unknown[]> {
  const folder = t.testdir({ 'object.json': JSON.stringify(object), known: { 'list.json': list(known) } })
  const paths = [join(folder, 'object.json')]
  const { report } = checkContents(engines[profile], {
    paths,
    contents: await readPaths(paths, process.stdin),
    context: await readPaths([join(folder, 'known')], process.stdin),
    namespace: 'default',
    complete: false,
    now: Date.now(),
  })
  return report.findings.map(({ rule, reason, severity, path }) => ({ rule, reason, severity, field: fieldPath(path) }))
}

const engines = {
  baseline: createEngine(policies, { ...defaultSettings, profile: 'baseline' }),
  strict: createEngine(policies, { ...defaultSettings, profile: 'strict' }),
}

// One in the order of places, the other in that of severities.
function sorted(findings: readonly unknown[]): string[] {
  return findings.map((finding) => JSON.stringify(finding)).sort()
}

function isAbsence(finding: Json): boolean {
  const policy = policies.find(({ id }) => id === finding.at('rule').text)
  return policy?.reasons[finding.at('reason').text]?.absence ?? false
}

/** What a refused user reads. */
function assertRefused(t: Test, { code, stderr }: CommandResult, { rule, says }: Case, way: Way, alone: boolean): void {
  t.equal(code, 1, `${way}: kubectl fails`)
  t.match(
    stderr,
    /^Error from server \(Forbidden\): .*admission webhook "\w+\.day2-admission\.dev" denied the request: /m,
  )
  const lines = stderr.split('\n').filter((text) => text.startsWith(`[${rule}] `))
  t.match(lines.join('\n'), says, `${way}: says what is wrong: ${stderr}`)
  t.match(stderr, /\n {2}why: \S/, `${way}: why`)
  t.match(stderr, /\n {2}fix: \S/, `${way}: what to type`)
  t.match(stderr, /\(trace [0-9a-f]{32}\)/, `${way}: where to look it up`)
  const others = [...stderr.matchAll(/^(?:Warning: )?\[([a-z-]+)\]/gm)].map(([, id]) => id).filter((id) => id !== rule)
  if (alone) t.same(others, [], `${way}: nothing else is wrong with it`)
}

function assertWarned(t: Test, { code, stderr }: CommandResult, { rule, says }: Case, way: Way, alone: boolean): void {
  t.equal(code, 0, `${way}: passes: ${stderr}`)
  const warnings = stderr.split('\n').filter((line) => line.startsWith('Warning: ['))
  if (alone) t.equal(warnings.length, 1, `${way}: one warning`)
  const own = warnings.find((line) => line.startsWith(`Warning: [${rule}] `))
  t.match(own, says, `${way}: says what is wrong: ${stderr}`)
}
