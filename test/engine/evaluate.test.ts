import t from 'tap'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { Evaluation } from '../../src/engine/finding.ts'
import { parseSettings } from '../../src/engine/parse-settings.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import type { Subject } from '../../src/engine/subject.ts'
import { verdictOf } from '../../src/engine/verdict.ts'
import { unknown, type InventorySource } from '../../src/sdk/inventory.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved, type FrontEnd, type Policy } from '../../src/sdk/policy.ts'

const examples = { passes: [], fails: [] }

/** Every container wants a label-free image: a small object-only rule. */
const image = definePolicy({
  id: 'compute-image',
  summary: 'Containers have an image.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  on: ['Deployment', 'Pod'],
  reads: [],
  ownedPods: true,
  reasons: {
    missing: { baseline: { default: 'deny', check: 'warn' }, strict: 'deny', why: 'No image, no Pod.' },
    odd: { baseline: { default: 'warn', 'template:CREATE': 'deny', pod: 'audit' }, why: 'Odd.' },
    refused: { baseline: 'deny', api: true, why: 'The API server refuses it.' },
  },
  examples,
  *check({ kind, object }) {
    const base = kind === 'Pod' ? '/spec' : '/spec/template/spec'
    const spec = kind === 'Pod' ? object.spec : object.spec?.template?.spec
    for (const [index, container] of (spec?.containers ?? []).entries()) {
      const path = `${base}/containers/${index}/image`
      if (container.image == null) yield { reason: 'missing', path, message: 'no\nimage', fix: 'add one' }
      if (container.image === 'odd') yield { reason: 'odd', path, message: 'odd image', fix: 'change it' }
      if (container.image === 'BAD') yield { reason: 'refused', path, message: 'refused', fix: 'lower case' }
    }
  },
})

const paired = definePolicy({
  id: 'compute-paired',
  summary: 'A Deployment has a budget.',
  signatures: [],
  since: '0.1.0',
  on: ['Deployment', { kind: 'Deployment', subresource: 'scale' }],
  reads: ['PodDisruptionBudget', 'Deployment'],
  reasons: {
    lonely: { baseline: { default: 'deny', scale: 'warn' }, absence: true, why: 'Alone.' },
    twins: { baseline: 'deny', why: 'Two of one name.' },
  },
  examples,
  *check({ object, namespace, inventory }) {
    const budgets = inventory.list('PodDisruptionBudget', namespace)
    if (budgets === unknown) return yield unresolved('PodDisruptionBudget')
    if (budgets.length === 0) yield { reason: 'lonely', path: '/spec', message: 'no budget', fix: 'add one' }
    const deployments = inventory.list('Deployment', namespace)
    if (deployments === unknown) return yield unresolved('Deployment')
    const named = deployments.filter((other) => other.metadata?.name === object.metadata?.name)
    if (named.length !== 1) yield { reason: 'twins', path: '/metadata/name', message: `${named.length}`, fix: 'one' }
  },
})

const labelled = definePolicy({
  id: 'identity-labelled',
  summary: 'Labels.',
  signatures: [],
  since: '0.1.0',
  on: ['Deployment'],
  reads: [],
  readsMetadata: true,
  noAnnotationExemption: true,
  reasons: { bad: { baseline: 'deny', why: 'Bad label.' } },
  examples,
  *check({ object }) {
    if (object.metadata?.labels?.['bad'])
      yield { reason: 'bad', path: '/metadata/labels/bad', message: 'bad', fix: 'no' }
  },
})

const faulty = definePolicy({
  id: 'storage-faulty',
  summary: 'Throws.',
  signatures: [],
  since: '0.1.0',
  on: ['Deployment'],
  reads: [],
  reasons: { never: { baseline: 'deny', why: '' } },
  examples,
  *check({ object }) {
    yield { reason: 'never', path: '', message: 'x', fix: 'x' }
    throw new RangeError(`secret ${JSON.stringify(object)}`)
  },
})

const all = [image, paired, labelled]
const now = Date.parse('2026-11-24T12:00:00Z')

