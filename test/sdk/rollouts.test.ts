import fc from 'fast-check'
import t from 'tap'
import { buildInventory } from '../../src/inventory/files.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { formatQuantity } from '../../src/sdk/quantities.ts'
import { quotaShortage } from '../../src/sdk/quota-room.ts'
import { neverMoves, rolloutStep } from '../../src/sdk/rollouts.ts'

const withStrategy = (strategy: unknown) => ({ spec: { strategy } }) as Kinds['Deployment']
const rolling = (rollingUpdate: object) => withStrategy({ type: 'RollingUpdate', rollingUpdate })

t.test('the step of a rolling update, counted pod by pod', async () => {
  const amount = fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 120 }).map((percent) => `${percent}%`),
    fc.constant(undefined),
  )
  const count = (value: number | string | undefined, replicas: number, up: boolean): number => {
    if (typeof value === 'number') return value
    const percent = Number((value ?? '25%').replace('%', ''))
    let pods = 0
    while ((up ? pods : pods + 1) * 100 <= percent * replicas - (up ? 1 : 0)) pods++
    return pods
  }
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 40 }), (maxUnavailable, maxSurge, replicas) => {
      const unavailable = count(maxUnavailable, replicas, false)
      const surge = count(maxSurge, replicas, true)
      const step = rolloutStep(rolling({ maxUnavailable, maxSurge }), replicas)
      if (step === unknown || !step) return false
      return step.surge === surge && step.unavailable === (unavailable === 0 && surge === 0 ? 1 : unavailable)
    }),
    { numRuns: 1000 },
  )
})

t.test('what a strategy may be', async (t) => {
  t.strictSame(rolloutStep(withStrategy(undefined), 3), { unavailable: 0, surge: 1 }, 'a quarter of three is none')
  t.strictSame(rolloutStep(withStrategy(undefined), 4), { unavailable: 1, surge: 1 })
  t.equal(rolloutStep(withStrategy({ type: 'Recreate' }), 3), undefined)
  for (const strategy of [
    { type: 'Canary' },
    { rollingUpdate: { maxSurge: '1' } },
    { rollingUpdate: { maxUnavailable: '${N}' } },
    { rollingUpdate: { maxUnavailable: -1 } },
    { rollingUpdate: { maxUnavailable: 0.5 } },
  ])
    t.equal(rolloutStep(withStrategy(strategy), 3), unknown, JSON.stringify(strategy))
  for (const zero of [0, '0%', '00%']) t.ok(neverMoves(rolling({ maxUnavailable: 0, maxSurge: zero })))
  t.notOk(neverMoves(rolling({ maxUnavailable: 0 })), 'a quarter may come')
  t.notOk(neverMoves(rolling({ maxUnavailable: 0, maxSurge: 1 })))
})

t.test('what a quota lacks', async (t) => {
  const container = { name: 'web', resources: { requests: { cpu: '100m' }, limits: { cpu: '200m', memory: '1Gi' } } }
  const deployment = (replicas?: number, spec: object = {}): Kinds['Deployment'] => ({
    spec: { template: { spec: { containers: [container], ...spec } } },
    ...(replicas === undefined ? {} : { status: { replicas } }),
  })
  const inventory = buildInventory([], { complete: true })
  const lacks = (spec: object, used: Record<string, string> | undefined, pods: number, of = deployment()) => {
    const quota = { spec, ...(used ? { status: { used } } : {}) } as Kinds['ResourceQuota']
    const found = quotaShortage(quota, of, pods, 'default', inventory)
    return found && 'unresolved' in found
      ? found.unresolved
      : found && `${found.resource} ${formatQuantity(found.needed)}`
  }
  const hard = (more: object) => ({ hard: more })
  t.equal(lacks(hard({ pods: '3' }), undefined, 3), undefined)
  t.equal(lacks(hard({ pods: '3' }), undefined, 4), 'pods 4')
  t.equal(lacks(hard({ pods: '3' }), { pods: '1' }, 3), 'pods 4', 'others use one')
  t.equal(lacks(hard({ pods: '3' }), { pods: '2' }, 3, deployment(2)), undefined, 'they are its own')
  t.equal(lacks(hard({ pods: '3' }), { pods: '1' }, 3, deployment(2)), undefined, 'counted late')
  t.equal(lacks(hard({ 'requests.cpu': '250m' }), undefined, 3), 'requests.cpu 300m')
  t.equal(lacks(hard({ cpu: '250m' }), undefined, 3), 'cpu 300m')
  t.equal(lacks(hard({ 'limits.cpu': '500m' }), undefined, 3), 'limits.cpu 600m')
  t.equal(lacks(hard({ 'requests.memory': '2Gi' }), undefined, 3), 'requests.memory 3Gi', 'the limit is the request')
  t.equal(lacks(hard({ 'limits.ephemeral-storage': '1' }), undefined, 3), undefined, 'it has none')
  t.equal(lacks(hard({ 'requests.storage': '0', services: '0' }), undefined, 3), undefined, 'no matter of pods')
  t.equal(lacks(hard({ pods: '${PODS}' }), undefined, 3), 'value')
  const scoped = (scopes: object, of?: Kinds['Deployment']) =>
    lacks({ hard: { pods: '0' }, ...scopes }, undefined, 1, of)
  t.equal(scoped({ scopes: ['NotTerminating', 'NotBestEffort'] }), 'pods 1')
  for (const scope of ['Terminating', 'BestEffort', 'PriorityClass'])
    t.equal(scoped({ scopes: [scope] }), undefined, scope)
  t.equal(scoped({ scopes: ['CrossNamespacePodAffinity'] }), undefined, 'no affinity at all')
  const high = {
    scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
  }
  t.equal(scoped(high, deployment(undefined, { priorityClassName: 'high' })), 'pods 1')
  t.equal(scoped(high, deployment(undefined, { priorityClassName: 'low' })), undefined)
})

t.test('never throws, whatever stands there', async () => {
  const inventory = buildInventory([], { complete: true })
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      // Hostile on purpose: the types promise nothing at run time.
      const deployment = {
        spec: { strategy: a, template: { spec: { containers: [b] } } },
        status: a,
      } as Kinds['Deployment']
      rolloutStep(deployment, 3)
      neverMoves(deployment)
      for (const spec of [a, { hard: a }, { hard: { pods: a, 'limits.cpu': b }, scopes: b, scopeSelector: a }])
        quotaShortage({ spec, status: b } as Kinds['ResourceQuota'], deployment, 3, 'default', inventory)
    }),
  )
})
