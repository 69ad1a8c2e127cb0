import t from 'tap'
import { unknown } from '../../src/sdk/inventory.ts'
import { scaleOf, setsReplicas, targets } from '../../src/sdk/scale.ts'

const workload = (replicas?: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: replicas === undefined ? {} : { replicas },
})
const autoscaler = (minReplicas: number | undefined, maxReplicas: number, target: object = {}) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  spec: {
    ...(minReplicas === undefined ? {} : { minReplicas }),
    maxReplicas,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', ...target },
  },
})

t.test('without an autoscaler the desired replicas are all there is', async (t) => {
  t.strictSame(scaleOf(workload(3), []), { current: 3, floor: 3, ceiling: 3 })
  t.strictSame(scaleOf(workload(), []), { current: 1, floor: 1, ceiling: 1 }, 'the default of the API')
  t.strictSame(scaleOf(workload(0), []), { current: 0, floor: 0, ceiling: 0 })
})

t.test('an autoscaler keeps the workload between its bounds', async (t) => {
  t.strictSame(scaleOf(workload(5), [autoscaler(2, 10)]), { current: 5, floor: 2, ceiling: 10 })
  t.strictSame(scaleOf(workload(1), [autoscaler(2, 10)]), { current: 2, floor: 2, ceiling: 10 }, 'raised')
  t.strictSame(scaleOf(workload(20), [autoscaler(2, 10)]), { current: 10, floor: 2, ceiling: 10 }, 'lowered')
  t.strictSame(scaleOf(workload(5), [autoscaler(undefined, 10)]), { current: 5, floor: 1, ceiling: 10 })
})

t.test('zero replicas disable the autoscaler, unless it may scale to zero', async (t) => {
  t.strictSame(scaleOf(workload(0), [autoscaler(2, 10)]), { current: 0, floor: 0, ceiling: 0 })
  t.strictSame(scaleOf(workload(0), [autoscaler(0, 10)]), { current: 0, floor: 0, ceiling: 10 })
  t.strictSame(scaleOf(workload(2), [autoscaler(0, 10)]), { current: 2, floor: 0, ceiling: 10 })
})

t.test(
  'several autoscalers keep the workload between the bounds of all, and none of them moves it there',
  async (t) => {
    const both = [autoscaler(2, 5), autoscaler(3, 8)]
    t.strictSame(scaleOf(workload(4), both), { current: 4, floor: 4, ceiling: 4 })
    t.strictSame(scaleOf(workload(1), both), { current: 3, floor: 3, ceiling: 3 }, 'raised')
    t.strictSame(scaleOf(workload(9), both), { current: 5, floor: 5, ceiling: 5 }, 'lowered')
    t.strictSame(scaleOf(workload(0), both), { current: 0, floor: 0, ceiling: 0 }, 'disabled')
    t.strictSame(scaleOf(workload(0), [autoscaler(0, 5), autoscaler(0, 5)]), { current: 0, floor: 0, ceiling: 0 })
    t.equal(scaleOf(workload(2), [autoscaler(1, 2), autoscaler(undefined, -1)]), unknown)
  },
)

t.test(
  'what a workload under several autoscalers does not say of its replicas is what runs, which nobody knows',
  async (t) => {
    t.equal(scaleOf(workload(), [autoscaler(2, 10), autoscaler(3, 20)]), unknown)
    t.equal(scaleOf({ ...workload(), spec: {} }, [autoscaler(0, 10), autoscaler(0, 20)]), unknown)
    const only = { current: 3, floor: 3, ceiling: 3 }
    t.strictSame(scaleOf(workload(), [autoscaler(2, 3), autoscaler(3, 5)]), only, 'both leave but one number')
  },
)

t.test('what cannot be known is unknown', async (t) => {
  t.equal(
    scaleOf(workload(2), [autoscaler(1, 2), autoscaler(3, 4)]),
    unknown,
    'two autoscalers whose bounds exclude each other fight',
  )
  t.equal(scaleOf(workload(2), [autoscaler(1, -2)]), unknown)
  t.equal(scaleOf(workload(2.5), []), unknown)
  // Files hold what nobody validated.
  t.equal(scaleOf({ ...workload(), spec: { replicas: '${REPLICAS}' as unknown as number } }, []), unknown)
  t.equal(scaleOf(workload(2), [{ spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' } } }]), unknown)
})

t.test('an autoscaler targets by kind, name and group', async (t) => {
  t.ok(targets(autoscaler(1, 2), workload()))
  t.ok(targets(autoscaler(1, 2, { apiVersion: 'apps/v1beta2' }), workload()), 'whatever the version')
  t.notOk(targets(autoscaler(1, 2, { kind: 'StatefulSet' }), workload()))
  t.notOk(targets(autoscaler(1, 2, { name: 'api' }), workload()))
  t.notOk(targets(autoscaler(1, 2, { apiVersion: 'argoproj.io/v1alpha1' }), workload()))
  t.notOk(targets({}, workload()))
  t.ok(
    targets(autoscaler(1, 2, { apiVersion: 'v1', kind: 'ReplicationController' }), {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'web' },
    }),
  )
})

t.test('who leaves replicas out', async (t) => {
  t.ok(setsReplicas(workload(0)))
  t.notOk(setsReplicas(workload()))
  t.notOk(setsReplicas({ spec: null }))
})