function inventoryOf(
  objects: AnyObject[],
  options: { stale?: KindName[]; unknown?: KindName[]; complete?: boolean } = {},
): InventorySource {
  const of = (kind: string) => objects.filter((object) => object.kind === kind)
  return {
    complete: options.complete ?? true,
    stale: (kind) => options.stale?.includes(kind) ?? false,
    uncertain: () => false,
    list: (kind) => (options.unknown?.includes(kind) ? unknown : of(kind)),
    get: (kind, _namespace, name) =>
      options.unknown?.includes(kind) ? unknown : of(kind).find((object) => object.metadata?.name === name),
  }
}

function deployment(
  containers: object[],
  extra: { labels?: Record<string, string>; annotations?: Record<string, string>; replicas?: number } = {},
): AnyObject {
  const { replicas, ...metadata } = extra
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    ...{ spec: { replicas, template: { spec: { containers } } } },
  }
}

const budget: AnyObject = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' } }

interface Case {
  readonly object: AnyObject
  readonly oldObject?: AnyObject
  readonly policies?: readonly Policy[]
  readonly settings?: object
  readonly inventory?: InventorySource
  readonly frontEnd?: FrontEnd
  readonly subject?: Partial<Subject>
  readonly at?: number
}

function run({
  object,
  oldObject,
  policies = all,
  settings,
  inventory,
  frontEnd = 'webhook',
  subject,
  at = now,
}: Case): Evaluation {
  const parsed = settings
    ? parseSettings({ apiVersion: 'day2-admission.dev/v1alpha1', kind: 'Settings', ...settings }, policies)
    : { settings: defaultSettings }
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors))
  const info = kinds.get((object.kind ?? '') as KindName)
  if (!info) throw new Error('kind')
  return evaluate(
    createEngine(policies, parsed.settings),
    {
      info,
      apiVersion: object.apiVersion ?? '',
      namespace: 'shop',
      name: object.metadata?.name ?? '',
      operation: oldObject ? 'UPDATE' : 'CREATE',
      subresource: '',
      object,
      ...(oldObject ? { oldObject } : {}),
      ...subject,
    },
    { inventory: inventory ?? inventoryOf([budget]), now: at, frontEnd },
  )
}

const brief = ({ findings }: Evaluation) =>
  findings.map(({ severity, rule, reason, path }) => `${severity} ${rule} ${reason} ${path}`)

const first = '/spec/template/spec/containers/0/image'
const second = '/spec/template/spec/containers/1/image'

t.test('severity comes from the table of the profile, by front end, subject and operation', (t) => {
  const bad = deployment([{ name: 'a' }, { name: 'b', image: 'odd' }])
  t.strictSame(brief(run({ object: bad })), [`deny compute-image missing ${first}`, `deny compute-image odd ${second}`])
  t.strictSame(brief(run({ object: bad, frontEnd: 'check' })), [
    `deny compute-image odd ${second}`,
    `warn compute-image missing ${first}`,
  ])
  t.strictSame(brief(run({ object: bad, frontEnd: 'check', settings: { profile: 'strict' } })), [
    `deny compute-image missing ${first}`,
    `deny compute-image odd ${second}`,
  ])
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ image: 'odd' }] } }
  t.strictSame(brief(run({ object: pod })), ['audit compute-image odd /spec/containers/0/image'])
  t.end()
})

t.test('settings of a reason go before settings of the rule before the table', (t) => {
  const object = deployment([{ name: 'a' }, { name: 'b', image: 'odd' }])
  const rules = { 'compute-image': { severity: 'warn', reasons: { odd: 'off' } } }
  t.strictSame(brief(run({ object, settings: { rules } })), [`warn compute-image missing ${first}`])
  t.end()
})

t.test('what the API server refuses is met by check alone, as deny', (t) => {
  const object = deployment([{ name: 'a', image: 'BAD' }])
  t.strictSame(brief(run({ object })), [])
  t.strictSame(brief(run({ object, frontEnd: 'audit' })), [])
  t.strictSame(brief(run({ object, frontEnd: 'check' })), [`deny compute-image refused ${first}`])
  const off = { rules: { 'compute-image': { reasons: { refused: 'off' } } } }
  t.strictSame(brief(run({ object, frontEnd: 'check', settings: off })), [])
  t.end()
})

