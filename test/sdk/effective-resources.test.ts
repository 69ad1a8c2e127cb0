import fc from 'fast-check'
import t from 'tap'
import { containersRequest, effectiveResources, podRequest } from '../../src/sdk/effective-resources.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { ambiguousDefaults, assumedDefaults, containerDefaults, greatestDefaults } from '../../src/sdk/limit-ranges.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { bytes, formatQuantity, parseQuantity } from '../../src/sdk/quantities.ts'
import { valueOf, type ResourceValues } from '../../src/sdk/resource-values.ts'

type Range = Kinds['LimitRange']
type Amounts = { readonly [resource: string]: unknown }

const resolved = (spec: object, ranges?: readonly Range[]) => {
  const view = podSpecOf('Pod', { spec })
  if (!view) throw new Error('no pod spec')
  return effectiveResources(view, ranges && containerDefaults(ranges))
}
const rangeOf = (...limits: object[]): Range => ({ kind: 'LimitRange', spec: { limits: limits } })
const shown = (values: ResourceValues, resource: string): string | undefined => {
  const value = valueOf(values, resource)
  if (!value) return undefined
  return `${value.quantity === unknown ? '?' : formatQuantity(value.quantity)} ${value.origin}`
}

t.test('requests come from limits, then from LimitRanges', async (t) => {
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '1', memory: '1Gi' } }
  const [web] = resolved({ containers: [{ resources }] }).containers
  t.equal(web && shown(web.requests, 'cpu'), '100m explicit')
  t.equal(web && shown(web.requests, 'memory'), '1Gi limit')

  const maxOnly = rangeOf({ type: 'Container', max: { memory: '2Gi' }, min: { cpu: '50m' } })
  const [none] = resolved({ containers: [{}] }, [maxOnly]).containers
  t.equal(none && shown(none.limits, 'memory'), '2Gi limitRange', 'default ← max')
  t.equal(none && shown(none.requests, 'memory'), '2Gi limitRange', 'defaultRequest ← default')
  t.equal(none && shown(none.requests, 'cpu'), '50m limitRange', 'defaultRequest ← min')
  t.equal(none && shown(none.limits, 'cpu'), undefined)

  const ofPods = rangeOf({ type: 'Pod', max: { memory: '2Gi' } }, null as never, { type: 'Container', default: 'x' })
  const [pods] = resolved({ containers: [{}] }, [ofPods]).containers
  t.equal(pods && shown(pods.limits, 'memory'), '? limitRange', 'a list that is none may hold anything')
})

t.test('several LimitRanges: the least, and that they disagree', async (t) => {
  const ranges = [
    rangeOf({ type: 'Container', default: { memory: '2Gi', cpu: '1' } }),
    rangeOf({ type: 'Container', default: { memory: '1Gi', cpu: '1000m' }, defaultRequest: { memory: '1Gi' } }),
  ]
  const { limits } = containerDefaults(ranges)
  t.equal(shown(limits, 'memory'), '1Gi limitRange')
  t.equal(shown(greatestDefaults(ranges).limits, 'memory'), '2Gi limitRange')
  const [one = rangeOf(), ...others] = ranges
  const disputed = ambiguousDefaults(one, ranges).map(({ field, resource }) => `${field} ${resource}`)
  t.strictSame(disputed, ['limits memory', 'requests memory'], 'of cpu both give the same amount')
  t.strictSame(ambiguousDefaults(one, others), [])
  const uncertain = containerDefaults(ranges, (range) => range === ranges[0])
  t.equal(shown(uncertain.limits, 'memory'), '? limitRange')
  t.equal(shown(assumedDefaults.requests, 'cpu'), '? assumed')
})

t.test('what cannot be read is unknown, not missing', async (t) => {
  const read = (resources: unknown) => resolved({ containers: [{ resources }] }).containers[0]
  for (const resources of ['${RESOURCES}', [], 1, { requests: [], limits: '${LIMITS}' }]) {
    const container = read(resources)
    t.match(container && shown(container.requests, 'cpu'), /^\?/, JSON.stringify(resources))
  }
  const variable = read({ limits: { cpu: '${CPU}', memory: '1GB' } })
  t.equal(variable && shown(variable.requests, 'cpu'), '? limit')
  t.equal(variable && shown(variable.limits, 'memory'), '? explicit')
  t.equal(variable && shown(variable.limits, 'nvidia.com/gpu'), undefined)
  for (const resources of [null, undefined, {}, { requests: null }]) {
    const container = read(resources)
    t.equal(container && shown(container.requests, 'cpu'), undefined)
  }
  const named = read({ requests: JSON.parse('{"__proto__": "1", "constructor": "2"}') as unknown })
  t.equal(named && shown(named.requests, '__proto__'), '1 explicit')
  t.equal(named && shown(named.requests, 'toString'), undefined)
})

t.test('pod-level requests follow the containers, then the pod-level limits', async (t) => {
  const containers = [{ resources: { requests: { cpu: '100m' } } }, { resources: { requests: { cpu: '200m' } } }]
  const { pod } = resolved({ resources: { limits: { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '4Mi' } }, containers })
  t.equal(shown(pod.requests, 'cpu'), '300m containers')
  t.equal(shown(pod.requests, 'memory'), '1Gi limit')
  t.equal(shown(pod.requests, 'hugepages-2Mi'), '4Mi limit')
  const requestsOnly = resolved({ resources: { requests: { memory: '1Gi' } }, containers })
  t.equal(shown(requestsOnly.pod.requests, 'cpu'), undefined, 'only where pod-level limits are set')
  t.strictSame(podRequest(requestsOnly, 'cpu'), containersRequest(requestsOnly.containers, 'cpu'))
  const windows = resolved({ os: { name: 'windows' }, resources: { limits: { cpu: '1' } }, containers })
  t.equal(shown(windows.pod.limits, 'cpu'), undefined)
})

