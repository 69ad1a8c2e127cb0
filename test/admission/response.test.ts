import fc from 'fast-check'
import t from 'tap'
import { handleReview, type Handled } from '../../src/admission/handle.ts'
import { warningsOf } from '../../src/admission/warnings.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { fieldPath } from '../../src/engine/field-path.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { defaultSettings, type Settings } from '../../src/engine/settings.ts'
import { buildInventory } from '../../src/inventory/files.ts'
import { broken, replicas, requests } from '../support/policies.ts'
import { review } from '../support/reviews.ts'

const trace = '705ab4f5639311e8b7cc42010a800002'
const inventory = buildInventory([], { complete: true })

function answer(body: unknown, settings: Partial<Settings> = {}, outOfTime?: () => boolean): Handled {
  const engine = createEngine([requests, replicas, broken], { ...defaultSettings, ...settings })
  const handled = handleReview(engine, body, {
    inventory,
    now: Date.UTC(2026, 10, 24),
    generateTraceId: () => 'f'.repeat(32),
    ...(outOfTime ? { outOfTime } : {}),
  })
  if (handled.as !== 'answer') throw new Error(handled.message)
  return handled
}

function containers(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ name: `c${index}`, resources: {} }))
}

function deployment(spec: object, metadata: object = {}): unknown {
  const body = review('deployment-create')
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', ...metadata }, spec }
  return { ...body, request: { ...body.request, object } }
}

t.test('a denial says what, why and what to type instead', async (t) => {
  const { response } = answer(review('deployment-create-no-requests')).body
  t.equal(
    response.status?.message,
    `compute-test-requests
[compute-test-requests] container web requests no cpu (spec.template.spec.containers[0].resources.requests.cpu)
  why: The scheduler counts requests, so what asks for nothing is packed on a full node.
  fix: set resources.requests.cpu
    resources:
      requests:
        cpu: 100m
(trace ${trace})`,
  )
  t.strictSame(
    { ...response.status, message: '' },
    {
      status: 'Failure',
      code: 403,
      reason: 'Forbidden',
      message: '',
      details: {
        name: 'web',
        group: 'apps',
        kind: 'deployments',
        causes: [
          {
            reason: 'compute-test-requests',
            field: 'spec.template.spec.containers[0].resources.requests.cpu',
            message: 'container web requests no cpu; set resources.requests.cpu',
          },
        ],
      },
    },
  )
  t.strictSame(response.auditAnnotations, {
    'trace-id': trace,
    findings: JSON.stringify([
      {
        rule: 'compute-test-requests',
        reason: 'missing',
        severity: 'deny',
        field: 'spec.template.spec.containers[0].resources.requests.cpu',
      },
    ]),
  })
})

t.test('findings of one reason share why and snippet, and the whole is bounded', async (t) => {
  const many = answer(deployment({ template: { spec: { containers: containers(500) } } })).body.response
  const message = many.status?.message ?? ''
  t.equal(message.match(/why:/g)?.length, 1)
  t.equal(message.match(/\[compute-test-requests\]/g)?.length, 8)
  t.match(message, '  +492 more of the same')
  t.ok(message.length < 2000)
  t.equal(many.status?.details.causes.length, 64)
  const findings = many.auditAnnotations?.['findings'] ?? ''
  t.ok(findings.length < 9000)
  t.match((JSON.parse(findings) as unknown[]).at(-1), { more: Number })
  t.ok(JSON.stringify(many).length < 32_000)
})

t.test('an update of what was wrong before is warned', async (t) => {
  const { response } = answer(review('deployment-update-already-wrong')).body
  t.match(response, {
    allowed: true,
    warnings: ['[compute-test-requests] container web requests no cpu; set resources.requests.cpu'],
  })
  t.notOk('status' in response)
  t.match(JSON.parse(response.auditAnnotations?.['findings'] ?? ''), [{ severity: 'warn', preExisting: true }])
})

t.test('in mode audit all passes and the annotation tells what would have been', async (t) => {
  const { response } = answer(review('deployment-create-no-requests'), { mode: 'audit' }).body
  t.match(response, { allowed: true })
  t.notOk('warnings' in response)
  t.match(JSON.parse(response.auditAnnotations?.['findings'] ?? ''), [
    { severity: 'audit', from: 'deny', by: 'mode audit' },
  ])
})

t.test('exemptions leave a trace', async (t) => {
  const annotations = {
    'day2-admission.dev/exempt': 'compute-test-requests',
    'day2-admission.dev/exempt-reason': 'legacy',
    'day2-admission.dev/exempt-until': '2026-12-01',
  }
  const spec = { replicas: 2, template: { spec: { containers: containers(1) } } }
  const { response } = answer(deployment(spec, { annotations })).body
  t.match(response, { allowed: true })
  t.strictSame(JSON.parse(response.auditAnnotations?.['exemptions'] ?? ''), [
    { rule: 'compute-test-requests', reason: 'missing', by: 'annotation', until: '2026-12-01' },
  ])
})

