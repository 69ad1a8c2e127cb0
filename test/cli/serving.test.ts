import { once } from 'node:events'
import { connect } from 'node:tls'
import t from 'tap'
import { factsOf, readChain } from '../../certs/inspect.ts'
import { issueLeaf } from '../../certs/leaf.ts'
import { startServing } from '../../src/cli/serving.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { noInventory } from '../../src/inventory/none.ts'
import { createLog } from '../../src/server/log.ts'
import { weakLeaf } from '../support/weak-leaf.ts'
import { authority, leaf } from '../support/webhook.ts'

t.test('metrics and readiness tell of the certificate that is served, not of one that TLS refused', async (t) => {
  const log = createLog({ namespace: '-', pod: '-', node: '-', zone: '-' }, 'error', { write: () => {} })
  const engine = createEngine([], defaultSettings)
  const serving = await startServing({
    host: '127.0.0.1',
    port: 0,
    probePort: 0,
    log,
    engine: () => engine,
    inventory: () => noInventory,
    inventoryStatus: () => [],
    checks: new Map(),
    certificate: { cert: leaf.certificate, key: leaf.key, notAfter: factsOfFirst(leaf.certificate).notAfter },
    drain: { seconds: 0, closeSeconds: 1 },
  })
  t.teardown(() => serving.stop())
  const state = async () => {
    const socket = connect({ port: serving.port, host: '127.0.0.1', ca: authority.certificate })
    await once(socket, 'secureConnect')
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    const probe = `http://127.0.0.1:${serving.probePort}`
    const ready = (await fetch(`${probe}/readyz`)).status
    const metrics = await (await fetch(`${probe}/metrics`)).text()
    const expired = /^day2_certificate_expiry_seconds\{role="serving"\} -/m.test(metrics)
    return { fingerprint256, ready, expired }
  }
  const first = { fingerprint256: factsOfFirst(leaf.certificate).fingerprint, ready: 200, expired: false }
  t.strictSame(await state(), first)

  const weak = weakLeaf(authority)
  t.throws(() => serving.useCertificate({ cert: weak.certificate, key: weak.key, notAfter: new Date(0) }))
  t.strictSame(await state(), first)

  const fresh = await issueLeaf(authority, { names: ['localhost'], ips: ['127.0.0.1'], now: new Date(), days: 1 })
  const { fingerprint } = factsOfFirst(fresh.certificate)
  serving.useCertificate({ cert: fresh.certificate, key: fresh.key, notAfter: new Date(0) })
  t.strictSame(await state(), { fingerprint256: fingerprint, ready: 503, expired: true })
})

function factsOfFirst(pem: string) {
  const [first] = readChain(pem)
  if (!first) throw new Error('no certificate')
  return factsOf(first)
}