t.test('the ratchet denies only what an UPDATE makes worse', async (t) => {
  const before = deployment([{ name: 'a' }, { name: 'b', image: 'x' }], { replicas: 1 })
  const reordered = deployment([{ name: 'b', image: 'x' }, { name: 'a' }], { replicas: 2 })
  const worse = deployment([{ name: 'a' }, { name: 'b' }], { replicas: 1 })
  const pre = run({ object: reordered, oldObject: before })
  t.strictSame(brief(pre), [`warn compute-image missing ${second}`])
  t.equal(pre.findings[0]?.preExisting, true)
  t.strictSame(brief(run({ object: worse, oldObject: before })), [
    `deny compute-image missing ${second}`,
    `warn compute-image missing ${first}`,
  ])
  await t.test('as a multiset: a second nameless fault is new', async (t) => {
    const one = deployment([{}, { image: 'x' }])
    const two = deployment([{}, {}])
    t.equal(run({ object: two, oldObject: one }).findings.filter((f) => f.severity === 'deny').length, 1)
  })
  await t.test('nothing is raised: what was audit stays audit', async (t) => {
    const settings = { rules: { 'compute-image': { severity: 'audit' } } }
    t.strictSame(brief(run({ object: reordered, oldObject: before, settings })), [
      `audit compute-image missing ${second}`,
    ])
  })
})

t.test('an UPDATE of metadata alone runs only the policies that read metadata', async (t) => {
  const before = deployment([{ name: 'a' }])
  const after = deployment([{ name: 'a' }], { labels: { bad: 'yes' } })
  t.strictSame(brief(run({ object: after, oldObject: before })), ['deny identity-labelled bad /metadata/labels/bad'])
})

t.test('owned Pods are never denied, and only looked at by policies that say so', async (t) => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ownerReferences: [{ kind: 'ReplicaSet', name: 'r', controller: true }] },
    spec: { containers: [{ name: 'a' }] },
  }
  const { findings } = run({ object: pod, settings: { profile: 'strict' } })
  t.equal(findings[0]?.severity, 'warn')
  t.strictSame(findings[0]?.capped, { from: 'deny', by: 'owned by a controller' })
  const { ownedPods: _ownedPods, ...rest } = image
  t.strictSame(brief(run({ object: pod, policies: [rest] })), [])
})

t.test('absence warns at most in the webhook, and needs a complete inventory in check', async (t) => {
  const object = deployment([])
  const empty = inventoryOf([])
  t.strictSame(brief(run({ object, inventory: empty })), ['warn compute-paired lonely /spec'])
  t.strictSame(brief(run({ object, inventory: empty, frontEnd: 'audit' })), ['deny compute-paired lonely /spec'])
  t.strictSame(brief(run({ object, inventory: empty, frontEnd: 'check' })), ['deny compute-paired lonely /spec'])
  const partial = inventoryOf([], { complete: false })
  t.strictSame(brief(run({ object, inventory: partial, frontEnd: 'check' })), [])
})

t.test('the object under review stands in the place of its cached copy', async (t) => {
  const cached = deployment([])
  t.strictSame(brief(run({ object: deployment([], { replicas: 3 }), inventory: inventoryOf([budget, cached]) })), [])
})

t.test('what the inventory does not know is unresolved, what is stale warns', async (t) => {
  const object = deployment([])
  const evaluation = run({ object, inventory: inventoryOf([budget], { unknown: ['PodDisruptionBudget'] }) })
  t.strictSame(evaluation.unresolved, [{ rule: 'compute-paired', kind: 'PodDisruptionBudget' }])
  const twins = [
    ...all.filter((policy) => policy !== paired),
    { ...paired, reasons: { ...paired.reasons, lonely: { baseline: 'deny' as const, why: '' } } },
  ]
  const { findings } = run({ object, policies: twins, inventory: inventoryOf([], { stale: ['PodDisruptionBudget'] }) })
  t.match(findings, [{ severity: 'warn', stale: true, reason: 'lonely' }])
})