t.test('the pod counts as the scheduler counts it', async (t) => {
  const asks = (memory: string, rest: object = {}) => ({ ...rest, resources: { requests: { memory } } })
  const always = { restartPolicy: 'Always' }
  const total = (spec: object) => {
    const quantity = podRequest(resolved(spec), 'memory')
    return quantity === undefined || quantity === unknown ? quantity : formatQuantity(quantity)
  }
  t.equal(total({ containers: [asks('1Gi'), asks('1Gi')], initContainers: [asks('1Gi')] }), '2Gi')
  t.equal(total({ containers: [asks('1Gi')], initContainers: [asks('3Gi')] }), '3Gi')
  t.equal(total({ containers: [asks('1Gi')], initContainers: [asks('1Gi', always), asks('3Gi')] }), '4Gi')
  t.equal(total({ containers: [asks('1Gi')], initContainers: [asks('3Gi'), asks('1Gi', always)] }), '3Gi')
  t.equal(total({ containers: [asks('1Gi')], overhead: { memory: '64Mi' } }), '1088Mi')
  t.equal(
    total({ containers: [asks('1Gi')], resources: { requests: { memory: '4Gi' } }, overhead: { memory: '1Gi' } }),
    '5Gi',
  )
  t.equal(total({ containers: [asks('1Gi'), asks('${M}')] }), unknown)
  t.equal(total({ containers: [{}], ephemeralContainers: [asks('1Gi')] }), undefined)
})

// The oracle says the same in the order of the API server's own steps, on plain maps that it changes as it goes.
const lists = fc.dictionary(fc.constantFrom('cpu', 'memory', 'ephemeral-storage'), fc.nat({ max: 9 }), { maxKeys: 3 })
const item = fc.record(
  {
    type: fc.constantFrom('Container', 'Container', 'Pod'),
    default: lists,
    defaultRequest: lists,
    max: lists,
    min: lists,
  },
  { requiredKeys: ['type'] },
)
type Item = { type: string; default?: Amounts; defaultRequest?: Amounts; max?: Amounts; min?: Amounts }

t.test('LimitRanger, step by step', async () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 3 }), lists, lists, (items, requests, limits) => {
      const defaultRequests: Record<string, unknown> = {}
      const defaultLimits: Record<string, unknown> = {}
      for (const item of items as readonly Item[]) {
        if (item.type !== 'Container') continue
        const limit: Record<string, unknown> = { ...item.max, ...item.default }
        Object.assign(defaultLimits, limit)
        Object.assign(defaultRequests, { ...item.min, ...limit, ...item.defaultRequest })
      }
      const expectedLimits: Amounts = { ...defaultLimits, ...limits }
      const expectedRequests: Amounts = { ...defaultRequests, ...limits, ...requests }
      const [container] = resolved({ containers: [{ resources: { requests, limits } }] }, [
        rangeOf(...items),
      ]).containers
      return ['cpu', 'memory', 'ephemeral-storage'].every((resource) =>
        (
          [
            [container?.requests, expectedRequests[resource]],
            [container?.limits, expectedLimits[resource]],
          ] as const
        ).every(([values, expected]) => {
          const value = values && valueOf(values, resource)
          if (expected === undefined) return value === undefined
          return value?.quantity !== unknown && value?.quantity.nano === parseQuantity(expected)?.nano
        }),
      )
    }),
    { numRuns: 1000 },
  )
})

t.test('the sum of containers, by the formula of KEP-753', async () => {
  const container = fc.record({ request: fc.option(fc.nat(50)), sidecar: fc.boolean() })
  fc.assert(
    fc.property(fc.array(container, { maxLength: 4 }), fc.array(container, { maxLength: 5 }), (main, init) => {
      const spec = {
        containers: main.map(({ request }) => ({ resources: { requests: request === null ? {} : { cpu: request } } })),
        initContainers: init.map(({ request, sidecar }) => ({
          ...(sidecar ? { restartPolicy: 'Always' } : {}),
          resources: { requests: request === null ? {} : { cpu: request } },
        })),
      }
      const of = (list: typeof main) => list.reduce((sum, { request }) => sum + (request ?? 0), 0)
      const sidecars = (list: typeof init) => of(list.filter(({ sidecar }) => sidecar))
      const starting = init.map((it, i) => sidecars(init.slice(0, i)) + (it.request ?? 0))
      const expected = Math.max(of(main) + sidecars(init), ...starting)
      const found = podRequest(resolved(spec), 'cpu')
      return found === undefined ? expected === 0 : found !== unknown && bytes(found) === BigInt(expected)
    }),
    { numRuns: 1000 },
  )
})

t.test('arbitrary JSON never throws, and judging twice changes nothing', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (resources, limits, podLevel) => {
      const spec = { resources: podLevel, overhead: limits, containers: [{ resources }, { resources: { limits } }] }
      const before = JSON.stringify(spec)
      podRequest(resolved(spec, [{ kind: 'LimitRange', spec: { limits: limits as never } }]), 'memory')
      return JSON.stringify(spec) === before
    }),
  )
})
