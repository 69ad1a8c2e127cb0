import t from 'tap'
import { handleReview, type Handled } from '../../src/admission/handle.ts'
import { readReview } from '../../src/admission/review.ts'
import { traceOf } from '../../src/admission/trace.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { broken, replicas, requests } from '../support/policies.ts'
import { review } from '../support/reviews.ts'

const engine = createEngine([requests, replicas, broken], defaultSettings)
const empty = buildInventory([], { complete: true })
const workload: Entry = {
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  object: review('deployment-create').request.object as object,
}

function handle(body: unknown, inventory = empty) {
  return handleReview(engine, body, { inventory, now: Date.UTC(2026, 10, 24), generateTraceId: () => 'f'.repeat(32) })
}

function answer(body: unknown, inventory = empty): Handled {
  const handled = handle(body, inventory)
  if (handled.as !== 'answer') throw new Error(handled.message)
  return handled
}

t.test('what is judged, and what is let pass with its reason', async (t) => {
  const outcomes = {
    'deployment-create': 'allowed',
    'deployment-create-no-requests': 'denied',
    'deployment-update-already-wrong': 'warned',
    'deployment-update-made-worse': 'denied',
    'deployment-delete': 'operation',
    'deployment-deleting': 'deleting',
    'deployment-status': 'status',
    'deployment-scale': 'workload-unknown',
    'pod-generate-name': 'allowed',
    'pod-ephemeralcontainers': 'allowed',
    'pod-resize': 'allowed',
    'pod-eviction': 'subresource',
    'pod-exec': 'operation',
    'pod-mirror': 'node',
    'budget-from-v1beta1': 'allowed',
    'storageclass-create': 'allowed',
    'configmap-odd-keys': 'allowed',
    'custom-resource': 'uncovered',
    'without-object': 'no-object',
  }
  for (const [name, outcome] of Object.entries(outcomes)) {
    const body = review(name)
    const handled = answer(body)
    t.equal(handled.outcome, outcome, name)
    t.equal(handled.body.response.allowed, outcome !== 'denied', name)
    t.equal(handled.body.response.uid, body.request.uid, name)
    t.notMatch(JSON.stringify(handled.body), /"patch/, 'a validating webhook must not patch')
  }
})

t.test('only the envelope can be wrong', async (t) => {
  const request = { uid: 'u' }
  const refused = (body: unknown) => {
    const handled = handle(body)
    return handled.as === 'refusal' ? handled.code : handled.as
  }
  t.equal(refused(review('v1beta1')), 'D2_REVIEW_VERSION')
  t.equal(refused(null), 'D2_REVIEW_NOT_OBJECT')
  t.equal(refused([]), 'D2_REVIEW_NOT_OBJECT')
  t.equal(refused('text'), 'D2_REVIEW_NOT_OBJECT')
  t.equal(refused({}), 'D2_REVIEW_KIND')
  t.equal(refused({ apiVersion: 'admission.k8s.io/v1', kind: 'Pod', request }), 'D2_REVIEW_KIND')
  t.equal(refused({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }), 'D2_REVIEW_NO_UID')
  t.equal(refused({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: 5 }), 'D2_REVIEW_NO_UID')
  t.equal(
    refused({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid: 5 } }),
    'D2_REVIEW_NO_UID',
  )
  t.equal(refused({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }), 'answer')
})

t.test('wrong types in the request are answered', async (t) => {
  const body = review('deployment-create')
  for (const key of Object.keys(body.request).filter((name) => name !== 'uid')) {
    for (const value of [null, 5, 'x', [], [null], {}, { group: 1, name: {}, groups: 7 }]) {
      const handled = answer({ ...body, request: { ...body.request, [key]: value } })
      t.equal(handled.body.response.uid, body.request.uid)
      t.not(handled.outcome, 'failed', `${key} ${JSON.stringify(value)}`)
    }
  }
})

