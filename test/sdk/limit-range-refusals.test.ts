import fc from 'fast-check'
import t from 'tap'
import type { LimitRangeItem, Pod } from '../support/limit-ranger.ts'
import { refusedBy } from '../support/limit-ranger.ts'
import { refusals } from '../../src/sdk/limit-range-refusals.ts'
import type { Kinds } from '../../src/sdk/objects.ts'

const amount = fc.constantFrom(0, 1, 2, 3, 4, 6, 8)
const amounts = fc.dictionary(fc.constantFrom('cpu', 'memory'), amount, { maxKeys: 2 })
const resources = fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] })
const container = fc.record({ resources }, { requiredKeys: [] })
const sidecarOrInit = fc.record({ resources, restartPolicy: fc.constant('Always') }, { requiredKeys: [] })
const pod = (whole: fc.Arbitrary<Pod['resources']>): fc.Arbitrary<Pod> =>
  fc.record({
    containers: fc.array(container, { minLength: 1, maxLength: 2 }),
    initContainers: fc.array(sidecarOrInit, { maxLength: 2 }),
    resources: whole,
  })
const bounds = { min: amounts, max: amounts, maxLimitRequestRatio: amounts }
const item = fc.oneof(
  fc.record(
    { type: fc.constant('Container'), default: amounts, defaultRequest: amounts, ...bounds },
    { requiredKeys: ['type'] },
  ),
  fc.record({ type: fc.constant('Pod'), ...bounds }, { requiredKeys: ['type'] }),
) as fc.Arbitrary<LimitRangeItem>
const range = fc.array(item, { minLength: 1, maxLength: 2 })

/** Whether the rule is sure that the pod is refused. */
function told(pod: Pod, ranges: readonly (readonly LimitRangeItem[])[]): boolean {
  const object = { spec: asText(pod) }
  const objects = ranges.map((limits, index): Kinds['LimitRange'] => ({
    metadata: { name: `range-${index}` },
    spec: asText({ limits }),
  }))
  const found = [...refusals('Pod', object, objects, () => false)]
  if (found.some((each) => 'unresolved' in each)) throw new Error('all is known')
  return found.length > 0
}

// Quantities of the API are text; the oracle counts in whole numbers.
function asText(value: unknown): object {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'number' ? String(each) : each,
  ) as object
}

t.test('one LimitRange: refused is what LimitRanger and validation refuse, and nothing else', async (t) => {
  let refused = 0
  const property = () =>
    fc.assert(
      fc.property(pod(fc.constant(undefined)), range, (pod, limits) => {
        fc.pre(!refusedBy(pod, []).refused)
        const expected = refusedBy(pod, [limits])
        if (expected.refused) refused++
        if (told(pod, [limits]) !== expected.refused) throw new Error(expected.because.join('; ') || 'it passes')
      }),
      { numRuns: 2000 },
    )
  t.doesNotThrow(property)
  t.ok(refused > 300, `${refused} of them are refused`)
})

t.test('what the pod has as a whole, filled in before or after its containers', async (t) => {
  const whole = fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] })
  let refused = 0
  const property = () =>
    fc.assert(
      fc.property(pod(whole), range, (pod, limits) => {
        fc.pre(!refusedBy(pod, []).refused && !refusedBy(pod, [], 'before').refused)
        const both = [refusedBy(pod, [limits]), refusedBy(pod, [limits], 'before')]
        const sure = told(pod, [limits])
        if (sure) refused++
        if (sure && both.some((each) => !each.refused)) throw new Error('it may pass')
        // Where nothing of the whole is filled in there is but one answer.
        const complete = ['cpu', 'memory'].every((key) => key in (pod.resources?.requests ?? {}))
        if (complete && both.every((each) => each.refused) && !sure) throw new Error(both[0]?.because.join('; '))
      }),
      { numRuns: 2000 },
    )
  t.doesNotThrow(property)
  t.ok(refused > 300, `${refused} of them are refused`)
})

t.test('several LimitRanges: only what is refused in every order', async (t) => {
  const property = () =>
    fc.assert(
      fc.property(pod(fc.constant(undefined)), range, range, (pod, one, other) => {
        fc.pre(!refusedBy(pod, []).refused)
        if (!told(pod, [one, other])) return
        for (const order of [
          [one, other],
          [other, one],
        ])
          if (!refusedBy(pod, order).refused) throw new Error('it may pass')
      }),
      { numRuns: 2000 },
    )
  t.doesNotThrow(property)
})

t.test('arbitrary JSON throws nowhere, and what is too much to compare is not known', async (t) => {
  const json = fc.jsonValue()
  const property = () =>
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          fc.record({ containers: fc.array(fc.oneof(json, fc.record({ resources: json }))), resources: json }),
        ),
        fc.oneof(
          json,
          fc.array(
            fc.oneof(
              json,
              fc.record({ type: fc.constantFrom('Container', 'Pod'), min: json, max: json, default: json }),
            ),
          ),
        ),
        (spec, limits) => {
          const range = { spec: { limits } } as Kinds['LimitRange']
          for (const each of refusals('Pod', { spec }, [range], () => false)) JSON.stringify(each)
        },
      ),
    )
  t.doesNotThrow(property)
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`example.com/r${index}`, '1']))
  const containers = Array.from({ length: 10_000 }, (_, index) => ({ name: `c${index}` }))
  const limits = [{ type: 'Container', max: many, min: many }]
  const found = [...refusals('Pod', { spec: { containers } }, [{ spec: { limits } }], () => false)]
  t.strictSame(found, [{ unresolved: 'LimitRange' }])
})