t.test('a policy that fails lets the others answer, and its error quotes nothing', async (t) => {
  const body = deployment(
    { replicas: 2, template: { spec: { containers: containers(1) } } },
    { annotations: { break: 'CANARY' } },
  )
  const allowed = answer(body)
  t.match(allowed.evaluation?.policyErrors, [{ rule: 'compute-test-broken', error: 'TypeError' }])
  t.match(allowed.body.response.status?.message, /^compute-test-requests\n/)
  t.match(allowed.body.response.auditAnnotations, { 'policy-errors': '[{"rule":"compute-test-broken"}]' })
  t.notMatch(JSON.stringify(allowed), /CANARY/)

  const denied = answer(body, { onPolicyError: 'deny' }).body.response
  t.match(denied.status?.message, /\n\[compute-test-broken\] could not judge the object by a fault of its own/)
})

t.test('what is not judged in time counts as an error of its policy', async (t) => {
  let asked = 0
  const late = answer(review('deployment-create-no-requests'), {}, () => ++asked > 2)
  t.match(late.evaluation?.policyErrors, [{ rule: 'compute-test-requests', error: 'OutOfTime' }])
  t.equal(late.outcome, 'allowed')
})

t.test('a fault of ours lets the request pass with a warning, or refuses it where the settings say so', async (t) => {
  const engine = createEngine([requests], defaultSettings)
  const bad = { ...engine, policiesFor: () => { throw new RangeError('CANARY') } } // prettier-ignore
  const handled = handleReview(bad, review('deployment-create'), {
    inventory,
    now: 0,
    generateTraceId: () => '',
  })
  t.match(handled, { outcome: 'failed', fault: 'RangeError', body: { response: { allowed: true } } })
  t.match(JSON.stringify(handled.as === 'answer' && handled.body), /could not judge this object/)
  t.notMatch(JSON.stringify(handled), /CANARY/)

  const strict = { ...bad, settings: { ...defaultSettings, onPolicyError: 'deny' as const } }
  const refused = handleReview(strict, review('deployment-create'), { inventory, now: 0, generateTraceId: () => '' })
  t.match(refused, { outcome: 'failed', body: { response: { allowed: false, status: { code: 403 } } } })
})

t.test('field paths as the API server writes them', async (t) => {
  t.equal(fieldPath('/spec/template/spec/containers/0/image'), 'spec.template.spec.containers[0].image')
  t.equal(
    fieldPath('/metadata/annotations/day2-admission.dev~1exempt'),
    'metadata.annotations[day2-admission.dev/exempt]',
  )
  t.equal(fieldPath('/data/.dockerconfigjson'), 'data[.dockerconfigjson]')
  t.equal(fieldPath('/0/a~0b'), '[0][a~b]')
  t.equal(fieldPath(''), '')
  t.equal(fieldPath('no pointer'), '[no pointer]')
})

t.test('warnings always reach the user', async (t) => {
  const finding = (message: string, fix: string): Finding => ({
    rule: 'a-rule',
    loop: 'compute',
    signatures: [],
    severity: 'warn',
    reason: 'r',
    object: { apiVersion: 'v1', kind: 'Pod', namespace: '', name: '' },
    path: '',
    message,
    why: '',
    fix,
    related: [],
    preExisting: false,
    stale: false,
  })
  t.strictSame(warningsOf([finding('b', 'x'), finding('a', 'x'), finding('b', 'x')]), [
    '[a-rule] a; x',
    '[a-rule] b; x',
  ])
  t.strictSame(warningsOf([]), [])
  t.strictSame(warningsOf([finding('a\nb\u0007\u009b', '\u202ex\ud800')]), ['[a-rule] a b  ;  x\ufffd'])
  const flood = warningsOf(Array.from({ length: 100 }, (_, index) => finding(`${index}`.padStart(200, '.'), 'x')))
  t.match(flood.at(-1), /^\+\d+ more, see audit annotation$/)
  t.equal(flood.length - 1 + Number.parseInt(flood.at(-1) ?? '', 10), 100)

  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ unit: 'binary' })), {
        maxLength: 60,
      }),
      (pairs) => {
        const texts = warningsOf(pairs.map(([message, fix]) => finding(message, fix)))
        const total = texts.reduce((sum, text) => sum + [...text].length, 0)
        return (
          total <= 4096 &&
          new Set(texts).size === texts.length &&
          texts.every((text) => [...text].length <= 256 && !/\p{Cc}|\p{Cs}/u.test(text))
        )
      },
    ),
  )
})