t.test('the subject', async (t) => {
  const subject = (name: string, inventory = empty) => {
    const reading = readReview(review(name), inventory)
    return reading.as === 'judge' ? reading.subject : reading
  }
  t.match(subject('budget-from-v1beta1'), { apiVersion: 'policy/v1', info: { kind: 'PodDisruptionBudget' } })
  t.match(subject('storageclass-create'), { namespace: '', name: 'fast', info: { kind: 'StorageClass' } })
  t.match(subject('pod-generate-name'), { name: '', generateName: 'web-', namespace: 'shop', operation: 'CREATE' })
  t.match(subject('pod-ephemeralcontainers'), { subresource: 'ephemeralcontainers', operation: 'UPDATE' })
  t.match(subject('deployment-update-already-wrong'), {
    operation: 'UPDATE',
    user: { username: 'dev@example.com', groups: ['developers', 'system:authenticated'] },
    oldObject: { spec: { replicas: 3 } },
    object: { spec: { replicas: 4 } },
  })
})

t.test('a scale request is the cached workload with its replicas replaced', async (t) => {
  const inventory = buildInventory([workload], { complete: true })
  const reading = readReview(review('deployment-scale'), inventory)
  if (reading.as !== 'judge') throw new Error(reading.as)
  t.match(reading.subject, {
    info: { kind: 'Deployment' },
    apiVersion: 'apps/v1',
    subresource: 'scale',
    object: { spec: { replicas: 1, template: { spec: { containers: [{ name: 'web' }] } } } },
    oldObject: { spec: { replicas: 3 } },
  })
  t.match(workload.object, { spec: { replicas: 3 } }, 'the cached object stays as it was')
  t.match(answer(review('deployment-scale'), inventory), {
    outcome: 'warned',
    body: { response: { warnings: ['[compute-test-replicas] 1 replicas; set replicas: 2'] } },
  })
  const zero = readReview(review('deployment-scale-to-zero'), inventory)
  t.match(zero, { subject: { object: { spec: { replicas: 0 } } } }, 'the API server leaves out a zero')

  const variants = buildInventory([workload, { ...workload, object: { ...workload.object } }], { complete: true })
  t.match(readReview(review('deployment-scale'), variants), { as: 'pass', why: 'workload-unknown' })
})

t.test('the trace id', async (t) => {
  const uid = '705ab4f5-6393-11e8-b7cc-42010a800002'
  const generate = () => 'e'.repeat(32)
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  const span = '00f067aa0ba902b7'
  t.strictSame(traceOf(`00-${id}-${span}-01`, uid, generate), { id, source: 'traceparent', spanId: span })
  t.match(traceOf(`01-${id}-${span}-01-more`, uid, generate), { id })
  t.match(traceOf(undefined, uid, generate), { id: '705ab4f5639311e8b7cc42010a800002', source: 'uid' })
  t.match(traceOf(undefined, 'not-a-uuid', generate), { id: 'e'.repeat(32), source: 'generated' })
  t.match(traceOf(undefined, '00000000-0000-0000-0000-000000000000', generate), { source: 'generated' })
  for (const bad of [
    `00-${id}-${span}-01-more`,
    `ff-${id}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
    `00-${id.toUpperCase()}-${span}-01`,
    `00-${id}-${span}`,
    '',
  ])
    t.match(traceOf(bad, uid, generate), { source: 'uid' }, bad)
})

t.test('what was let in is handed on, for the inventory to count with; dry runs and refusals are not', async (t) => {
  const admitted = (name: Parameters<typeof review>[0], change: object = {}) => {
    const body = review(name)
    return answer({ ...body, request: { ...body.request, ...change } }).admitted
  }
  const letIn = admitted('deployment-create')
  t.equal(letIn?.name, 'web')
  t.strictSame(letIn?.object, review('deployment-create').request.object)
  t.equal(admitted('deployment-create', { dryRun: true }), undefined)
  t.equal(admitted('deployment-create-no-requests'), undefined)
  t.equal(admitted('deployment-status'), undefined)
})
