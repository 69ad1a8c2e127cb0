import t from 'tap'
import type { Evaluation } from '../../src/engine/finding.ts'
import type { Subject } from '../../src/engine/subject.ts'
import { verdictOf } from '../../src/engine/verdict.ts'
import { budget, deployment, first, image, inventoryOf, run } from '../support/evaluation.ts'

t.test('exempt namespaces, users and groups are never more than audit', async (t) => {
  const object = deployment([{ name: 'a' }])
  const user = { username: 'ops', groups: ['sre'] }
  t.equal(run({ object, subject: { namespace: 'kube-system' } }).findings[0]?.severity, 'audit')
  const everywhere = [{ ...image, systemConfigMaps: [] }]
  const inSystem = run({ policies: everywhere, object, subject: { namespace: 'kube-system' } })
  t.equal(inSystem.findings[0]?.severity, 'deny', 'a policy may judge system namespaces too')
  const byUser = { policies: everywhere, object, subject: { user }, settings: { exemptUsers: ['ops'] } }
  t.equal(run(byUser).findings[0]?.severity, 'audit', 'but users stay exempt')
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
  for (const until of ['soon', '2027-02-31', '2027-02-31T00:00:00Z', '2027-13-01', '2027-1-1'])
    t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt-until': until })), ['warn bad-date'], until)
  t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt-until': '2027-12-31' })), ['warn too-long'])
  t.strictSame(invalid(exempt(good, undefined, Date.parse('2027-01-01T00:00:00Z'))), ['warn expired'])
  t.strictSame(invalid(exempt({ ...good, 'day2-admission.dev/exempt': 'compute-imag' })), ['warn unknown-rule'])
  t.match(exempt({ ...good, 'day2-admission.dev/exempt': 'compute-imag' }).findings, [
    {},
    { fix: 'correct the rule id; did you mean "compute-image"?' },
  ])
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

t.test('an annotation of any length exempts nothing that it does not name', async (t) => {
  const annotations = {
    'day2-admission.dev/exempt': `${'a,'.repeat(130_000)}${Array.from({ length: 9000 }, (_, i) => `rule-${i}`).join()}`,
    'day2-admission.dev/exempt-reason': 'x',
    'day2-admission.dev/exempt-until': '2026-12-31',
  }
  const { findings } = run({ object: deployment([{ name: 'a' }], { annotations }) })
  t.equal(findings[0]?.rule, 'compute-image')
  t.match(findings[1], {
    rule: 'exemption-invalid',
    message: 'exemption for a, rule-0, rule-1 and 8998 more ignored: no rule is called so',
  })
  t.equal(findings.length, 2)
})

t.test('an exemption that an UPDATE adds is news, whatever it lacks', async (t) => {
  const before = deployment([{ name: 'a' }], { replicas: 1 })
  const after = deployment([{ name: 'a' }], {
    annotations: { 'day2-admission.dev/exempt': 'compute-image' },
    replicas: 2,
  })
  const { findings } = run({ object: after, oldObject: before, settings: { profile: 'strict' } })
  t.match(findings[0], { severity: 'deny', rule: 'exemption-invalid', preExisting: false })
})

t.test('a request to scale is never refused, whatever the settings say', async (t) => {
  const settings = { rules: { 'compute-paired': { severity: 'deny' } } }
  const subject = { subresource: 'scale', operation: 'UPDATE' } as const
  const { findings } = run({
    object: deployment([]),
    settings,
    subject,
    inventory: inventoryOf([budget, deployment([]), deployment([])]),
  })
  t.ok(findings.every(({ severity }) => severity !== 'deny'))
})