t.test('a scale request has its own severity', async (t) => {
  const object = deployment([])
  t.strictSame(
    brief(run({ object, inventory: inventoryOf([]), subject: { subresource: 'scale', operation: 'UPDATE' } })),
    ['warn compute-paired lonely /spec'],
  )
})

t.test('a partial object is judged only for what it says', async (t) => {
  const object = deployment([{ name: 'a' }, { name: 'b', image: 'odd' }])
  t.strictSame(brief(run({ object, subject: { partial: true } })), [`deny compute-image odd ${second}`])
})

t.test('a policy that throws is counted by its class of error, and the others still answer', async (t) => {
  const object = deployment([{ name: 'a' }])
  const evaluation = run({ object, policies: [...all, faulty] })
  t.strictSame(evaluation.policyErrors, [{ rule: 'storage-faulty', error: 'RangeError' }])
  t.strictSame(brief(evaluation), [`deny compute-image missing ${first}`])
  const fine = run({ object: deployment([]), policies: [...all, faulty] })
  t.equal(verdictOf(fine, { onPolicyError: 'allow' }).allowed, true)
  t.strictSame(verdictOf(fine, { onPolicyError: 'deny' }), {
    allowed: false,
    denials: [],
    warnings: [],
    audits: [],
    failed: ['storage-faulty'],
  })
})

t.test('messages are one line', async (t) => {
  t.equal(run({ object: deployment([{}]) }).findings[0]?.message, 'no image')
})

t.test('the mode caps, for the whole or for a namespace by name or label', async (t) => {
  const object = deployment([{ name: 'a' }])
  const severity = (settings: object, inventory = inventoryOf([budget])) =>
    run({ object, settings, inventory }).findings[0]?.severity
  t.equal(severity({ mode: 'audit' }), 'audit')
  t.equal(severity({ mode: 'warn' }), 'warn')
  t.equal(severity({ mode: 'audit', modes: [{ mode: 'enforce', namespaces: ['sh*'] }] }), 'deny')
  t.equal(severity({ modes: [{ mode: 'audit', namespaces: ['other'] }] }), 'deny')
  const byLabel = { modes: [{ mode: 'warn', namespaceLabels: { stage: 'dev' } }] }
  const dev = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { stage: 'dev' } } }
  t.equal(severity(byLabel, inventoryOf([budget, dev])), 'warn')
  t.equal(severity(byLabel), 'deny')
  t.equal(severity(byLabel, inventoryOf([budget], { unknown: ['Namespace'] })), 'warn')
  t.strictSame(run({ object, settings: { mode: 'audit' } }).findings[0]?.capped, { from: 'deny', by: 'mode audit' })
})

t.test('exempt namespaces, users and groups are never more than audit', async (t) => {
  const object = deployment([{ name: 'a' }])
  const user = { username: 'ops', groups: ['sre'] }
  t.equal(run({ object, subject: { namespace: 'kube-system' } }).findings[0]?.severity, 'audit')
  t.equal(run({ object, subject: { user }, settings: { exemptUsers: ['ops'] } }).findings[0]?.severity, 'audit')
  t.equal(run({ object, subject: { user }, settings: { exemptGroups: ['sre'] } }).findings[0]?.severity, 'audit')
  t.equal(run({ object, subject: { user }, settings: { exemptGroups: ['dev'] } }).findings[0]?.severity, 'deny')
})

