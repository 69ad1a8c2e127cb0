import t from 'tap'
import { verdictOf } from '../../src/engine/verdict.ts'
import {
  image,
  paired,
  faulty,
  all,
  inventoryOf,
  deployment,
  budget,
  run,
  brief,
  first,
  second,
} from '../support/evaluation.ts'

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

t.test('controllers are never refused: they carry out what was allowed', async (t) => {
  const object = deployment([{ name: 'a' }])
  const as = (username: string) => brief(run({ object, subject: { user: { username, groups: [] } } }))[0]
  t.equal(as('system:serviceaccount:kube-system:statefulset-controller'), `audit compute-image missing ${first}`)
  t.equal(as('system:kube-controller-manager'), `audit compute-image missing ${first}`)
  t.equal(as('system:serviceaccount:kube-system:sealed-secrets-controller'), `deny compute-image missing ${first}`)
  t.equal(as('system:serviceaccount:shop:statefulset-controller'), `deny compute-image missing ${first}`)
})

t.test('a policy may have its ratchet compare places alone', async (t) => {
  const before = deployment([{ name: 'a', image: 'odd' }], { replicas: 1 })
  const after = deployment([{ name: 'a' }], { replicas: 1 })
  const byPlace = { ...image, ratchet: 'place' as const }
  t.strictSame(brief(run({ object: after, oldObject: before })), [`deny compute-image missing ${first}`])
  t.strictSame(brief(run({ object: after, oldObject: before, policies: [byPlace] })), [
    `warn compute-image missing ${first}`,
  ])
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

t.test('evaluating changes nothing that it is given', async (t) => {
  const object = freeze(deployment([{ name: 'a' }, { name: 'b', image: 'odd' }]))
  t.strictSame(run({ object, oldObject: object }), run({ object, oldObject: object }))
})

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
  return value
}
