import fc from 'fast-check'
import t from 'tap'
import { startLiveInventory, type Follow } from '../../src/inventory/live.ts'
import { trim } from '../../src/inventory/trim.ts'
import { connect } from '../../src/kube/connect.ts'
import { follow } from '../../src/kube/follow.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'
import { FakeApiServer, type Fault } from '../kube/fake-api-server.ts'

const path = '/apis/apps/v1/deployments'
const server = new FakeApiServer()
await server.start({ [path]: 'Deployment' })
const connection = await connect({ kubeconfig: server.kubeconfig(t.testdir()) })
t.teardown(async () => {
  connection.close()
  await server.stop()
})

const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

type Step =
  | { readonly put: string }
  | { readonly delete: string }
  | { readonly fault: Fault }
  | { readonly ticks: number }
  | { readonly pieces: number }
  | 'compact'
  | 'end watches'
  | 'break watches'
  | 'restart'
  | 'bookmark'

const name = fc.constantFrom('web', 'api', 'db', '__proto__', 'grün')
const when = fc.constantFrom('list' as const, 'watch' as const, 'any' as const)
const fault = fc.oneof(
  fc.record({ when, status: fc.constantFrom(429, 500, 503, 410, 403, 401) }),
  // A group that is not found either says that the kind is not served: the shelf would be empty by right.
  fc.record({ when: fc.constantFrom('list' as const, 'watch' as const), status: fc.constant(404) }),
  fc.record({ when, hangUp: fc.constantFrom('at once' as const, 'mid-line' as const) }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: name }) },
  { weight: 3, arbitrary: fc.record({ delete: name }) },
  { weight: 3, arbitrary: fc.record({ ticks: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ fault }) },
  { weight: 1, arbitrary: fc.record({ pieces: fc.integer({ min: 1, max: 50 }) }) },
  { weight: 4, arbitrary: fc.constantFrom('compact', 'end watches', 'break watches', 'bookmark') },
  { weight: 1, arbitrary: fc.constant('restart') },
)

async function take(step: Step, count: number): Promise<void> {
  if (step === 'compact') server.compact()
  else if (step === 'end watches') server.endWatches()
  else if (step === 'break watches') server.endWatches('mid-line')
  else if (step === 'bookmark') server.bookmark()
  else if (step === 'restart') await server.stop().then(() => server.start({}))
  else if ('put' in step) server.put(path, { metadata: { name: step.put, namespace: 'shop' }, spec: { count } })
  else if ('delete' in step) server.delete(path, 'shop', step.delete)
  else if ('fault' in step) server.faults.push(step.fault)
  else if ('pieces' in step) server.pieces = step.pieces
  else for (let i = 0; i < step.ticks; i++) await tick()
}

t.test(
  'whatever happens on the way, the inventory ends up with the truth, and never shows an empty shelf',
  async (t) => {
    let run = 0
    const anchor = { metadata: { name: 'anchor', namespace: 'always' } }
    server.put(path, anchor)
    const infos = [...kinds.values()].filter(({ kind }) => kind === 'Deployment')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), async (steps, limit) => {
        const following: Follow = (info, signal) =>
          follow(connection, info, {
            signal,
            now: () => run,
            random: () => 0.5,
            sleep: async (_, signal) => {
              await tick()
              signal.throwIfAborted()
            },
            keep: trim,
            limit,
          })
        const live = startLiveInventory(following, infos, {
          now: () => run,
          maxStalenessSeconds: 60,
          admittedSeconds: 10,
          onEvent: () => {},
        })
        const { inventory } = live
        const holds = (): boolean => {
          const list = inventory.list('Deployment', 'always')
          return typeof list === 'symbol' || list.some(({ metadata }) => metadata?.name === 'anchor')
        }
        try {
          for (const [count, step] of steps.entries()) {
            await take(step, count)
            t.ok(holds(), 'the anchor was there all the time')
          }
          server.faults.length = 0
          const marker = `marker-${++run}`
          server.put(path, { metadata: { name: marker, namespace: 'markers' } })
          for (;;) {
            const seen = inventory.get('Deployment', 'markers', marker)
            if (typeof seen === 'object') break
            if (!holds()) t.fail('the anchor was gone')
            await tick()
          }
          t.strictSame(sorted(inventory.list('Deployment')), sorted(server.truth(path)))
        } finally {
          await live.stop()
        }
      }),
      { numRuns: 25 },
    )
  },
)

function sorted(objects: unknown): unknown[] {
  if (!Array.isArray(objects)) return [objects]
  // Both sides hold objects as the API server stores them; lists add apiVersion and kind.
  return (objects as readonly AnyObject[]).map(({ apiVersion: _, kind: __, ...rest }) => JSON.stringify(rest)).sort()
}