t.test('exemptions by annotation need a reason and an end, and leave a trace', async (t) => {
  const exempt = (annotations: Record<string, string>, settings?: object, at?: number) =>
    run({
      object: deployment([{ name: 'a' }], {
        annotations: { 'day2-admission.dev/exempt': 'compute-image', ...annotations },
      }),
      ...(settings ? { settings } : {}),
      ...(at ? { at } : {}),
    })
  const good = { 'day2-admission.dev/exempt-reason': 'vendor', 'day2-admission.dev/exempt-until': '2026-12-31' }
  const granted = exempt(good)
  t.strictSame(granted.findings, [])
  t.strictSame(granted.exempted, [
    { rule: 'compute-image', reason: 'missing', path: first, by: 'annotation', because: 'vendor', until: '2026-12-31' },
  ])
  const invalid = (evaluation: Evaluation) =>
    evaluation.findings
      .filter(({ rule }) => rule === 'exemption-invalid')
      .map(({ severity, reason }) => `${severity} ${reason}`)
  t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt-reason': ' ' })), ['warn no-reason'])
  t.strictSame(invalid(exempt({ 'day2-admission.dev/exempt-reason': 'x' })), ['warn no-until'])
  t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt-until': 'soon' })), ['warn bad-date'])
  t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt-until': '2027-12-31' })), ['warn too-long'])
  t.strictSame(invalid(exempt(good, undefined, Date.parse('2027-01-01T00:00:00Z'))), ['warn expired'])
  t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt': 'compute-imag' })), ['warn unknown-rule'])
  t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt': 'identity-labelled' })), ['warn not-exemptable'])
  t.strictSame(invalid(exempt(good, { annotationExemptions: false })), ['audit disabled'])
  t.strictSame(invalid(exempt({}, { profile: 'strict' })), ['deny no-reason'])
  t.equal(exempt({}).findings[0]?.rule, 'compute-image', 'an exemption that does not count exempts nothing')
})

t.test('an annotation on the pod template counts too', async (t) => {
  const object = deployment([])
  const template = {
    metadata: {
      annotations: {
        'day2-admission.dev/exempt': 'compute-image',
        'day2-admission.dev/exempt-reason': 'vendor',
        'day2-admission.dev/exempt-until': '2026-12-31T10:00:00+02:00',
      },
    },
    spec: { containers: [{ name: 'a' }] },
  }
  t.equal(run({ object: { ...object, ...{ spec: { template } } } }).exempted.length, 1)
})

t.test('exemptions in the settings match by everything they give', async (t) => {
  const object = deployment([{ name: 'a' }], { labels: { app: 'web' } })
  const exempted = (exemption: object, subject: Partial<Subject> = {}) =>
    run({
      object,
      subject,
      settings: { rules: { 'compute-image': { exemptions: [{ reason: 'vendor', ...exemption }] } } },
    }).exempted.length
  t.equal(exempted({}), 1)
  t.equal(exempted({ namespaces: ['shop'], names: ['w*'], labels: { app: 'web' }, operations: ['CREATE'] }), 1)
  t.equal(exempted({ namespaces: ['other'] }), 0)
  t.equal(exempted({ names: ['x*'] }), 0)
  t.equal(exempted({ labels: { app: 'api' } }), 0)
  t.equal(exempted({ operations: ['UPDATE'] }), 0)
  t.equal(exempted({ users: ['ops'] }), 0, 'no user is known in check and audit')
  t.equal(exempted({ users: ['op*'], groups: ['sre'] }, { user: { username: 'ops', groups: ['sre'] } }), 1)
  t.equal(exempted({ groups: ['dev'] }, { user: { username: 'ops', groups: ['sre'] } }), 0)
  t.equal(exempted({ until: '2026-11-23' }), 0)
  t.equal(exempted({ until: '2026-11-24' }), 1, 'a date counts to its end')
})

t.test('an exemption that ran out does not block the next change of an object that had it', async (t) => {
  const annotations = {
    'day2-admission.dev/exempt': 'compute-image',
    'day2-admission.dev/exempt-reason': 'vendor',
    'day2-admission.dev/exempt-until': '2026-11-01',
  }
  const before = deployment([{ name: 'a' }], { annotations, replicas: 1 })
  const after = deployment([{ name: 'a' }], { annotations, replicas: 2 })
  const evaluation = run({ object: after, oldObject: before, settings: { profile: 'strict' } })
  t.equal(verdictOf(evaluation, { onPolicyError: 'allow' }).allowed, true)
  t.ok(evaluation.findings.every((finding) => finding.preExisting))
})

t.test('evaluating changes nothing that it is given', async (t) => {
  const object = freeze(deployment([{ name: 'a' }, { name: 'b', image: 'odd' }]))
  t.strictSame(run({ object, oldObject: object }), run({ object, oldObject: object }))
})

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
  return value
}
