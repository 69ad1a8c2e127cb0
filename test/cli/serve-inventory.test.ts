import t, { type Test } from 'tap'
import { policies } from '../../policies/index.ts'
import type { ServeOptions } from '../../src/cli/serve-options.ts'
import { startInventory } from '../../src/cli/serve-inventory.ts'
import { watchedKinds } from '../../src/engine/watched-kinds.ts'
import { collectionPath } from '../../src/kube/list.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import type { Log, LogFields } from '../../src/server/log.ts'
import { FakeApiServer } from '../kube/fake-api-server.ts'

const kinds = watchedKinds(policies)
const nodes = '/api/v1/nodes'

async function start(t: Test, prepare: (server: FakeApiServer) => void, more: Partial<ServeOptions> = {}) {
  const server = new FakeApiServer()
  await server.start(Object.fromEntries(kinds.map((info) => [collectionPath(info), info.kind])))
  t.teardown(() => server.stop())
  prepare(server)
  const lines: string[] = []
  const write = (level: string) => (fields: LogFields, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const log: Log = {
    isLevelEnabled: () => true,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  const identity = { namespace: 'day2', pod: 'day2-0', node: 'n1', zone: 'unknown' }
  const options: ServeOptions = {
    port: 0,
    probePort: 0,
    host: undefined,
    certDir: undefined,
    settings: undefined,
    kubeconfig: server.kubeconfig(t.testdir()),
    inventory: true,
    syncSeconds: 600,
    drainSeconds: 0,
    logLevel: undefined,
    ...more,
  }
  const inventory = await startInventory(options, identity, log)
  t.teardown(() => inventory.stop())
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve))
  }
  return { server, inventory, lines, identity, until }
}

t.test('ready once every kind is known; the zone is that of our Node', async (t) => {
  const labels = { 'topology.kubernetes.io/zone': 'zone-1' }
  const { inventory, lines, identity, until } = await start(t, (server) => {
    server.put(nodes, { metadata: { name: 'n1', labels } })
    server.put(nodes, { metadata: { name: 'n2' } })
  })
  t.match(inventory.check(), /^not synced yet: .*nodes/)
  await until(() => inventory.check() === undefined)
  t.equal(inventory.status().length, kinds.length)
  t.match(
    inventory.status().find(({ resource }) => resource === 'nodes'),
    { objects: 2, ageSeconds: Number },
  )
  t.equal(identity.zone, 'zone-1')
  t.ok(lines.includes('info inventory synced {"resource":"nodes","objects":2}'))
  t.strictSame(
    lines.filter((line) => line.startsWith('warn')),
    [],
  )
})

t.test('a right that is missing is named, not waited for, and costs that kind only', async (t) => {
  const { inventory, lines, until } = await start(t, (server) => void server.forbidden.add('watch nodes'))
  await until(() => inventory.check() === undefined)
  t.equal(inventory.source.list('Node'), unknown)
  t.strictSame(inventory.source.list('Namespace'), [])
  const warnings = lines.filter((line) => line.startsWith('warn'))
  t.match(
    warnings[0],
    /^warn inventory cannot follow; trying again .*D2_KUBE_FORBIDDEN.*the verb \\"watch\\" on \\"nodes\\"/,
  )
  t.equal(warnings[1], 'warn serving without these: rules that need them stay unresolved {"resources":["nodes"]}')
  t.match(warnings[2], /^warn the zone of this Pod is not known/)
})

t.test('a cluster that does not answer is waited for up to the limit', async (t) => {
  const limited = await start(
    t,
    (server) => {
      for (let i = 0; i < 500; i++) server.faults.push({ hangUp: 'at once' })
    },
    {
      syncSeconds: 0,
    },
  )
  await limited.until(() => limited.inventory.check() === undefined)
  t.equal(limited.inventory.source.list('Node'), unknown)
  t.match(limited.lines.join('\n'), /warn serving without these: .*"nodes"/)
})

t.test('without an inventory nothing is known, and it is said', async (t) => {
  const { inventory, lines } = await start(t, () => {}, { inventory: false })
  t.equal(inventory.check(), undefined)
  t.equal(inventory.source.list('Node'), unknown)
  t.match(lines[0], 'warn no inventory')
})

t.test('no cluster at all is wrong usage', async (t) => {
  await t.rejects(
    start(t, () => {}, { kubeconfig: '/nowhere/kubeconfig' }),
    { code: 'D2_KUBE_CONFIG' },
  )
})
