import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { watchedKinds } from '../../src/engine/watched-kinds.ts'
import { collectionPath } from '../../src/kube/list.ts'
import { FakeApiServer } from '../kube/fake-api-server.ts'
import { day2 } from '../support/day2.ts'
import { leaf } from '../support/webhook.ts'

t.test('what cannot start ends at once, although a cluster is followed already', async (t) => {
  const dir = t.testdir({ 'tls.crt': leaf.certificate, 'tls.key': leaf.key })
  const cluster = new FakeApiServer()
  await cluster.start(Object.fromEntries(watchedKinds(policies).map((info) => [collectionPath(info), info.kind])))
  t.teardown(() => cluster.stop())
  const occupied = createServer().listen(0, '127.0.0.1')
  await once(occupied, 'listening')
  t.teardown(() => occupied.close())
  const used = String((occupied.address() as AddressInfo).port)
  const start = (options: Record<string, string>) => {
    const all = { host: '127.0.0.1', port: '0', 'probe-port': '0', 'cert-dir': dir, ...options }
    const args = Object.entries(all).map(([name, value]) => `--${name}=${value}`)
    return day2('serve', `--kubeconfig=${cluster.kubeconfig(dir)}`, ...args)
  }
  const inUse = { code: 2, stderr: /^day2: port \d+ is in use [^\n]*\(D2_PORT_IN_USE\)\n$/ }
  t.match(await start({ port: used }), inUse)
  t.match(await start({ 'probe-port': used }), inUse)
  t.match(await start({ host: 'fe80::1' }), { code: 2, stderr: /^day2: fe80::1 is no address of this machine/ })
})
